import type { Loss, LossCode } from './losses.ts'
import type { RefusalCode } from './refusal.ts'

/**
 * What a conversion takes down on its way: losses, and reasons to refuse.
 *
 * A refusal does not stop the conversion. Nothing deep inside has to return early or throw; whoever started it asks at the
 * end, and drops the result when something was refused. The first reason decides.
 */
export interface Notes {
  /** Takes down a loss. Losses of one code with one detail are counted. */
  loss(code: LossCode, path: string, detail?: string): void
  refuse(code: RefusalCode, path: string, message: string): void
  losses(): readonly Loss[]
  /** The first reason, if there was one. */
  refused(): { readonly code: RefusalCode; readonly path: string; readonly message: string } | undefined
}

/** Starts empty notes. */
export function createNotes(): Notes {
  const losses = new Map<string, Loss>()
  let first: ReturnType<Notes['refused']>
  return {
    loss(code, path, detail) {
      const key = detail === undefined ? code : `${code} ${detail}`
      const known = losses.get(key)
      if (known !== undefined) losses.set(key, { ...known, count: known.count + 1 })
      else losses.set(key, { code, path, ...(detail === undefined ? {} : { detail }), count: 1 })
    },
    refuse(code, path, message) {
      first ??= { code, path, message }
    },
    losses: () => [...losses.values()],
    refused: () => first,
  }
}

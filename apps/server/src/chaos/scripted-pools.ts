import { Dispatcher } from 'undici'
import type { Pools } from '../upstream/pools.ts'

/** What an upstream does with a request, in order. What stands side by side without a `read` arrives in one read. */
export type Act =
  | { readonly act: 'head'; readonly status: number; readonly headers: Readonly<Record<string, string>> }
  | { readonly act: 'bytes'; readonly bytes: Buffer }
  /** What follows comes in another read. */
  | { readonly act: 'read' }
  | { readonly act: 'end' }
  | { readonly act: 'error'; readonly code: string }
  /** The same bytes every second, for as long as somebody listens. */
  | { readonly act: 'every-second'; readonly bytes: Buffer }

/** Connections without a network: upstreams that play acts. */
export interface ScriptedPools extends Pools {
  /** How often each origin was asked. */
  readonly calls: Map<string, number>
}

/** @param acts what an origin does when it is asked. */
export function scriptedPools(acts: (origin: string) => readonly Act[]): ScriptedPools {
  const calls = new Map<string, number>()
  return {
    calls,
    get({ origin }) {
      calls.set(origin, (calls.get(origin) ?? 0) + 1)
      return new ScriptedDispatcher(acts(origin))
    },
    keep() {},
    close: () => Promise.resolve(),
  }
}

class ScriptedDispatcher extends Dispatcher {
  readonly #acts: readonly Act[]

  constructor(acts: readonly Act[]) {
    super()
    this.#acts = acts
  }

  override dispatch(_options: Dispatcher.DispatchOptions, handler: Dispatcher.DispatchHandler): boolean {
    let isAborted = false
    let timer: NodeJS.Timeout | undefined
    handler.onConnect?.(() => {
      isAborted = true
      clearInterval(timer)
    })
    const play = (from: number): void => {
      for (let index = from; index < this.#acts.length && !isAborted; index += 1) {
        const act = this.#acts[index] as Act
        switch (act.act) {
          case 'head':
            handler.onHeaders?.(act.status, Object.entries(act.headers).flat().map(Buffer.from), () => {}, '')
            break
          case 'bytes':
            handler.onData?.(act.bytes)
            break
          case 'read':
            process.nextTick(play, index + 1)
            return
          case 'end':
            handler.onComplete?.([])
            return
          case 'error':
            handler.onError?.(Object.assign(new Error(act.code), { code: act.code }))
            return
          case 'every-second':
            timer = setInterval(() => void (isAborted || handler.onData?.(act.bytes)), 1000)
        }
      }
    }
    process.nextTick(play, 0)
    return true
  }
}

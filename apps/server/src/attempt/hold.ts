import type { ClientView } from '../egress/client-view.ts'

/**
 * What an attempt has for the client: held back until the attempt loop commits to it, passed straight on from then. Another
 * attempt may still take over as long as nothing but an opening has been released.
 */
export interface Hold {
  opening(bytes: Uint8Array): void
  body(bytes: Uint8Array): void
  /** Shows the opening, and nothing else yet. */
  releaseOpening(): void
  /** Shows everything, now and later. `drop`: without the opening, since the client has one, from here or another attempt. */
  commit(opening: 'send' | 'drop'): void
  /** Whether the client is slow, so that no more should be read. */
  isBlocked(): boolean
  unblock(): void
}

/**
 * @param headers the answer's headers; asked for when the first byte goes out.
 * @param replaceOpening tells the reader that the client has another attempt's opening.
 */
export function createHold(view: ClientView, headers: () => string[], replaceOpening: () => void): Hold {
  let opening: Uint8Array | undefined
  let held: Uint8Array[] = []
  let isOwnOpening = false
  let committed = false
  let blocked = false

  const show = (bytes: Uint8Array): void => {
    if (!view.events(headers, bytes)) blocked = true
  }
  return {
    opening(bytes) {
      if (committed) show(bytes)
      else opening = bytes
    },
    body(bytes) {
      if (committed) show(bytes)
      else held.push(bytes)
    },
    releaseOpening() {
      if (opening !== undefined) show(opening)
      isOwnOpening = opening !== undefined
      opening = undefined
    },
    commit(what) {
      committed = true
      if (what === 'drop' && !isOwnOpening) replaceOpening()
      const parts = what === 'send' && opening !== undefined ? [opening, ...held] : held
      opening = undefined
      held = []
      if (parts.length > 0) show(parts.length === 1 ? (parts[0] as Uint8Array) : Buffer.concat(parts))
    },
    isBlocked: () => blocked,
    unblock() {
      blocked = false
    },
  }
}

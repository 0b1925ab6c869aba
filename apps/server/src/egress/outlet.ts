import type { ServerResponse } from 'node:http'

/**
 * Where an answer goes: one head, then bytes, then an end. Whoever produces an answer writes to an outlet and does not
 * know whether one client reads it or many.
 */
export interface Outlet {
  /** Sends status and headers (name, value, name, value…). Once. */
  head(status: number, headers: string[]): void
  /** Sends bytes, for a stream whole events. `false`: whoever reads is slow; pause until told otherwise. */
  write(bytes: Uint8Array): boolean
  /** The answer ends, with `bytes` as its last. The transfer itself is complete either way. */
  end(ending: AnswerEnding, bytes?: Uint8Array): void
  /** Breaks the connection off, so that the client sees a cut and not an end. */
  abort(): void
}

/**
 * `whole`: the answer's proper end was seen, or nothing but its closing event was missing, which lb has supplied (`isMended`).
 * `failed`: it is an error, or ends in one.
 */
export type AnswerEnding =
  | { readonly kind: 'whole'; readonly stopReason: string | undefined; readonly isMended?: boolean }
  | { readonly kind: 'failed' }

/** What the producer of an answer wants to hear from the one who reads it. */
export interface OutletListener {
  /** A slow reader has caught up. */
  drained(): void
  /** The reader left before the end. Never called after `end` or `abort`. */
  gone(): void
}

/** A reader that takes nothing for this long holds memory and an upstream for nobody. */
const STALLED_READER_MS = 60_000

/** The outlet of one client's connection. */
export function clientOutlet(
  response: ServerResponse,
  listener: OutletListener,
  stalledReaderMs: number = STALLED_READER_MS,
): Outlet {
  let finished = false
  response.on('drain', () => {
    response.setTimeout(0)
    listener.drained()
  })
  response.on('timeout', () => response.destroy())
  const closed = (): void => {
    if (!finished) listener.gone()
    finished = true
  }
  response.on('close', closed)
  // It left before anybody listened, and `close` comes only once.
  if (response.destroyed) process.nextTick(closed)
  // A write to a connection that the client has just closed: `close` follows and says all.
  response.on('error', () => {})

  return {
    head: (status, headers) => void response.writeHead(status, headers),
    write(bytes) {
      if (finished || response.write(bytes)) return true
      response.setTimeout(stalledReaderMs)
      return false
    },
    end(_ending, bytes) {
      finished = true
      response.end(bytes)
      // What the client has not taken yet stands in this process, and nobody else will ask what becomes of it.
      if (response.writableLength > 0) response.setTimeout(stalledReaderMs)
    },
    abort() {
      finished = true
      response.destroy()
    },
  }
}

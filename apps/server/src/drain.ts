import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import type { TransientMap } from '@lb/protocol'
import type { Stoppable } from './state/house.ts'

/**
 * How a server stops.
 *
 *   serving ── close ──▶ draining: no listener, not ready, every connection ends with the answer that it carries
 *   draining ── the last connection ended ──▶ closed
 *            └─ the grace is over, or close is called with a shorter one ──▶ farewell: what still runs is told that lb stops
 *   farewell ── all said, or two seconds later ──▶ closed
 *
 * Nobody is cut: a client whose answer cannot be finished gets an error that says so, inside of its stream if that has begun.
 */
export interface Drain {
  isDraining(): boolean
  /**
   * Begins to stop, or hurries up when it has begun.
   *
   * @returns how many requests did not come to their own end, once everything is closed; the same for every call.
   */
  close(graceMs: number): Promise<number>
}

/** Time for the last words to reach clients that read slowly. */
const FAREWELL_MS = 2000
/** How often connections that have become idle are looked for: Node closes them only when asked. */
const IDLE_LOOK_MS = 50

/** @param running the requests that are being answered, kept up to date by others. */
export function createDrain(server: Server, running: Pick<TransientMap<string, Stoppable>, 'size' | 'values'>): Drain {
  let closed: Promise<number> | undefined
  let deadline: NodeJS.Timeout | undefined
  let stopped = 0

  function begin(): Promise<number> {
    return new Promise((resolve) => {
      const looks = setInterval(() => server.closeIdleConnections(), IDLE_LOOK_MS)
      server.prependListener('request', lastOfItsConnection)
      server.close(() => {
        clearInterval(looks)
        clearTimeout(deadline)
        stopAll()
        resolve(stopped)
      })
      server.closeIdleConnections()
    })
  }

  function stopAll(): void {
    stopped += running.size
    for (const run of [...running.values()]) run.stop()
  }

  function sayFarewell(): void {
    stopAll()
    deadline = setTimeout(() => server.closeAllConnections(), FAREWELL_MS)
  }

  return {
    isDraining: () => closed !== undefined,
    close(graceMs) {
      closed ??= begin()
      clearTimeout(deadline)
      deadline = setTimeout(sayFarewell, graceMs)
      return closed
    },
  }
}

/** Sends `connection: close`, so that the client does not send its next request to a process that will be gone. */
function lastOfItsConnection(_: IncomingMessage, response: ServerResponse): void {
  response.shouldKeepAlive = false
}

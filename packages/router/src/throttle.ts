/**
 * Client-side throttling: when most requests are refused anyway, some are refused here, at no cost to anybody.
 *
 * @see https://sre.google/sre-book/handling-overload/ (client-side throttling)
 */
export interface Throttle {
  /** Requests and those that an upstream accepted; both fade with the window. */
  readonly requests: number
  readonly accepts: number
  readonly atMs: number
}

/** Nothing seen. */
export const openThrottle: Throttle = { requests: 0, accepts: 0, atMs: 0 }

const WINDOW_MS = 120_000
/** Refusals begin when fewer than one in so many is accepted. */
const K = 2
/** A handful of failures is no overload: below this many requests in the window nothing is refused. */
const REQUESTS_MIN = 50

/** Counts one request, or one that was accepted. */
export function stepThrottle(throttle: Throttle, event: 'request' | 'accept', nowMs: number): Throttle {
  const fade = Math.exp(-Math.max(0, nowMs - throttle.atMs) / WINDOW_MS)
  const requests = throttle.requests * fade + (event === 'request' ? 1 : 0)
  const accepts = throttle.accepts * fade + (event === 'accept' ? 1 : 0)
  return { requests, accepts, atMs: nowMs }
}

/** The chance, in [0, 1), with which a request is to be refused when no candidate is available. */
export function refuseChance({ requests, accepts }: Throttle): number {
  return Math.max(0, (requests - REQUESTS_MIN - K * accepts) / (requests + 1))
}

/**
 * Client-side throttling: when the upstreams refuse most of what they are asked, some of those who would have to wait are
 * refused here, at no cost to anybody. Requests that nobody was asked for say nothing about the upstreams.
 *
 * @see https://sre.google/sre-book/handling-overload/ (client-side throttling)
 */
export interface Throttle {
  /** Requests that an upstream was asked for, and those that one accepted; both fade with the window. */
  readonly asked: number
  readonly accepts: number
  readonly atMs: number
}

/** Nothing seen. */
export const openThrottle: Throttle = { asked: 0, accepts: 0, atMs: 0 }

const WINDOW_MS = 120_000
/** Refusals begin when fewer than one in so many is accepted. */
const K = 2
/** A handful of failures is no overload: below this many in the window nothing is refused. */
const ASKED_MIN = 50

/** Counts a request's first attempt, or a request that was accepted. */
export function stepThrottle(throttle: Throttle, event: 'asked' | 'accept', nowMs: number): Throttle {
  const fade = Math.exp(-Math.max(0, nowMs - throttle.atMs) / WINDOW_MS)
  const asked = throttle.asked * fade + (event === 'asked' ? 1 : 0)
  const accepts = throttle.accepts * fade + (event === 'accept' ? 1 : 0)
  return { asked, accepts, atMs: nowMs }
}

/** The chance, in [0, 1), with which a request is to be refused when no candidate is available. */
export function refuseChance({ asked, accepts }: Throttle): number {
  return Math.max(0, (asked - ASKED_MIN - K * accepts) / (asked + 1))
}

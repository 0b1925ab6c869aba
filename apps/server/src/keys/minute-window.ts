/**
 * What happened in the last 60 seconds, exactly: no request counts a millisecond longer or shorter. (A counter that starts
 * anew every minute lets twice as much through around its border; a token bucket lets twice as much through in its first
 * minute.)
 *
 * Pure but for its own list; time comes in with every call and never goes back.
 */
export interface MinuteWindow {
  /** Something happened: one request, or so many tokens. */
  add(amount: number, nowMs: number): void
  /** How much happened in the last 60 seconds. */
  sum(nowMs: number): number
  /**
   * How long until no more than `most` is left of what has happened.
   *
   * @param most not negative.
   */
  waitMs(most: number, nowMs: number): number
}

/** The length of the window. */
export const MINUTE_MS = 60_000

export function createMinuteWindow(): MinuteWindow {
  const times: number[] = []
  const amounts: number[] = []
  let first = 0
  let total = 0

  function forget(nowMs: number): void {
    while (first < times.length && (times[first] as number) + MINUTE_MS <= nowMs) {
      total -= amounts[first] as number
      first += 1
    }
    // The list is cut when half of it is past, so that this costs nothing on average.
    if (first > 64 && first * 2 > times.length) {
      times.splice(0, first)
      amounts.splice(0, first)
      first = 0
    }
  }

  return {
    add(amount, nowMs) {
      forget(nowMs)
      total += amount
      times.push(nowMs)
      amounts.push(amount)
    },
    sum(nowMs) {
      forget(nowMs)
      return total
    },
    waitMs(most, nowMs) {
      forget(nowMs)
      let left = total
      let at = first
      while (left > most && at < times.length) {
        left -= amounts[at] as number
        at += 1
      }
      return at === first ? 0 : (times[at - 1] as number) + MINUTE_MS - nowMs
    },
  }
}

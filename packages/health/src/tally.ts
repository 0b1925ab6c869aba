/**
 * Successes and failures that fade: what happened τ ago weighs 1/e. One pair of numbers instead of a window of buckets,
 * and it needs no timer: it is brought up to date when it is read.
 */
export interface Tally {
  readonly successes: number
  /** The sum of weights, not the number of failures. */
  readonly failures: number
  readonly atMs: number
}

/** Nothing seen yet. */
export const emptyTally: Tally = { successes: 0, failures: 0, atMs: 0 }

/** `tally` as it stands at `nowMs`, plus what was just seen. */
export function tallied(
  tally: Tally,
  seen: { readonly successes: number; readonly failures: number },
  nowMs: number,
  decayMs: number,
): Tally {
  const fade = Math.exp(-Math.max(0, nowMs - tally.atMs) / decayMs)
  return {
    successes: tally.successes * fade + seen.successes,
    failures: tally.failures * fade + seen.failures,
    atMs: nowMs,
  }
}

/**
 * Failures of all results.
 *
 * @returns a number in [0, 1]; 0 while fewer than `minResults` were seen, because two of two says little.
 */
export function failureRatio(tally: Tally, minResults: number): number {
  const results = tally.successes + tally.failures
  return results < minResults || results === 0 ? 0 : tally.failures / results
}

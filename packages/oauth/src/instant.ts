/**
 * One instant, read on two clocks at once.
 *
 * Tokens outlive processes, so their age has to be known across restarts, and the wall clock alone cannot be trusted with
 * it: it is set back and forth by hand, by time servers, by virtual machines that wake up. So an instant also holds a
 * monotonic reading *and the name of the start it counts from* (for example the id of the machine's boot). Two readings with
 * the same name may be subtracted, whoever took them; only where the names differ does the wall clock have to do.
 */
export interface Instant {
  /** Monotonic milliseconds since the start that `clockId` names. */
  readonly nowMs: number
  /** Names the start. Never the same for two starts: a boot id, a random id of a process. */
  readonly clockId: string
  /** Wall clock, epoch milliseconds. */
  readonly epochMs: number
}

/**
 * How much time has passed since `then`, in milliseconds, never negative.
 *
 * A wall clock that was set back makes things look young, not old: a token that is believed too young costs one refused
 * request and a refresh, while one that is believed too old would cost a refresh of every account at once.
 */
export function ageMs(then: Instant, now: Instant): number {
  const sameStart = then.clockId === now.clockId && now.nowMs >= then.nowMs
  return sameStart ? now.nowMs - then.nowMs : Math.max(0, now.epochMs - then.epochMs)
}

/**
 * How much of a lifetime is left, in milliseconds: 0 when it is over, `null` when it never ends.
 *
 * @param lifetimeMs how long it lives, counted from `issued`; `null` when it does not end.
 */
export function remainingMs(issued: Instant, lifetimeMs: number | null, now: Instant): number | null {
  return lifetimeMs === null ? null : Math.max(0, lifetimeMs - ageMs(issued, now))
}

import type { Moment } from '@lb/protocol'

/** Where time enters lb. Two clocks, two names: monotonic for lengths and cooldowns, wall clock for dates. */
export interface Clock {
  /** Monotonic milliseconds since an arbitrary start. */
  nowMs(): number
  /** Wall clock, epoch milliseconds. */
  epochMs(): number
}

/** Where time and chance enter lb: the only file of the server, beside `random.ts`, that asks the machine for them. */
export const systemClock: Clock = {
  nowMs: () => performance.now(),
  epochMs: () => Date.now(),
}

/** A moment for a decision: the clock read once, one number drawn. */
export function momentOf(clock: Clock, roll: () => number): Moment {
  return { nowMs: clock.nowMs(), roll: roll() }
}

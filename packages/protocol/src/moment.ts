/**
 * The only door through which time and chance enter a pure package. The caller reads its clock and draws once per
 * decision; a decision that is replayed with the same moments comes out the same.
 */
export interface Moment {
  /** Monotonic milliseconds since an arbitrary start. Never wall clock: cooldowns must survive a clock that jumps. */
  readonly nowMs: number
  /** Uniform in [0, 1), drawn by the caller for this decision. */
  readonly roll: number
}

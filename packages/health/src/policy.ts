/** How health judges. All times in milliseconds. */
export interface HealthPolicy {
  /**
   * - `by-kind`: every failure as its row of the failure table says (default).
   * - `count-all`: the predecessor's rule: every failure of an upstream counts one against its provider, nothing else
   *   happens before the threshold, and dates that upstreams give are not looked at.
   */
  readonly judge: 'by-kind' | 'count-all'
  /** Weights of failures in a row that eject. Default 2: one error never ejects. */
  readonly threshold: number
  /** A fixed cooldown, or `null` (default) for one that grows: {@link cooldownBaseMs}·2^k with jitter. */
  readonly cooldownMs: number | null
  readonly cooldownBaseMs: number
  readonly cooldownMaxMs: number
  /** The cooldown grows at most this many times; each healthy {@link growthDecayMs} takes one step back. */
  readonly growthMax: number
  readonly growthDecayMs: number
  /** Whether a success clears the count. Default true. */
  readonly resetOnSuccess: boolean
  /** A count is forgotten after this long without a failure, and no ejection lasts longer. 0 disables. */
  readonly resetTimeoutMs: number
  /** How fast old results fade from the failure ratio (τ of the exponential). */
  readonly ratioDecayMs: number
  /** The ratio speaks only when it has seen this much. */
  readonly ratioMinResults: number
  /** Failures of all results that eject, in (0, 1]; more than 1 switches the ratio off. */
  readonly ratioLimit: number
  /** After capacity was short: base, growing, and its cap. */
  readonly overloadBaseMs: number
  readonly overloadMaxMs: number
  /** After a 429 that gave no date: base, growing, and its cap. */
  readonly pauseBaseMs: number
  readonly pauseMaxMs: number
  /** After "no credit": nothing says when money comes. */
  readonly creditsMs: number
  /** How often a dead credential, or one with a date far away, is tried with one request. */
  readonly rareProbeMs: number
  /** How long a provider is not asked again for a model or a feature that it does not have. */
  readonly unsupportedMs: number
  /** How long a probe may stay without an answer before another may start. */
  readonly probeLeaseMs: number
  /** Time from recovery to a full share of the traffic. */
  readonly slowStartMs: number
  /**
   * Failed tries in a row of a target that is all a request has left before there are pauses between them, base·2^k up to
   * the cap. A target that only flaps is seldom slowed down.
   */
  readonly lastResortFreeTries: number
  readonly lastResortBaseMs: number
  readonly lastResortMaxMs: number
  /** Nodes kept per provider: clients choose model names, and must not fill the memory with them. */
  readonly nodesMax: number
}

/** What applies where the user says nothing. The figures come from `docs/guides/health.md`. */
export const defaultHealthPolicy: HealthPolicy = {
  judge: 'by-kind',
  threshold: 2,
  cooldownMs: null,
  cooldownBaseMs: 5_000,
  cooldownMaxMs: 180_000,
  growthMax: 8,
  growthDecayMs: 60_000,
  resetOnSuccess: true,
  resetTimeoutMs: 300_000,
  ratioDecayMs: 30_000,
  ratioMinResults: 10,
  ratioLimit: 0.5,
  overloadBaseMs: 5_000,
  overloadMaxMs: 60_000,
  pauseBaseMs: 1_000,
  pauseMaxMs: 30_000,
  creditsMs: 15 * 60_000,
  rareProbeMs: 30 * 60_000,
  unsupportedMs: 10 * 60_000,
  probeLeaseMs: 15_000,
  slowStartMs: 30_000,
  lastResortFreeTries: 4,
  lastResortBaseMs: 250,
  lastResortMaxMs: 2_000,
  nodesMax: 512,
}

/** The rules of one attempt loop. All times in milliseconds. */
export interface LoopPolicy {
  /**
   * - `seamless` (default): a failure that the client has not seen moves on to the next candidate.
   * - `threshold`: the predecessor's rule: an error is shown to the client unless that very error made its provider
   *   unhealthy; each candidate at most once, no waiting.
   */
  readonly failover: 'seamless' | 'threshold'
  /** Whether the answer is a stream: only streams have a preamble, pings and a commit before their end. */
  readonly stream: boolean
  /** `streaming_mode: background`: a running attempt is finished although the client left. */
  readonly background: boolean
  /** Times that the list of candidates is gone through. */
  readonly roundsMax: number
  /** A second round starts only in a request younger than this; an older one has waited enough. */
  readonly roundWithinMs: number
  /** Tries of a request; keys that say at once that they are used up take none, see `tries.ts`. */
  readonly attemptsMax: number
  /**
   * Failed attempts that may have been billed (the upstream had said 200) after which nothing is tried again. An
   * untried, available candidate is worth one more.
   */
  readonly paidMax: number
  /** Silence towards the client, from the start, after which a stream gets its preamble while another candidate waits. */
  readonly holdBackMs: number
  /** The same while nothing is in flight: the status stays free for longer. */
  readonly quietMs: number
  /** How long `message_start` is held back for first content. */
  readonly openingHoldMs: number
  /** The longest silence once the client has its headers. */
  readonly pingEveryMs: number
  readonly connectTimeoutMs: number
  /** To the status line of the answer. */
  readonly firstByteTimeoutMs: number
  /** The same for a probe that has another candidate behind it; three times its usual time, if that is longer. */
  readonly probeFirstByteTimeoutMs: number
  /** From the start of an attempt to its first content, pings or not; or {@link firstByteTimeoutMs}, if that is longer. */
  readonly contentTimeoutMs: number
  /** The longest silence of an upstream that had begun to answer. */
  readonly idleTimeoutMs: number
  /** Streams: the longest time without an event other than a ping. */
  readonly eventTimeoutMs: number
  readonly refreshTimeoutMs: number
  /** How long a request waits when nobody could be asked at all. 0: not at all. */
  readonly holdMaxMs: number
  /** How long a request waits that has failed everywhere already. 0 (default): it gets the error at once. */
  readonly holdAfterFailureMs: number
  /** How long a request waits for a place at a candidate that is at its concurrency limit. */
  readonly queueMaxMs: number
  /** The sleep before round r+1 is uniform in [0, min(cap, base·2^r)]. */
  readonly backoffBaseMs: number
  readonly backoffMaxMs: number
  /** A tick later than this says that this process slept, not that the upstream did. */
  readonly lagMs: number
}

/** Streams. Every figure has its reason in `docs/guides/routing.md`. */
export const streamPolicy: LoopPolicy = {
  failover: 'seamless',
  stream: true,
  background: false,
  roundsMax: 2,
  roundWithinMs: 8_000,
  attemptsMax: 6,
  paidMax: 2,
  holdBackMs: 3_000,
  quietMs: 10_000,
  openingHoldMs: 15_000,
  pingEveryMs: 10_000,
  connectTimeoutMs: 5_000,
  firstByteTimeoutMs: 30_000,
  probeFirstByteTimeoutMs: 8_000,
  contentTimeoutMs: 110_000,
  idleTimeoutMs: 110_000,
  eventTimeoutMs: 240_000,
  refreshTimeoutMs: 20_000,
  holdMaxMs: 30_000,
  holdAfterFailureMs: 0,
  queueMaxMs: 5_000,
  backoffBaseMs: 500,
  backoffMaxMs: 8_000,
  lagMs: 2_000,
}

/**
 * Whole answers: nothing comes before the model has finished, so silence means nothing for long. A little less than half
 * of the ten minutes that a client waits, so that a second candidate still has a turn.
 */
export const messagePolicy: LoopPolicy = {
  ...streamPolicy,
  stream: false,
  firstByteTimeoutMs: 290_000,
  probeFirstByteTimeoutMs: 60_000,
  contentTimeoutMs: 290_000,
}

/** Token counts and the like: free, fast, and not worth waiting for. */
export const countPolicy: LoopPolicy = {
  ...messagePolicy,
  roundsMax: 1,
  attemptsMax: 3,
  firstByteTimeoutMs: 10_000,
  probeFirstByteTimeoutMs: 5_000,
  contentTimeoutMs: 10_000,
  holdMaxMs: 0,
  queueMaxMs: 1_000,
}

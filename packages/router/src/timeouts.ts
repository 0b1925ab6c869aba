import type { LoopPolicy } from './loop-policy.ts'

/** Timeouts of one provider, in milliseconds; each that is there goes before the one of the loop's policy. */
export interface OwnTimeouts {
  readonly connectTimeoutMs?: number | undefined
  /** Streams: to the first byte of the answer. */
  readonly firstByteTimeoutMs?: number | undefined
  /** The longest gap in an answer. A whole answer is one gap: it begins when it is complete. */
  readonly readTimeoutMs?: number | undefined
  /** Streams: the longest time without an event other than a ping. */
  readonly idleTimeoutMs?: number | undefined
}

/** What of the policy is about waiting for one upstream. */
export type UpstreamTimeouts = Pick<
  LoopPolicy,
  'connectTimeoutMs' | 'firstByteTimeoutMs' | 'idleTimeoutMs' | 'eventTimeoutMs'
>

/** How long one candidate is waited for. */
export function timeoutsFor(own: OwnTimeouts | undefined, policy: LoopPolicy): UpstreamTimeouts {
  if (own === undefined) return policy
  return {
    connectTimeoutMs: own.connectTimeoutMs ?? policy.connectTimeoutMs,
    firstByteTimeoutMs: (policy.stream ? own.firstByteTimeoutMs : own.readTimeoutMs) ?? policy.firstByteTimeoutMs,
    idleTimeoutMs: own.readTimeoutMs ?? policy.idleTimeoutMs,
    eventTimeoutMs: own.idleTimeoutMs ?? policy.eventTimeoutMs,
  }
}

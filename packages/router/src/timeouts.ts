import type { Candidate } from './candidate.ts'
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

/** Somebody who is this many times slower than usual is not well. */
const UNUSUAL = 3

/**
 * How long the first byte may take before its upstream is thought ill, where that costs somebody else time: short, but
 * whoever is slow by nature must be able to show that it is well. The first byte of a whole answer comes with its last.
 */
export function probeTimeoutMs(
  candidate: Pick<Candidate, 'ttftMs' | 'wholeMs' | 'timeouts'>,
  policy: LoopPolicy,
): number {
  const { ttftMs, wholeMs, timeouts } = candidate
  const usualMs = UNUSUAL * ((policy.stream ? ttftMs : wholeMs) ?? 0)
  const longestMs = timeoutsFor(timeouts, policy).firstByteTimeoutMs
  return Math.max(policy.probeFirstByteTimeoutMs, Math.min(usualMs, longestMs))
}

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

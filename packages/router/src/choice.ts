import type { Failure } from '@lb/protocol'
import { type BarredCandidate, type Candidate, isBarred } from './candidate.ts'
import type { LoopPolicy } from './loop-policy.ts'
import type { Attempt, LoopState, StartReason, WaitReason } from './loop-state.ts'
import { sortedBy } from './sorted.ts'

/** What a request that has no attempt running does next. */
export type Choice =
  | Start
  | { readonly next: 'wait'; readonly why: WaitReason; readonly untilMs: number }
  /** `failure` is ours; `null`: pass on what an upstream said, the most useful of all unless `pick` says otherwise. */
  | { readonly next: 'stop'; readonly failure: Failure | null; readonly pick?: Heard }

/** Which of the upstreams' words a request ends with. */
export type Heard = 'most-useful' | 'latest'

/** Start an attempt; `cost` is what it takes from the shared retry budget. */
export interface Start {
  readonly next: 'start'
  readonly candidate: Candidate
  readonly why: StartReason
  readonly cost: 0 | 1
}

/** Whether this request may still ask the candidate at all. */
export function isOpen(state: LoopState, candidate: Candidate): boolean {
  return !state.spent.includes(candidate.id) && (candidate.passThrough || !state.onlyPassThrough)
}

/**
 * Whether the last tries are kept for later. A request that may wait after it failed everywhere must not burn all its
 * attempts in the first second of an outage.
 */
export function isPatient(state: LoopState, policy: LoopPolicy): boolean {
  return policy.holdAfterFailureMs > 0 && state.attempts.length >= Math.max(1, policy.attemptsMax - 2)
}

/** Failed attempts that may have been billed. */
export function wastedAttempts(attempts: readonly Attempt[]): number {
  let wasted = 0
  for (const { paid, outcome } of attempts) if (paid && outcome === 'failed') wasted += 1
  return wasted
}

/** Whether the budgets of the request and of all requests allow an attempt of this cost. */
export function isAffordable(state: LoopState, cost: Start['cost'], policy: LoopPolicy): boolean {
  // An available candidate that nobody has asked yet is worth one more bill: see docs/decisions/0041.
  const wastedMax = cost === 0 ? policy.paidMax : policy.paidMax - 1
  return (cost === 0 || state.retryTokens >= 1) && wastedAttempts(state.attempts) <= wastedMax
}

/**
 * The barred candidates for which there is hope, soonest first: those that only need time, if any of them may be tried
 * before `windowMs` are over or is kept waiting by our own pace only; else those for which a wait does not help. A dead
 * key is worth a try when all that is left is a date tomorrow.
 */
export function hopeful(open: readonly Candidate[], nowMs: number, windowMs: number): readonly BarredCandidate[] {
  const soft = open.filter((candidate): candidate is BarredCandidate => isSoft(candidate, nowMs, windowMs))
  return sortedBy(soft.length > 0 ? soft : open.filter(isBarred), untilMs)
}

/** It only needs time, and not too much of it. */
function isSoft(candidate: Candidate, nowMs: number, windowMs: number): boolean {
  if (!isBarred(candidate)) return false
  const { notBeforeMs } = candidate.availability
  const atMs = opensMs(candidate)
  return atMs < Number.POSITIVE_INFINITY && (notBeforeMs === null || atMs <= nowMs || atMs < nowMs + windowMs)
}

/** From when it may be asked, if only as a last resort; never, if it is at its limit or a wait does not help. */
export function opensMs({ availability }: Candidate): number {
  switch (availability.kind) {
    case 'available':
    case 'probe':
      return 0
    case 'full':
      return Number.POSITIVE_INFINITY
    case 'barred':
      return availability.hard ? Number.POSITIVE_INFINITY : (availability.lastResortAtMs ?? Number.POSITIVE_INFINITY)
  }
}

/** When it is expected back, or never. */
export function untilMs({ availability }: BarredCandidate): number {
  return availability.untilMs ?? Number.POSITIVE_INFINITY
}

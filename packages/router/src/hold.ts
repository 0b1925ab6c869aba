import type { Moment } from '@lb/protocol'
import type { Candidate } from './candidate.ts'
import { type Choice, hopeful, isPatient, type Start, wastedAttempts } from './choice.ts'
import type { LoopPolicy } from './loop-policy.ts'
import type { LoopState } from './loop-state.ts'

/** Two requests that wait for the same moment must not wake in the same one. */
const SPREAD_MS = 20
/** How long it takes until the budget may have another retry. */
const BUDGET_MS = 1_000

/**
 * Nobody is usable now. Somebody may be soon, so the request waits, for a bounded time: in a total outage a client that
 * waits 30 s is better served than one that is told to come back.
 *
 * @returns `undefined` when waiting is of no use.
 */
export function hold(
  state: LoopState,
  open: readonly Candidate[],
  woken: boolean,
  at: Moment,
  policy: LoopPolicy,
): Choice | undefined {
  const hoped = hopes(state, open, at.nowMs + policy.holdMaxMs, policy)
  const endMs = Math.min(state.deadlineMs, (state.heldMs ?? at.nowMs) + hoped.windowMs)
  const best = soonest(hoped.candidates)
  if (best === undefined || at.nowMs >= endMs || wastedAttempts(state.attempts) >= policy.paidMax) return undefined
  const paceMs = hoped.isNew ? 0 : paceOf(state, endMs, policy)
  const isTime = best.openMs <= at.nowMs && (at.nowMs >= paceMs || (woken && best.isHealthy))
  if (isTime && state.retryTokens >= 1) return lastTry(best.candidate)
  const nextMs = Math.max(best.openMs, paceMs, state.retryTokens >= 1 ? at.nowMs : at.nowMs + BUDGET_MS)
  if (nextMs >= endMs) return undefined
  return { next: 'wait', why: 'hold', untilMs: nextMs + at.roll * SPREAD_MS }
}

interface Hope {
  readonly candidates: readonly Candidate[]
  readonly windowMs: number
  /** Nobody of them was asked by this request. */
  readonly isNew: boolean
}

/** Whom to wait for, and how long at most: those that were never asked, else (if the user wants it) anybody. */
function hopes(state: LoopState, open: readonly Candidate[], horizonMs: number, policy: LoopPolicy): Hope {
  const asked = new Set(state.attempts.map(({ candidate }) => candidate))
  const unasked = hopeful(open, horizonMs).filter(({ id }) => !asked.has(id))
  if (unasked.length > 0 && !isPatient(state, policy))
    return { candidates: unasked, windowMs: policy.holdMaxMs, isNew: true }
  return { candidates: open, windowMs: policy.holdAfterFailureMs, isNew: false }
}

interface Best {
  readonly candidate: Candidate
  readonly openMs: number
  readonly isHealthy: boolean
}

/** The candidate that may be tried first; among those that may be tried already, the plan's order decides. */
function soonest(candidates: readonly Candidate[]): Best | undefined {
  let best: Best | undefined
  for (const candidate of candidates) {
    const openMs = openAtMs(candidate)
    const isHealthy = candidate.availability.kind === 'available'
    if (openMs !== undefined && (best === undefined || openMs < best.openMs)) best = { candidate, openMs, isHealthy }
  }
  return best
}

function openAtMs({ availability }: Candidate): number | undefined {
  switch (availability.kind) {
    case 'available':
      return 0
    case 'probe':
      return 1
    case 'full':
      return undefined
    case 'barred':
      return availability.lastResortAtMs ?? undefined
  }
}

/**
 * A request that has failed everywhere asks again at growing distances; at last the attempts that are left are spread
 * over the time that is left.
 */
function paceOf(state: LoopState, endMs: number, policy: LoopPolicy): number {
  const last = state.attempts.at(-1)
  if (last === undefined) return 0
  const endedMs = last.endedMs ?? last.startedMs
  if (isPatient(state, policy)) return endedMs + (endMs - endedMs) / (policy.attemptsMax - state.attempts.length + 1)
  return endedMs + Math.min(policy.backoffMaxMs, policy.backoffBaseMs * 2 ** (state.attempts.length - 1))
}

function lastTry(candidate: Candidate): Start {
  return { next: 'start', candidate, why: candidate.availability.kind === 'probe' ? 'probe' : 'last-resort', cost: 1 }
}

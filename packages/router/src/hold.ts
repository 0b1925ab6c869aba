import type { Moment } from '@lb/protocol'
import type { Candidate } from './candidate.ts'
import { type Choice, isPatient, type Start, wastedAttempts } from './choice.ts'
import type { LoopPolicy } from './loop-policy.ts'
import type { LoopState } from './loop-state.ts'
import { wasAsked } from './tries.ts'

/** Two requests that wait for the same moment must not wake in the same one. */
const SPREAD_MS = 20
/** How long it takes until the budget may have another retry. */
const BUDGET_MS = 1_000

/**
 * Nobody is usable now, but somebody who had no turn yet may soon be: a request waits for those, for a bounded time. In
 * a total outage a client that waits 30 s is better served than one that is told to come back.
 *
 * @param untried those for whom there is hope, and who had no turn in this round.
 * @returns `undefined` when waiting is of no use.
 */
export function awaitUntried(
  state: LoopState,
  untried: readonly Candidate[],
  woken: boolean,
  at: Moment,
  policy: LoopPolicy,
): Choice | undefined {
  if (untried.length === 0) return undefined
  const isNew = untried.some(({ id }) => !wasAsked(state, id))
  const youthEndsMs = state.beganMs + Math.min(policy.roundWithinMs, policy.holdMaxMs)
  const endMs = isNew ? (state.heldMs ?? at.nowMs) + policy.holdMaxMs : youthEndsMs
  return waitFor(state, { candidates: untried, endMs, paceMs: 0 }, woken, at, policy)
}

/** Everybody had their turns and failed. If the user wants it, the request stays and asks again now and then. */
export function holdOn(
  state: LoopState,
  open: readonly Candidate[],
  woken: boolean,
  at: Moment,
  policy: LoopPolicy,
): Choice | undefined {
  const endMs = (state.heldMs ?? at.nowMs) + policy.holdAfterFailureMs
  const paceMs = paceOf(state, Math.min(endMs, state.deadlineMs), policy)
  return waitFor(state, { candidates: open, endMs, paceMs }, woken, at, policy)
}

interface Hope {
  readonly candidates: readonly Candidate[]
  readonly endMs: number
  /** Not before this, unless somebody who was woken for finds it healthy. */
  readonly paceMs: number
}

function waitFor(state: LoopState, hope: Hope, woken: boolean, at: Moment, policy: LoopPolicy): Choice | undefined {
  const endMs = Math.min(state.deadlineMs, hope.endMs)
  const best = soonest(hope.candidates)
  if (best === undefined || at.nowMs >= endMs || wastedAttempts(state.attempts) >= policy.paidMax) return undefined
  const isTime = best.openMs <= at.nowMs && (at.nowMs >= hope.paceMs || (woken && best.isHealthy))
  if (isTime && state.retryTokens >= 1) return lastTry(best.candidate)
  const nextMs = Math.max(best.openMs, hope.paceMs, state.retryTokens >= 1 ? at.nowMs : at.nowMs + BUDGET_MS)
  if (nextMs >= endMs) return undefined
  return { next: 'wait', why: 'hold', untilMs: nextMs + at.roll * SPREAD_MS }
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
  const endedMs = state.attempts.at(-1)?.endedMs ?? null
  if (endedMs === null) return 0
  const left = Math.max(0, policy.attemptsMax - state.attempts.length)
  if (isPatient(state, policy)) return endedMs + (endMs - endedMs) / (left + 1)
  return endedMs + Math.min(policy.backoffMaxMs, policy.backoffBaseMs * 2 ** (state.attempts.length - 1))
}

function lastTry(candidate: Candidate): Start {
  return { next: 'start', candidate, why: candidate.availability.kind === 'probe' ? 'probe' : 'last-resort', cost: 1 }
}

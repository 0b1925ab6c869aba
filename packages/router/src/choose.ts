import { type Failure, type FailureScope, failureTable, type Moment } from '@lb/protocol'
import { type BarredCandidate, type Candidate, isAvailable, isBarred, isFirmlyFull, isReady } from './candidate.ts'
import {
  type Choice,
  hopeful,
  isAffordable,
  isOpen,
  isPatient,
  opensMs,
  type Start,
  untilMs,
  wastedAttempts,
} from './choice.ts'
import { awaitUntried, holdOn } from './hold.ts'
import type { LoopPolicy } from './loop-policy.ts'
import type { LoopState, StartReason } from './loop-state.ts'
import { triesLeft, wasAsked } from './tries.ts'

/**
 * The rules, first hit wins. What is untried and available comes before everything, so nobody waits while another
 * candidate is free.
 *
 * @param again the candidate to repeat at once, if any.
 * @param woken something became usable, though nobody had asked.
 */
export function choose(state: LoopState, again: string | null, woken: boolean, at: Moment, policy: LoopPolicy): Choice {
  if (at.nowMs >= state.deadlineMs) return { next: 'stop', failure: deadlineExceeded }
  const left = triesLeft(state, policy)
  if (left === 'none') return stop
  const repeated = again === null ? undefined : state.candidates.find(({ id }) => id === again)
  if (repeated !== undefined && !isDated(repeated, at.nowMs) && !isFirmlyFull(repeated))
    return { next: 'start', candidate: repeated, why: 'again', cost: 0 }
  const [best] = state.candidates
  // Nearly always: the first choice is there, and nothing has happened yet.
  if (best !== undefined && state.attempts.length === 0 && isAvailable(best) && isOpen(state, best))
    return { next: 'start', candidate: best, why: 'first', cost: 0 }
  const open = left === 'newcomers' ? newcomers(state) : openOnes(state)
  if (policy.failover === 'threshold') return byThreshold(state, open, policy)
  const isSaving = isPatient(state, policy)
  const next = untried(state, open, isSaving, policy)
  if (next !== undefined) return next
  const hopes = isSaving ? noHopes : untriedOf(state, hopeful(open, at.nowMs, policy.holdMaxMs))
  return (
    lastResort(state, hopes, at, policy) ??
    queued(state, open, at, policy) ??
    awaitUntried(state, hopes, woken, at, policy) ??
    anotherRound(state, open, at, policy) ??
    holdOn(state, open, woken, at, policy) ??
    parting(state, open, at, policy) ??
    stop
  )
}

/** Whether somebody stands behind `candidate`: only then is it worth holding anything back for a failover. */
export function hasBackup(state: LoopState, candidate: string, policy: LoopPolicy): boolean {
  const left = triesLeft(state, policy)
  if (left === 'none') return false
  for (const other of state.candidates) {
    const hadTurn = state.tried.includes(other.id) || (left === 'newcomers' && wasAsked(state, other.id))
    if (other.id !== candidate && !hadTurn && isReady(other) && isOpen(state, other)) return true
  }
  return false
}

/** A place that was to be open and is not is looked at again, but not in a busy loop. */
const LOOK_AGAIN_MS = 20
/** Within this time a request that does not wait has its error, if the upstreams answer fast enough. */
const NO_WAIT_MS = 1_000

const noHopes: readonly BarredCandidate[] = []
const stop: Choice = { next: 'stop', failure: null }
const deadlineExceeded: Failure = { kind: 'deadline-exceeded', message: 'the time for this request is over' }

function isDated(candidate: Candidate, nowMs: number): boolean {
  return isBarred(candidate) && (candidate.availability.notBeforeMs ?? 0) > nowMs
}

/** Whom this request may still ask. */
function openOnes(state: LoopState): readonly Candidate[] {
  const { candidates, spent, onlyPassThrough } = state
  if (spent.length === 0 && !onlyPassThrough) return candidates
  return candidates.filter((candidate) => isOpen(state, candidate))
}

/** Those whom this request never asked. */
function newcomers(state: LoopState): readonly Candidate[] {
  return openOnes(state).filter(({ id }) => !wasAsked(state, id))
}

/** Those that had no turn in this round. */
function untriedOf<T extends Candidate>({ tried }: LoopState, candidates: readonly T[]): readonly T[] {
  return tried.length === 0 ? candidates : candidates.filter(({ id }) => !tried.includes(id))
}

/**
 * The best candidate of this round that may be used now and is affordable. A probe takes its natural place at the first
 * choice; later it comes last. Tries are saved for later, but not while somebody is free who had no turn and shares no fault.
 */
function untried(
  state: LoopState,
  open: readonly Candidate[],
  isSaving: boolean,
  policy: LoopPolicy,
): Start | undefined {
  const isFirst = state.attempts.length === 0
  const isFree = isAffordable(state, 0, policy)
  const isPaidFor = !isSaving && isAffordable(state, 1, policy)
  let best: Candidate | undefined
  let bestCost: Start['cost'] = 0
  for (const candidate of open) {
    if (!isReady(candidate) || state.tried.includes(candidate.id)) continue
    const cost = state.round > 1 || sharesFault(state, candidate) ? 1 : 0
    if (!(cost === 0 ? isFree : isPaidFor)) continue
    if (best !== undefined && (isFirst || rank(candidate, cost) >= rank(best, bestCost))) continue
    best = candidate
    bestCost = cost
  }
  return best === undefined ? undefined : { next: 'start', candidate: best, why: reason(state, best), cost: bestCost }
}

function reason(state: LoopState, candidate: Candidate): StartReason {
  if (candidate.availability.kind === 'probe') return 'probe'
  if (state.attempts.length === 0) return 'first'
  return state.round > 1 ? 'round' : 'failover'
}

function rank(candidate: Candidate, cost: Start['cost']): number {
  return (isAvailable(candidate) ? 0 : 2) + cost
}

/**
 * Whether an earlier failure of this request speaks against the candidate too: the same provider when the provider was
 * at fault, and so on. It goes to the back, and costs.
 */
function sharesFault(state: LoopState, candidate: Candidate): boolean {
  for (const { failure, candidate: id } of state.attempts) {
    if (failure === null) continue
    const suspect = suspects[failureTable[failure.kind].scope]
    const failed = suspect === nobody ? undefined : state.candidates.find((other) => other.id === id)
    if (failed !== undefined && suspect(failed, candidate)) return true
  }
  return false
}

type Suspect = (failed: Candidate, other: Candidate) => boolean
const nobody: Suspect = () => false
const suspects: Readonly<Record<FailureScope, Suspect>> = {
  provider: (failed, other) => failed.provider === other.provider,
  'provider+model': (failed, other) => failed.provider === other.provider && failed.model === other.model,
  credential: (failed, other) => failed.provider === other.provider && failed.credential === other.credential,
  'credential+model': nobody,
  request: nobody,
}

/** A barred candidate that a request with nothing else left may try now: the last usable target is never ejected. */
function lastResort(
  state: LoopState,
  hopes: readonly BarredCandidate[],
  at: Moment,
  policy: LoopPolicy,
): Start | undefined {
  const cost = state.attempts.length === 0 ? 0 : 1
  const candidate = hopes.find(({ availability: { lastResortAtMs: atMs } }) => atMs !== null && atMs <= at.nowMs)
  if (candidate === undefined || !isAffordable(state, cost, policy)) return undefined
  return { next: 'start', candidate, why: 'last-resort', cost }
}

/**
 * Before a request is told no: pacing delays and never refuses, so who was never asked anything asks now whoever has no
 * date of its own. After that those who cannot be mended by waiting are worth one try, at their pace.
 *
 * @see docs/decisions/0085-pacing-delays-and-never-refuses.md
 */
function parting(state: LoopState, open: readonly Candidate[], at: Moment, policy: LoopPolicy): Choice | undefined {
  const isUnasked = state.attempts.length === 0
  const left = open
    .filter(isBarred)
    .filter((candidate) => !state.tried.includes(candidate.id) && !isDated(candidate, at.nowMs))
    .filter(({ availability: { hard, lastResortAtMs } }) => {
      return lastResortAtMs !== null && (lastResortAtMs <= at.nowMs || (isUnasked && !hard))
    })
    .sort((a, b) => Number(a.availability.hard) - Number(b.availability.hard) || untilMs(a) - untilMs(b))
  const [candidate] = left
  const cost = isUnasked ? 0 : 1
  if (candidate === undefined || !isAffordable(state, cost, policy)) return undefined
  return { next: 'start', candidate, why: 'last-resort', cost }
}

/**
 * All that is left is busy, not broken: wait for a place, but not for long, and not where none can come in time. A limit that
 * we guessed may delay a request; whether to refuse it is the upstream's to say. A firm limit is never passed.
 */
function queued(state: LoopState, open: readonly Candidate[], at: Moment, policy: LoopPolicy): Choice | undefined {
  const busy = open.filter(({ id, availability }) => availability.kind === 'full' && !state.tried.includes(id))
  if (busy.length === 0) return undefined
  const endMs = (state.heldMs ?? at.nowMs) + policy.queueMaxMs
  const soonestMs = Math.min(...busy.map((candidate) => placeMs(candidate, endMs)))
  if (at.nowMs < endMs && soonestMs <= endMs)
    return { next: 'wait', why: 'queue', untilMs: Math.max(soonestMs, at.nowMs + LOOK_AGAIN_MS) }
  const first = busy.find((candidate) => !isFirmlyFull(candidate))
  if (first === undefined) return undefined
  const start: Start = {
    next: 'start',
    candidate: first,
    why: 'last-resort',
    cost: state.attempts.length === 0 ? 0 : 1,
  }
  return isAffordable(state, start.cost, policy) ? start : undefined
}

/** Until when a place of the candidate is worth waiting for; never, if no more may wait. News of a place comes by itself. */
function placeMs({ availability }: Candidate, endMs: number): number {
  if (availability.kind !== 'full' || !availability.queue) return Number.POSITIVE_INFINITY
  return availability.firm?.opensAtMs ?? endMs
}

/** Everybody had a turn and failed: once more through the list, after a short sleep. */
function anotherRound(
  state: LoopState,
  open: readonly Candidate[],
  at: Moment,
  policy: LoopPolicy,
): Choice | undefined {
  const isDue = state.round < policy.roundsMax && at.nowMs - state.beganMs < policy.roundWithinMs
  const isPaidFor = state.retryTokens >= 1 && wastedAttempts(state.attempts) < policy.paidMax
  if (!isDue || !isPaidFor || isPatient(state, policy)) return undefined
  const longestMs = Math.min(
    policy.backoffMaxMs,
    policy.backoffBaseMs * 2 ** state.round,
    sleepMaxMs(state, at, policy),
  )
  if (longestMs <= 0) return undefined
  const asked = open.filter(({ id }) => state.tried.includes(id))
  const earliestMs = Math.min(...asked.map((candidate) => opensMs(candidate)))
  if (earliestMs > at.nowMs + longestMs) return undefined
  return { next: 'wait', why: 'backoff', untilMs: Math.max(at.nowMs + at.roll * longestMs, earliestMs) }
}

/** Where requests do not wait, the sleep leaves room for a round as long as the one that failed. */
function sleepMaxMs({ beganMs }: LoopState, at: Moment, policy: LoopPolicy): number {
  return policy.holdMaxMs > 0 ? Number.POSITIVE_INFINITY : NO_WAIT_MS - 2 * (at.nowMs - beganMs)
}

/**
 * The predecessor's rule. The candidates were looked at after the failure was reported: an error that did not make its
 * target unhealthy is the client's to see.
 */
function byThreshold(state: LoopState, open: readonly Candidate[], policy: LoopPolicy): Choice {
  const last = state.attempts.at(-1)
  const failed = last === undefined ? undefined : state.candidates.find(({ id }) => id === last.candidate)
  if (failed !== undefined && !isBarred(failed)) return showLatest
  const next = open.find((candidate) => isReady(candidate) && !state.tried.includes(candidate.id))
  if (next === undefined) return { next: 'stop', failure: allUnusable, pick: 'latest' }
  const start: Start = { next: 'start', candidate: next, why: reason(state, next), cost: 0 }
  // The predecessor knew no bills; ours are limited by any rule.
  return isAffordable(state, start.cost, policy) ? start : showLatest
}

const showLatest: Choice = { next: 'stop', failure: null, pick: 'latest' }
const allUnusable: Failure = { kind: 'no-candidate', message: 'no candidate is usable' }

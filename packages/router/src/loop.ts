import { assertNever, type Failure, type Moment } from '@lb/protocol'
import { type Candidate, isAvailable, isReady } from './candidate.ts'
import { type Choice, opensMs, type Start } from './choice.ts'
import { choose, hasBackup } from './choose.ts'
import { endingOf } from './ending.ts'
import { tick } from './loop-clock.ts'
import type { LoopPolicy } from './loop-policy.ts'
import {
  type Attempt,
  draftOf,
  type LoopDraft,
  type LoopEffect,
  type LoopEvent,
  type LoopState,
  type LoopStep,
} from './loop-state.ts'
import { probeTimeoutMs, timeoutsFor } from './timeouts.ts'
import { wasAsked } from './tries.ts'
import { closeAttempt, end, look, over, report, runningOf, unjudged, upstreamEvent } from './upstream.ts'

/**
 * The attempt loop: which candidate is asked next, what the client sees meanwhile, and how it ends. The server obeys.
 *
 *   new ── begin ──▶ sending ── content ──▶ relaying ── completed, or a truthful end ──▶ over
 *                    ▲     └─ failed ──▶ looking ──▶ sending │ waiting │ over
 *                    │                     ▲  └─ (expired credential) ──▶ refreshing
 *                    └─────────────────────┴── waiting and refreshing look again
 *
 * Before `commit` a failure moves on and the client never knows; after it there is one truthful end. Events of attempts
 * that are over are ignored, so the server need not order cancellations against late news.
 */
export function stepLoop(state: LoopState, event: LoopEvent, at: Moment, policy: LoopPolicy): LoopStep {
  if (state.phase.kind === 'over') return { state, effects: [] }
  switch (event.type) {
    case 'begin':
      return begin(state, event, at, policy)
    case 'candidates-changed':
      return lookedAt(state, event, at, policy)
    case 'refreshed':
      return refreshed(state, event.candidate, event.failure)
    case 'joined':
      return joined(state, event.timeoutMs, at)
    case 'client-gone':
      return clientGone(state, at, policy)
    case 'stop':
      return stop(state, at)
    case 'tick':
      return tick(state, at, policy)
    case 'response-started':
    case 'opened':
    case 'content':
    case 'block-completed':
    case 'progress':
    case 'ping':
    case 'completed':
    case 'failed':
      return upstreamEvent(state, event, at, policy)
    default:
      return assertNever(event)
  }
}

type Begin = Extract<LoopEvent, { readonly type: 'begin' }>
type CandidatesChanged = Extract<LoopEvent, { readonly type: 'candidates-changed' }>

const throttled: Failure = { kind: 'overloaded', message: 'refused locally: the upstreams refuse most requests' }

function begin(state: LoopState, event: Begin, at: Moment, policy: LoopPolicy): LoopStep {
  const begun = draftOf(state)
  begun.client = event.client
  begun.beganMs = at.nowMs
  begun.lastByteMs = at.nowMs
  begun.deadlineMs = at.nowMs + event.timeoutMs
  begun.candidates = event.candidates
  begun.retryTokens = event.retryTokens
  if (at.roll < event.refuseChance && mustWait(event.candidates, at.nowMs))
    return end(begun, endingOf(begun, throttled, at.nowMs), [])
  return obey(begun, choose(begun, null, false, at, policy), at, policy)
}

/** Only who would have to wait is refused by chance, and nobody whose one target may be back at any moment. */
function mustWait(candidates: readonly Candidate[], nowMs: number): boolean {
  return candidates.length > 1 && !candidates.some((candidate) => isReady(candidate) || opensMs(candidate) <= nowMs)
}

function lookedAt(state: LoopState, event: CandidatesChanged, at: Moment, policy: LoopPolicy): LoopStep {
  const seen = draftOf(state)
  seen.candidates = event.candidates
  seen.retryTokens = event.retryTokens
  const { phase } = seen
  switch (phase.kind) {
    case 'looking':
      return obey(seen, choose(seen, phase.again, false, at, policy), at, policy)
    case 'waiting':
      // A sleep between rounds is not for those who were never asked.
      return phase.why === 'backoff' && !isNewcomer(seen)
        ? { state: seen, effects: [] }
        : obey(seen, choose(seen, null, true, at, policy), at, policy)
    case 'sending':
      seen.phase = { ...phase, backup: hasBackup(seen, phase.candidate, policy) }
      return { state: seen, effects: [] }
    case 'new':
    case 'relaying':
    case 'refreshing':
    case 'over':
      return { state: seen, effects: [] }
  }
}

function isNewcomer(state: LoopState): boolean {
  return state.candidates.some((candidate) => isAvailable(candidate) && !wasAsked(state, candidate.id))
}

function refreshed(state: LoopState, candidate: string, failure: Failure | null): LoopStep {
  const { phase } = state
  if (phase.kind !== 'refreshing' || phase.candidate !== candidate) return { state, effects: [] }
  const draft = draftOf(state)
  if (failure === null) return look(draft, candidate, unjudged(phase))
  draft.spent = [...state.spent, candidate]
  return look(draft, null, [report(phase, { kind: 'failed', failure })])
}

function joined(state: LoopState, timeoutMs: number, at: Moment): LoopStep {
  const draft = draftOf(state)
  draft.deadlineMs = Math.max(state.deadlineMs, at.nowMs + timeoutMs)
  return { state: draft, effects: [] }
}

function clientGone(state: LoopState, at: Moment, policy: LoopPolicy): LoopStep {
  const running = runningOf(state)
  const gone = draftOf(state)
  gone.clientGone = true
  if (running === undefined) return over(gone, 'client-gone', unjudged(state.phase))
  if (policy.background) return { state: gone, effects: [] }
  closeAttempt(gone, running, 'abandoned', null, at)
  return over(gone, 'client-gone', [
    { type: 'cancel-attempt', attempt: running.attempt },
    report(running, { kind: 'abandoned' }),
  ])
}

const stopping: Failure = { kind: 'shutting-down', message: 'lb is being stopped' }

/** Not the fault of whoever is being asked: the running attempt is abandoned. */
function stop(state: LoopState, at: Moment): LoopStep {
  const running = runningOf(state)
  const draft = draftOf(state)
  if (running === undefined) return end(draft, endingOf(draft, stopping, at.nowMs), unjudged(state.phase))
  closeAttempt(draft, running, 'abandoned', null, at)
  return end(draft, endingOf(draft, stopping, at.nowMs), [
    { type: 'cancel-attempt', attempt: running.attempt },
    report(running, { kind: 'abandoned' }),
  ])
}

function obey(draft: LoopDraft, choice: Choice, at: Moment, policy: LoopPolicy): LoopStep {
  switch (choice.next) {
    case 'start':
      return startAttempt(draft, choice, at, policy)
    case 'wait': {
      const { why, untilMs } = choice
      draft.phase = { kind: 'waiting', why, untilMs }
      if (why === 'backoff') {
        draft.round += 1
        draft.tried = []
      } else {
        draft.heldMs ??= at.nowMs
      }
      return { state: draft, effects: [] }
    }
    case 'stop':
      return end(draft, endingOf(draft, choice.failure, at.nowMs, choice.pick), [])
  }
}

function startAttempt(draft: LoopDraft, { candidate, why, cost }: Start, at: Moment, policy: LoopPolicy): LoopStep {
  const { id } = candidate
  const { nowMs } = at
  const before = draft.attempts
  const last = before.at(-1)
  const number = (last?.attempt ?? 0) + 1
  const attempt: Attempt = {
    attempt: number,
    candidate: id,
    round: draft.round,
    why,
    startedMs: nowMs,
    paid: false,
    endedMs: null,
    outcome: 'running',
    failure: null,
  }
  draft.attempts = [...before, attempt]
  if (!draft.tried.includes(id)) draft.tried = [...draft.tried, id]
  const backup = hasBackup(draft, id, policy)
  const timeouts = timeoutsFor(candidate.timeouts, policy)
  const isHurried = why === 'probe' && backup
  draft.phase = {
    kind: 'sending',
    attempt: number,
    candidate: id,
    startedMs: nowMs,
    backup,
    firstByteDeadlineMs: nowMs + (isHurried ? probeTimeoutMs(candidate, policy) : timeouts.firstByteTimeoutMs),
    // Whoever gives an upstream longer to its first byte gives it as long to its content.
    contentDeadlineMs: nowMs + Math.max(policy.contentTimeoutMs, timeouts.firstByteTimeoutMs),
    responded: false,
    spoke: false,
    openedMs: null,
    lastUpstreamMs: nowMs,
    lastEventMs: nowMs,
  }
  const started: LoopEffect = {
    type: 'start-attempt',
    attempt: number,
    candidate: id,
    why,
    withoutThinking: before.some(({ failure }) => failure?.kind === 'signature-rejected'),
    freshConnection: last?.failure?.kind === 'stale-connection' && last.candidate === id,
    connectTimeoutMs: timeouts.connectTimeoutMs,
  }
  return { state: draft, effects: cost === 0 ? [started] : [{ type: 'spend-budget' }, started] }
}

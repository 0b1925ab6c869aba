import type { Failure, Moment } from '@lb/protocol'
import { endingOf } from './ending.ts'
import type { LoopPolicy } from './loop-policy.ts'
import { draftOf, type LoopEffect, type LoopState, type LoopStep } from './loop-state.ts'
import { type OwnTimeouts, probeTimeoutMs, timeoutsFor } from './timeouts.ts'
import { closeAttempt, end, failAttempt, look, type RunningPhase, report, runningOf, unjudged } from './upstream.ts'

/**
 * When the loop wants its next `tick`, at the latest; `undefined`: it waits for news only. A tick that comes too early
 * does no harm.
 */
export function nextLoopDeadlineMs(state: LoopState, policy: LoopPolicy): number | undefined {
  const { phase, deadlineMs } = state
  switch (phase.kind) {
    case 'sending':
    case 'relaying':
      return runningDeadlineMs(state, phase, policy)
    case 'refreshing':
    case 'waiting':
      return Math.min(deadlineMs, phase.untilMs, silenceEndsMs(state, policy))
    case 'new':
    case 'looking':
    case 'over':
      return undefined
  }
}

/** Time has passed: what has run out. */
export function tick(state: LoopState, at: Moment, policy: LoopPolicy): LoopStep {
  const running = runningOf(state)
  if (running !== undefined) return tickRunning(state, awake(state, running, at, policy), at, policy)
  const { phase } = state
  if (phase.kind !== 'waiting' && phase.kind !== 'refreshing') return { state, effects: [] }
  if (at.nowMs < Math.min(phase.untilMs, state.deadlineMs)) return breakSilence(state, at, policy)
  // A renewal that takes too long says nothing about the credential, but this request goes on without it.
  const draft = draftOf(state)
  if (phase.kind === 'refreshing') draft.spent = [...state.spent, phase.candidate]
  return look(draft, null, unjudged(phase))
}

const tooSlow: Failure = { kind: 'first-byte-timeout', message: 'no first byte in time' }
const unheard: Failure = { kind: 'silent-until-deadline', message: 'no first byte before the deadline of the client' }
const silent: Failure = { kind: 'stream-idle', message: 'the stream went silent' }
const deadlineExceeded: Failure = { kind: 'deadline-exceeded', message: 'the time for this request is over' }

function tickRunning(before: LoopState, running: RunningPhase, at: Moment, policy: LoopPolicy): LoopStep {
  const cancel: LoopEffect = { type: 'cancel-attempt', attempt: running.attempt }
  if (at.nowMs >= upstreamDeadlineMs(before, running, policy)) {
    const failed = failAttempt(draftOf(before), running, running.spoke ? silent : tooSlow, at, policy)
    return { state: failed.state, effects: [cancel, ...failed.effects] }
  }
  if (running.kind === 'sending' && at.nowMs >= before.deadlineMs) {
    const { outcome, failure } = lateness(before, running, at, policy)
    const draft = draftOf(before)
    closeAttempt(draft, running, outcome.kind, failure, at)
    return end(draft, endingOf(draft, deadlineExceeded, at.nowMs), [cancel, report(running, outcome)])
  }
  if (running === before.phase) return breakSilence(before, at, policy)
  const draft = draftOf(before)
  draft.phase = running
  return breakSilence(draft, at, policy)
}

/** The client's patience may be shorter than ours; an upstream that was silent for as long as a probe gets is slow. */
function lateness(state: LoopState, running: RunningPhase, at: Moment, policy: LoopPolicy) {
  const asked = state.candidates.find(({ id }) => id === running.candidate)
  const patienceMs = probeTimeoutMs(asked ?? {}, policy)
  const isSlow = !running.spoke && at.nowMs - running.startedMs >= patienceMs
  return isSlow
    ? ({ outcome: { kind: 'failed', failure: unheard }, failure: unheard } as const)
    : ({ outcome: { kind: 'abandoned' }, failure: null } as const)
}

function upstreamDeadlineMs(state: LoopState, running: RunningPhase, policy: LoopPolicy): number {
  if (policy.stream ? !running.spoke : !running.responded) return running.firstByteDeadlineMs
  const { idleTimeoutMs, eventTimeoutMs } = timeoutsFor(ownTimeouts(state, running.candidate), policy)
  const silentMs = running.lastUpstreamMs + idleTimeoutMs
  // A whole answer has no events, and nothing else than its bytes can come in between.
  const idleMs = policy.stream ? Math.min(silentMs, running.lastEventMs + eventTimeoutMs) : silentMs
  return running.kind === 'relaying' ? idleMs : Math.min(idleMs, running.contentDeadlineMs)
}

/** A loop: this is asked after every piece of news. */
function ownTimeouts({ candidates }: LoopState, id: string): OwnTimeouts | undefined {
  for (const candidate of candidates) if (candidate.id === id) return candidate.timeouts
  return undefined
}

/**
 * A tick that comes much too late means that this process slept: the upstream's time stood still meanwhile, and what it
 * sent lies unread in the socket, so it gets a moment more.
 */
function awake(state: LoopState, running: RunningPhase, at: Moment, policy: LoopPolicy): RunningPhase {
  const lateMs = at.nowMs - runningDeadlineMs(state, running, policy)
  if (lateMs <= policy.lagMs) return running
  const shiftMs = lateMs + policy.lagMs
  return {
    ...running,
    firstByteDeadlineMs: running.firstByteDeadlineMs + shiftMs,
    contentDeadlineMs: running.contentDeadlineMs + shiftMs,
    lastUpstreamMs: running.lastUpstreamMs + shiftMs,
    lastEventMs: running.lastEventMs + shiftMs,
  }
}

function runningDeadlineMs(state: LoopState, running: RunningPhase, policy: LoopPolicy): number {
  const endsMs = running.kind === 'sending' ? state.deadlineMs : Number.POSITIVE_INFINITY
  return Math.min(endsMs, upstreamDeadlineMs(state, running, policy), silenceEndsMs(state, policy))
}

/** What the client gets so that it does not think we are dead. Streams only: a whole answer has no place for it. */
function breakSilence(state: LoopState, at: Moment, policy: LoopPolicy): LoopStep {
  if (at.nowMs < silenceEndsMs(state, policy)) return { state, effects: [] }
  const running = runningOf(state)
  const isOpeningDue =
    running?.kind === 'sending' && state.stage !== 'opening' && at.nowMs >= openingEndsMs(running, policy)
  const effect: LoopEffect =
    isOpeningDue && running !== undefined
      ? { type: 'release-opening', attempt: running.attempt }
      : { type: state.stage === 'nothing' ? 'send-preamble' : 'ping' }
  const stage = isOpeningDue ? 'opening' : state.stage === 'nothing' ? 'preamble' : state.stage
  const draft = draftOf(state)
  draft.stage = stage
  draft.lastByteMs = at.nowMs
  return { state: draft, effects: [effect] }
}

function silenceEndsMs(state: LoopState, policy: LoopPolicy): number {
  if (!policy.stream || state.clientGone) return Number.POSITIVE_INFINITY
  const { phase, stage, lastByteMs } = state
  // A ping of the upstream's may be none in the client's dialect, so it does not count as something that the client heard.
  if (phase.kind === 'relaying') return Math.max(lastByteMs, phase.lastEventMs) + policy.pingEveryMs
  const isSending = phase.kind === 'sending'
  const openingMs = isSending && stage !== 'opening' ? openingEndsMs(phase, policy) : Number.POSITIVE_INFINITY
  if (stage !== 'nothing') return Math.min(openingMs, lastByteMs + policy.pingEveryMs)
  if (!isSending) return state.beganMs + policy.quietMs
  return phase.backup ? Math.min(openingMs, state.beganMs + policy.holdBackMs) : openingMs
}

function openingEndsMs({ openedMs }: RunningPhase, policy: LoopPolicy): number {
  return openedMs === null ? Number.POSITIVE_INFINITY : openedMs + policy.openingHoldMs
}

import { type Failure, type FailureKind, failureTable, type Moment } from '@lb/protocol'
import { brokenEnding, endingOf } from './ending.ts'
import type { LoopPolicy } from './loop-policy.ts'
import {
  type Attempt,
  draftOf,
  type End,
  type Ending,
  type LoopDraft,
  type LoopEffect,
  type LoopEvent,
  type LoopState,
  type LoopStep,
  type Phase,
  type Upstream,
} from './loop-state.ts'

/** What a running attempt may tell. */
export type UpstreamEvent = Extract<LoopEvent, { readonly attempt: number }>

/** An attempt that is on its way or committed. */
export type RunningPhase = { readonly kind: 'sending' | 'relaying' } & Upstream

/** News of the running attempt. News of any other attempt is old. */
export function upstreamEvent(state: LoopState, event: UpstreamEvent, at: Moment, policy: LoopPolicy): LoopStep {
  const running = runningOf(state)
  if (running === undefined || running.attempt !== event.attempt) return { state, effects: quiet }
  const draft = draftOf(state)
  switch (event.type) {
    case 'response-started':
      draft.phase = heard(running, running.spoke, running.lastEventMs, at)
      return { state: draft, effects: quiet }
    case 'ping':
      draft.phase = heard(running, true, running.lastEventMs, at)
      return { state: draft, effects: quiet }
    case 'progress':
      draft.phase = heard(running, true, at.nowMs, at)
      return { state: draft, effects: quiet }
    case 'block-completed':
      draft.phase = heard(running, true, at.nowMs, at)
      draft.blockDone = true
      return { state: draft, effects: quiet }
    case 'opened':
      return opened(draft, heard(running, true, at.nowMs, at, running.openedMs ?? at.nowMs), at, policy)
    case 'content':
      return content(draft, running, at, policy)
    case 'completed':
      return completed(draft, running.responded ? running : { ...running, responded: true }, at)
    case 'failed':
      return failAttempt(draft, running, event.failure, at, policy)
  }
}

const quiet: readonly LoopEffect[] = []

/** The running attempt after a sign of life. */
function heard(
  running: RunningPhase,
  spoke: boolean,
  lastEventMs: number,
  at: Moment,
  openedMs: number | null = running.openedMs,
  kind: RunningPhase['kind'] = running.kind,
): RunningPhase {
  const { attempt, candidate, startedMs, backup, firstByteDeadlineMs, contentDeadlineMs } = running
  return {
    kind,
    attempt,
    candidate,
    startedMs,
    backup,
    firstByteDeadlineMs,
    contentDeadlineMs,
    responded: true,
    spoke,
    openedMs,
    lastUpstreamMs: at.nowMs,
    lastEventMs,
  }
}

/** The attempt that is on its way or committed, if any. */
export function runningOf({ phase }: LoopState): RunningPhase | undefined {
  return phase.kind === 'sending' || phase.kind === 'relaying' ? phase : undefined
}

/** The running attempt failed: what is told to health, and what comes next. */
export function failAttempt(
  draft: LoopDraft,
  running: RunningPhase,
  failure: Failure,
  at: Moment,
  policy: LoopPolicy,
): LoopStep {
  closeAttempt(draft, running, 'failed', failure, at)
  const { act } = failureTable[failure.kind]
  if (act === 'cancel') return over(draft, 'client-gone', [report(running, { kind: 'abandoned' })])
  if (running.kind === 'relaying') return breakCommitted(draft, running, failure)
  const isFirst = !draft.repeated.includes(running.candidate)
  if (act === 'refresh' && isFirst && !draft.clientGone) {
    // Not yet a fault: only a credential that is still refused after its renewal is reported as dead. Until that is known
    // nothing is reported, for an attempt is reported once.
    const { attempt, candidate, startedMs } = running
    draft.phase = { kind: 'refreshing', attempt, candidate, startedMs, untilMs: at.nowMs + policy.refreshTimeoutMs }
    draft.repeated = [...draft.repeated, candidate]
    return { state: draft, effects: [{ type: 'refresh-credential', candidate }] }
  }
  const told = report(running, { kind: 'failed', failure })
  const isFinal = act === 'stop' || (act === 'mend' && !isFirst)
  if (isFinal || draft.clientGone) return end(draft, endingOf(draft, null, at.nowMs), [told])
  const again = (act === 'same' || act === 'mend') && isFirst ? running.candidate : null
  barredBy(draft, running.candidate, failure)
  return look(draft, again, [told])
}

/** Ask for a fresh look at the candidates, then choose. */
export function look(draft: LoopDraft, again: string | null, effects: LoopEffect[]): LoopStep {
  draft.phase = { kind: 'looking', again }
  if (again !== null) draft.repeated = [...draft.repeated, again]
  effects.push({ type: 'look' })
  return { state: draft, effects }
}

/** The request is over, with one ending as its last effect. */
export function end(draft: LoopDraft, ending: Ending, effects: LoopEffect[]): LoopStep {
  if (draft.clientGone) return over(draft, 'client-gone', effects)
  draft.phase = { kind: 'over', end: ending.type === 'finish' ? ending.end : endings[ending.type] }
  effects.push(ending)
  return { state: draft, effects }
}

/** The request is over and there is nothing left to say to the client. */
export function over(draft: LoopDraft, word: End, effects: LoopEffect[]): LoopStep {
  draft.phase = { kind: 'over', end: word }
  effects.push({ type: 'finish', end: word })
  return { state: draft, effects }
}

/** Completes the running attempt's record: nothing is started before that, so it is the last one. */
export function closeAttempt(
  draft: LoopDraft,
  running: RunningPhase,
  outcome: Attempt['outcome'],
  failure: Failure | null,
  at: Moment,
): void {
  const attempts = draft.attempts.slice()
  const open = attempts.pop()
  if (open === undefined) return
  const { attempt, candidate, round, why, startedMs } = open
  const paid = running.responded && isBillable(failure)
  attempts.push({ attempt, candidate, round, why, startedMs, paid, endedMs: at.nowMs, outcome, failure })
  draft.attempts = attempts
}

/** An upstream that reports its own error has nothing to charge for; one that was cut off or fell silent may. */
function isBillable(failure: Failure | null): boolean {
  return failure === null || billable.has(failure.kind)
}

const billable: ReadonlySet<FailureKind> = new Set<FailureKind>([
  'stream-cut',
  'stream-idle',
  'response-too-large',
  'end-missing',
])

/** An attempt, as far as health is told of it. */
type Reported = Pick<Upstream, 'attempt' | 'candidate' | 'startedMs'>

/** What is still owed about the attempt whose credential is being renewed, when nothing comes of that: no verdict. */
export function unjudged(phase: Phase): LoopEffect[] {
  return phase.kind === 'refreshing' ? [report(phase, { kind: 'abandoned' })] : []
}

/** The effect that tells health about an attempt. */
export function report(running: Reported, outcome: Extract<LoopEffect, { type: 'report' }>['outcome']): LoopEffect {
  const { attempt, candidate, startedMs } = running
  return { type: 'report', attempt, candidate, startedMs, outcome }
}

const endings = {
  'give-up': 'gave-up',
  'end-truthfully': 'ended-truthfully',
  'abort-client': 'aborted-client',
} as const

function opened(draft: LoopDraft, running: RunningPhase, at: Moment, policy: LoopPolicy): LoopStep {
  draft.phase = running
  // With nobody behind it there is no failover to hide, so the client sees the opening as soon as we do.
  if (running.backup || !policy.stream || draft.stage === 'opening' || running.kind === 'relaying')
    return { state: draft, effects: quiet }
  draft.stage = 'opening'
  draft.lastByteMs = at.nowMs
  return { state: draft, effects: [{ type: 'release-opening', attempt: running.attempt }] }
}

function content(draft: LoopDraft, running: RunningPhase, at: Moment, policy: LoopPolicy): LoopStep {
  if (running.kind === 'relaying' || !policy.stream) {
    draft.phase = heard(running, true, at.nowMs, at)
    return { state: draft, effects: quiet }
  }
  const effects = [commit(draft, running), report(running, { kind: 'alive', ttftMs: at.nowMs - running.startedMs })]
  draft.phase = heard(running, true, at.nowMs, at, running.openedMs, 'relaying')
  draft.stage = 'content'
  draft.lastByteMs = at.nowMs
  return { state: draft, effects }
}

function completed(draft: LoopDraft, running: RunningPhase, at: Moment): LoopStep {
  closeAttempt(draft, running, 'succeeded', null, at)
  const told = report(running, { kind: 'succeeded' })
  // An answer without any content is an answer too.
  const effects = running.kind === 'relaying' ? [told] : [commit(draft, running), told]
  draft.stage = 'content'
  return end(draft, { type: 'finish', end: 'completed' }, effects)
}

/** To be asked before the stage is `content`. */
function commit({ stage }: LoopState, { attempt }: Upstream): LoopEffect {
  return { type: 'commit', attempt, opening: stage === 'opening' ? 'drop' : 'send' }
}

function breakCommitted(draft: LoopDraft, running: RunningPhase, failure: Failure): LoopStep {
  const told = report(running, { kind: 'failed', failure })
  if (failure.kind === 'end-missing') {
    const supplied: LoopEffect = { type: 'supply-end', attempt: running.attempt }
    return end(draft, { type: 'finish', end: 'completed' }, [told, supplied])
  }
  return end(draft, brokenEnding(draft, running.attempt, failure), [told])
}

/** What the failure closes for the rest of this request. */
function barredBy(draft: LoopDraft, candidate: string, failure: Failure): void {
  const { act, aftermath, weight } = failureTable[failure.kind]
  const isClients = weight === 0 && draft.candidates.some(({ id, passThrough }) => id === candidate && passThrough)
  // A pause is health's to end, except that health knows nothing of the client's own credential.
  const isFinal = weight === 0 && act !== 'same' && act !== 'mend' && (aftermath !== 'pause' || isClients)
  if (isFinal) draft.spent = [...draft.spent, candidate]
  if (isClients) draft.onlyPassThrough = true
}

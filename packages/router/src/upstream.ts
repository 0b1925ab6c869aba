import { type Failure, type FailureKind, failureTable, type Moment } from '@lb/protocol'
import { brokenEnding, endingOf } from './ending.ts'
import type { LoopPolicy } from './loop-policy.ts'
import {
  type Attempt,
  type End,
  type Ending,
  inPhase,
  type LoopEffect,
  type LoopEvent,
  type LoopState,
  type LoopStep,
  type Upstream,
  withChange,
} from './loop-state.ts'

/** What a running attempt may tell. */
export type UpstreamEvent = Extract<LoopEvent, { readonly attempt: number }>

/** An attempt that is on its way or committed. */
export type RunningPhase = { readonly kind: 'sending' | 'relaying' } & Upstream

/** News of the running attempt. News of any other attempt is old. */
export function upstreamEvent(state: LoopState, event: UpstreamEvent, at: Moment, policy: LoopPolicy): LoopStep {
  const running = runningOf(state)
  if (running === undefined || running.attempt !== event.attempt) return { state, effects: quiet }
  switch (event.type) {
    case 'response-started':
      return { state: inPhase(state, heard(running, running.spoke, running.lastEventMs, at)), effects: quiet }
    case 'ping':
      return { state: inPhase(state, heard(running, true, running.lastEventMs, at)), effects: quiet }
    case 'progress':
      return { state: inPhase(state, heard(running, true, at.nowMs, at)), effects: quiet }
    case 'block-completed':
      return {
        state: withChange(state, { phase: heard(running, true, at.nowMs, at), blockDone: true }),
        effects: quiet,
      }
    case 'opened':
      return opened(state, heard(running, true, at.nowMs, at, running.openedMs ?? at.nowMs), at, policy)
    case 'content':
      return content(state, running, at, policy)
    case 'completed':
      return completed(state, running.responded ? running : { ...running, responded: true }, at)
    case 'failed':
      return failAttempt(state, running, event.failure, at, policy)
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
  state: LoopState,
  running: RunningPhase,
  failure: Failure,
  at: Moment,
  policy: LoopPolicy,
): LoopStep {
  const closed = closeAttempt(state, running, 'failed', failure, at)
  const { act } = failureTable[failure.kind]
  if (act === 'cancel') return over(closed, 'client-gone', [report(running, { kind: 'abandoned' })])
  if (running.kind === 'relaying') return breakCommitted(closed, running, failure)
  const isFirst = !state.repeated.includes(running.candidate)
  if (act === 'refresh' && isFirst && !state.clientGone) {
    // Not yet a fault: only a credential that is still refused after its renewal is reported as dead.
    const { attempt, candidate, startedMs } = running
    const untilMs = at.nowMs + policy.refreshTimeoutMs
    const phase = { kind: 'refreshing', attempt, candidate, startedMs, untilMs } as const
    const effects: LoopEffect[] = [report(running, { kind: 'abandoned' }), { type: 'refresh-credential', candidate }]
    return { state: withChange(closed, { phase, repeated: [...state.repeated, candidate] }), effects }
  }
  const told = report(running, { kind: 'failed', failure })
  const isFinal = act === 'stop' || (act === 'mend' && !isFirst)
  if (isFinal || state.clientGone) return end(closed, endingOf(closed, null, at.nowMs), [told])
  const again = (act === 'same' || act === 'mend') && isFirst ? running.candidate : null
  return look(barredBy(closed, running.candidate, failure), again, [told])
}

/** Ask for a fresh look at the candidates, then choose. */
export function look(state: LoopState, again: string | null, effects: readonly LoopEffect[]): LoopStep {
  const phase = { kind: 'looking', again } as const
  return {
    state: again === null ? inPhase(state, phase) : withChange(state, { repeated: [...state.repeated, again], phase }),
    effects: [...effects, { type: 'look' }],
  }
}

/** The request is over, with one ending as its last effect. */
export function end(state: LoopState, ending: Ending, effects: readonly LoopEffect[]): LoopStep {
  if (state.clientGone) return over(state, 'client-gone', effects)
  const word = ending.type === 'finish' ? ending.end : endings[ending.type]
  return { state: inPhase(state, { kind: 'over', end: word }), effects: [...effects, ending] }
}

/** The request is over and there is nothing left to say to the client. */
export function over(state: LoopState, word: End, effects: readonly LoopEffect[]): LoopStep {
  const finish = { type: 'finish', end: word } as const
  return { state: inPhase(state, { kind: 'over', end: word }), effects: [...effects, finish] }
}

/** `state` with the running attempt's record completed. */
export function closeAttempt(
  state: LoopState,
  running: RunningPhase,
  outcome: Attempt['outcome'],
  failure: Failure | null,
  at: Moment,
): LoopState {
  const attempts = [...state.attempts]
  const index = attempts.findLastIndex(({ attempt }) => attempt === running.attempt)
  const open = attempts[index]
  if (open === undefined) return state
  const { attempt, candidate, round, why, startedMs } = open
  const paid = running.responded && isBillable(failure)
  attempts[index] = { attempt, candidate, round, why, startedMs, paid, endedMs: at.nowMs, outcome, failure }
  return withChange(state, { attempts })
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

function opened(state: LoopState, running: RunningPhase, at: Moment, policy: LoopPolicy): LoopStep {
  const next = inPhase(state, running)
  // With nobody behind it there is no failover to hide, so the client sees the opening as soon as we do.
  if (running.backup || !policy.stream || state.stage === 'opening' || running.kind === 'relaying')
    return { state: next, effects: quiet }
  return {
    state: withChange(next, { stage: 'opening', lastByteMs: at.nowMs }),
    effects: [{ type: 'release-opening', attempt: running.attempt }],
  }
}

function content(state: LoopState, running: RunningPhase, at: Moment, policy: LoopPolicy): LoopStep {
  if (running.kind === 'relaying' || !policy.stream)
    return { state: inPhase(state, heard(running, true, at.nowMs, at)), effects: quiet }
  const alive = report(running, { kind: 'alive', ttftMs: at.nowMs - running.startedMs })
  const phase = heard(running, true, at.nowMs, at, running.openedMs, 'relaying')
  return {
    state: withChange(state, { phase, stage: 'content', lastByteMs: at.nowMs }),
    effects: [commit(state, running), alive],
  }
}

function completed(state: LoopState, running: RunningPhase, at: Moment): LoopStep {
  const closed = closeAttempt(state, running, 'succeeded', null, at)
  const told = report(running, { kind: 'succeeded' })
  // An answer without any content is an answer too.
  const effects = running.kind === 'relaying' ? [told] : [commit(state, running), told]
  return end(
    closed.stage === 'content' ? closed : withChange(closed, { stage: 'content' }),
    { type: 'finish', end: 'completed' },
    effects,
  )
}

function commit(state: LoopState, { attempt }: Upstream): LoopEffect {
  return { type: 'commit', attempt, opening: state.stage === 'opening' ? 'drop' : 'send' }
}

function breakCommitted(closed: LoopState, running: RunningPhase, failure: Failure): LoopStep {
  const told = report(running, { kind: 'failed', failure })
  if (failure.kind === 'end-missing') {
    const supplied: LoopEffect = { type: 'supply-end', attempt: running.attempt }
    return end(closed, { type: 'finish', end: 'completed' }, [told, supplied])
  }
  return end(closed, brokenEnding(closed, running.attempt, failure), [told])
}

/** What the failure closes for the rest of this request. */
function barredBy(state: LoopState, candidate: string, failure: Failure): LoopState {
  const { act, aftermath, weight } = failureTable[failure.kind]
  const isClients = weight === 0 && state.candidates.some(({ id, passThrough }) => id === candidate && passThrough)
  // A pause is health's to end, except that health knows nothing of the client's own credential.
  const isFinal = weight === 0 && act !== 'same' && act !== 'mend' && (aftermath !== 'pause' || isClients)
  return withChange(state, {
    spent: isFinal ? [...state.spent, candidate] : state.spent,
    onlyPassThrough: state.onlyPassThrough || isClients,
  })
}

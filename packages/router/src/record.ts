import type { Moment } from '@lb/protocol'
import type { RequestFeatures } from './conditions.ts'
import { stepLoop } from './loop.ts'
import type { LoopPolicy } from './loop-policy.ts'
import { type Attempt, type End, type LoopEffect, type LoopEvent, type LoopState, newLoop } from './loop-state.ts'
import type { Plan } from './plan.ts'
import { loadCost } from './strategy.ts'

/** One event as the loop was told it: with the clock reading and the roll that it decided by. */
export interface LoggedEvent {
  readonly event: LoopEvent
  readonly at: Moment
}

/** Why a request went where it went. Plain JSON, small, without a word of its content. */
export interface DecisionRecord {
  readonly features: RequestFeatures
  readonly candidates: readonly RecordedCandidate[]
  readonly attempts: readonly Attempt[]
  /** The attempt whose bytes the client got, or `null`. */
  readonly committed: number | null
  readonly end: End | null
  /** Enough to compute it all again: see {@link replayLoop}. */
  readonly log: readonly LoggedEvent[]
}

/** A candidate as it stood when the plan was made. */
export interface RecordedCandidate {
  readonly id: string
  readonly availability: string
  /** Lower is better: latency times load, per weight. */
  readonly score: number
}

/** The log with one more event. Of news that only says "still alive", the last is enough. */
export function logged(log: readonly LoggedEvent[], event: LoopEvent, at: Moment): readonly LoggedEvent[] {
  const last = log.at(-1)?.event
  const isSign = event.type === 'progress' || event.type === 'ping'
  const isRepeated = isSign && last?.type === event.type && last.attempt === event.attempt
  return [...(isRepeated ? log.slice(0, -1) : log), { event, at }]
}

/** The record of a request, from what its parts left behind. */
export function decisionRecord(
  features: RequestFeatures,
  plan: Plan,
  state: LoopState,
  log: readonly LoggedEvent[],
): DecisionRecord {
  const last = state.attempts.at(-1)
  return {
    features,
    candidates: plan.candidates.map((candidate) => ({
      id: candidate.id,
      availability:
        candidate.availability.kind === 'barred' ? candidate.availability.reason : candidate.availability.kind,
      score: loadCost(candidate),
    })),
    attempts: state.attempts,
    committed: state.stage === 'content' && last !== undefined ? last.attempt : null,
    end: state.phase.kind === 'over' ? state.phase.end : null,
    log,
  }
}

/** Decides it all again. With the log of a request, the same effects come out and the same state. */
export function replayLoop(
  log: readonly LoggedEvent[],
  policy: LoopPolicy,
): { readonly state: LoopState; readonly effects: readonly LoopEffect[] } {
  let state = newLoop
  const effects: LoopEffect[] = []
  for (const { event, at } of log) {
    const step = stepLoop(state, event, at, policy)
    state = step.state
    effects.push(...step.effects)
  }
  return { state, effects }
}

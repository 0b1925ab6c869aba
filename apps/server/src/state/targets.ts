import {
  availabilityOf,
  emptyHealth,
  type HealthEffect,
  type HealthEvent,
  type HealthState,
  stepHealth,
  type Target,
} from '@lb/health'
import { assertNever } from '@lb/protocol'
import {
  type Candidate,
  firstTurns,
  type LoopEffect,
  type Plan,
  type PlanCandidate,
  plan,
  type RequestFeatures,
  type RouteProvider,
  type RouteTarget,
  routeTargets,
  type Turns,
} from '@lb/router'
import type { Clock } from '../clock.ts'
import { momentOf } from '../clock.ts'
import type { CompiledConfig } from './compiled-config.ts'

/**
 * What lb knows about the targets: their health, how busy they are, whose turn it is. The one place where health and
 * router meet, since neither knows of the other.
 */
export interface Targets {
  /** The candidates of a request, in the order in which they are to be asked. Empty: nothing is configured for it. */
  plan(compiled: CompiledConfig, wanted: Wanted): readonly PlanCandidate[]
  /** The same candidates with their condition as it is now. */
  look(compiled: CompiledConfig, candidates: readonly PlanCandidate[]): readonly PlanCandidate[]
  started(compiled: CompiledConfig, candidate: PlanCandidate, attempt: string): void
  reported(compiled: CompiledConfig, candidate: PlanCandidate, report: Report): void
  health(): HealthState
  /** For the operator: `cleared`, `disabled`, `enabled`. */
  tell(compiled: CompiledConfig, event: HealthEvent): void
}

export interface Wanted {
  readonly model: string
  readonly features: RequestFeatures
  readonly forcedProvider: string | null
  readonly session: string | null
  /** The providers that may answer; absent: all. */
  readonly providers?: readonly RouteProvider[] | undefined
}

/** The attempt loop's report about an attempt, with the attempt's name over all requests. */
export type Report = Pick<Extract<LoopEffect, { readonly type: 'report' }>, 'startedMs' | 'outcome'> & {
  readonly attempt: string
}

export interface TargetsDeps {
  readonly clock: Clock
  readonly roll: () => number
  /** What health has to tell: one line of the log each. */
  readonly onFact: (fact: HealthEffect) => void
}

export function createTargets({ clock, roll, onFact }: TargetsDeps): Targets {
  let health = emptyHealth
  const inFlight = new Map<string, number>()
  const turns = new Map<string, Turns>()

  function condition(compiled: CompiledConfig, target: RouteTarget): PlanCandidate {
    return {
      ...target,
      availability: availabilityOf(health, healthTarget(target), clock.nowMs(), compiled.healthPolicy),
      inFlight: inFlight.get(target.id) ?? 0,
      ttftMs: null,
    }
  }

  function tell(compiled: CompiledConfig, event: HealthEvent): void {
    const step = stepHealth(health, event, momentOf(clock, roll), compiled.healthPolicy)
    health = step.state
    for (const fact of step.effects) onFact(fact)
  }

  return {
    plan(compiled, { model, features, forcedProvider, session, providers = compiled.routeProviders }) {
      const targets = routeTargets(compiled.rules, providers, { model, features, forcedProvider })
      const candidates = targets.map((target) => condition(compiled, target))
      const wishes = { strategy: compiled.strategy, session, home: null }
      const planned: Plan = plan(candidates, wishes, turns.get(model) ?? firstTurns, momentOf(clock, roll))
      if (compiled.strategy !== 'priority') turns.set(model, planned.turns)
      return planned.candidates
    },
    look: (compiled, candidates) => candidates.map((candidate) => condition(compiled, candidate)),
    started(compiled, candidate, attempt) {
      inFlight.set(candidate.id, (inFlight.get(candidate.id) ?? 0) + 1)
      tell(compiled, { type: 'attempt-started', target: healthTarget(candidate), attempt })
    },
    reported(compiled, candidate, { attempt, startedMs, outcome }) {
      const target = healthTarget(candidate)
      if (outcome.kind !== 'alive') release(inFlight, candidate.id)
      switch (outcome.kind) {
        case 'alive':
          return tell(compiled, { type: 'attempt-alive', target, attempt, startedMs })
        case 'succeeded':
          return tell(compiled, { type: 'attempt-succeeded', target, attempt, startedMs })
        case 'failed':
          return tell(compiled, { type: 'attempt-failed', target, attempt, startedMs, failure: outcome.failure })
        case 'abandoned':
          return tell(compiled, { type: 'attempt-abandoned', target, attempt })
        default:
          return assertNever(outcome)
      }
    },
    health: () => health,
    tell,
  }
}

function healthTarget({
  provider,
  credential,
  model,
  passThrough,
}: Pick<Candidate, 'provider' | 'credential' | 'model' | 'passThrough'>): Target {
  return { provider, credential: passThrough ? null : credential, model }
}

function release(inFlight: Map<string, number>, id: string): void {
  const left = (inFlight.get(id) ?? 1) - 1
  if (left > 0) inFlight.set(id, left)
  else inFlight.delete(id)
}

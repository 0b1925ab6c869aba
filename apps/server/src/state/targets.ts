import {
  emptyHealth,
  type HealthEffect,
  type HealthEvent,
  type HealthState,
  type NodePath,
  nodesOf,
  stepHealth,
} from '@lb/health'
import type { Outcome, PlanCandidate, RouteTarget } from '@lb/router'
import { type Clock, momentOf } from '../clock.ts'
import type { CompiledConfig } from './compiled-config.ts'
import { endNews, healthTarget, isHardLoss } from './health-news.ts'
import { type Planned, Planner, type Wanted } from './planner.ts'
import { type Asked, type Asking, createProviderLimits, type ProviderLimits } from './provider-limits.ts'
import { isSameTarget } from './replaced-targets.ts'
import { RequestBudgets } from './request-budgets.ts'
import { createSessions, type Sessions } from './sessions.ts'
import { createTargetBooks, limitOutcome, type TargetBooks } from './target-books.ts'
import { createWaitingRoom, type WaitingRoom, type WaitReason } from './waiting-room.ts'

/** An attempt's end, or its first sign of life. `attempt`: its name over all requests. */
export interface Report {
  readonly request: string
  readonly attempt: string
  readonly startedMs: number
  readonly outcome: Outcome
  /** Whether the answer is a stream: a whole one shows no sign of life before its end. */
  readonly stream: boolean
  readonly session: string | null
  /** As the upstream counted. */
  readonly tokens?: number | undefined
}

/** An attempt that starts. `isFirst`: nobody was asked for its request before. */
interface Started extends Asked {
  readonly session: string | null
  readonly isFirst: boolean
}

export interface TargetsDeps {
  readonly clock: Clock
  readonly roll: () => number
  /** What health has to tell. */
  readonly onFact: (fact: HealthEffect) => void
  /** What is known from before. */
  readonly health?: HealthState
  /** Health is another one now. */
  readonly changed?: () => void
  /** What a target costs, for `cheapest`; `null`: not known. */
  readonly priceOf: (compiled: CompiledConfig, target: RouteTarget) => number | null
  /** The configuration in force: a request may still go by an older one. */
  readonly current: () => CompiledConfig
}

/**
 * What lb knows about the targets: their health, how busy they are, whose turn it is, where conversations are at home. Here
 * and in its planner health and router meet, since neither knows of the other.
 */
export class Targets {
  readonly #deps: TargetsDeps
  readonly #room: WaitingRoom
  readonly #books: TargetBooks
  readonly #limits: ProviderLimits
  readonly #sessions: Sessions = createSessions()
  readonly #planner: Planner
  readonly budgets: RequestBudgets = new RequestBudgets()
  #health: HealthState

  constructor(deps: TargetsDeps) {
    this.#deps = deps
    this.#health = deps.health ?? emptyHealth
    this.#room = createWaitingRoom(deps.clock)
    this.#books = createTargetBooks(this.#room.wake)
    this.#limits = createProviderLimits(this.#room.wake, (name) => deps.current().providers.get(name)?.limits ?? {})
    const { clock, roll, priceOf } = deps
    const known = { health: () => this.#health, books: this.#books, limits: this.#limits, sessions: this.#sessions }
    this.#planner = new Planner({ clock, roll, priceOf, ...known })
  }

  /** See {@link Planner.plan}. */
  plan(compiled: CompiledConfig, wanted: Wanted): Planned {
    return this.#planner.plan(compiled, wanted)
  }

  /** See {@link Planner.knows}. */
  knows(compiled: CompiledConfig, wanted: Wanted): boolean {
    return this.#planner.knows(compiled, wanted)
  }

  /** See {@link Planner.look}. */
  look(compiled: CompiledConfig, candidates: readonly PlanCandidate[], asked: Asking): readonly PlanCandidate[] {
    return this.#planner.look(compiled, candidates, asked)
  }

  started(
    compiled: CompiledConfig,
    candidate: PlanCandidate,
    { request, attempt, session, tokens, isFirst }: Started,
  ): void {
    const nowMs = this.#deps.clock.nowMs()
    if (isFirst) this.budgets.asked(nowMs)
    this.#limits.started(candidate.provider, { request, attempt, tokens }, nowMs)
    this.#books.tellLimit(candidate.id, { type: 'attempt-started', request }, nowMs)
    this.#tellOf(compiled, candidate, { type: 'attempt-started', target: healthTarget(candidate), attempt })
    if (session !== null)
      this.#sessions.tell(session, { type: 'started', candidate: candidate.id }, nowMs, compiled.affinityPolicy)
  }

  reported(compiled: CompiledConfig, candidate: PlanCandidate, report: Report): void {
    const { outcome, startedMs, attempt } = report
    const nowMs = this.#deps.clock.nowMs()
    const target = healthTarget(candidate)
    if (outcome.kind === 'alive') {
      this.#books.observeTtft(candidate.id, outcome.ttftMs, nowMs)
      this.budgets.answered(nowMs)
      return this.#tellOf(compiled, candidate, { type: 'attempt-alive', target, attempt, startedMs })
    }
    if (outcome.kind === 'succeeded' && !report.stream) {
      this.#books.observeWhole(candidate.id, nowMs - startedMs, nowMs)
      this.budgets.answered(nowMs)
    }
    this.#tellOf(compiled, candidate, endNews(outcome, { target, attempt, startedMs }))
    this.#tellSession(compiled, candidate.id, report, nowMs)
    // Last: the place that is free now calls somebody, who must see what health has just learned.
    this.#books.tellLimit(candidate.id, { type: 'attempt-ended', startedMs, outcome: limitOutcome(outcome) }, nowMs)
    this.#limits.ended(attempt, report.tokens, outcome.kind === 'succeeded', nowMs)
  }

  /** A request's loop waits, or ceases to. */
  waiting(candidates: readonly PlanCandidate[], request: string, why: WaitReason | null, wake: () => void): void {
    this.#room.changed(request, why, wake)
    const nowMs = this.#deps.clock.nowMs()
    this.#limits.waiting(candidates, request, why, nowMs)
    for (const { id } of candidates) {
      if (why === 'queue') this.#books.tellLimit(id, { type: 'request-queued', request }, nowMs)
      else if (why === null) this.#books.tellLimit(id, { type: 'request-left', request }, nowMs)
    }
  }

  health(): HealthState {
    return this.#health
  }

  /** Steps health; also for the operator's `cleared`, `disabled`, `enabled`. */
  tell(compiled: CompiledConfig, event: HealthEvent): void {
    const { clock, roll, onFact } = this.#deps
    const step = stepHealth(this.#health, event, momentOf(clock, roll), compiled.healthPolicy)
    if (step.state !== this.#health) this.#deps.changed?.()
    this.#health = step.state
    for (const fact of step.effects) {
      if (fact.type === 'recovered' || fact.type === 'barred') this.#room.health(fact.type)
      onFact(fact)
    }
    if (event.type === 'cleared' || event.type === 'enabled') this.#room.health('recovered')
  }

  /** Forgets every provider and credential that is not kept, an operator's switch included. */
  keep(isKept: (path: NodePath) => boolean): void {
    const compiled = this.#deps.current()
    for (const { path } of nodesOf(this.#health)) {
      if (isKept(path)) continue
      this.tell(compiled, { type: 'enabled', path })
      this.tell(compiled, { type: 'cleared', path })
    }
    this.#books.keep((target) => isKept(target))
    this.#limits.keep((provider) => isKept({ provider, credential: null, model: null }))
  }

  /** Another configuration is in force. @param replaced providers whose name means another one now. */
  reconfigured(replaced: ReadonlySet<string>): void {
    this.#limits.keep((provider) => !replaced.has(provider))
    this.#limits.changed()
  }

  /** Whoever waits looks again, one after another. */
  callWaiting(): void {
    this.#room.health('recovered')
  }

  /** What an older configuration meant by this name may be another thing now: then it says nothing about the new one. */
  #tellOf(compiled: CompiledConfig, candidate: PlanCandidate, event: HealthEvent): void {
    const current = this.#deps.current()
    if (compiled === current || isSameTarget(compiled.providers, current.providers, candidate))
      this.tell(compiled, event)
  }

  #tellSession(compiled: CompiledConfig, candidate: string, { outcome, session }: Report, nowMs: number): void {
    if (session === null) return
    const lost = outcome.kind === 'failed' && isHardLoss(outcome.failure.kind)
    const type = outcome.kind === 'succeeded' ? 'succeeded' : lost ? 'released' : undefined
    if (type !== undefined) this.#sessions.tell(session, { type, candidate }, nowMs, compiled.affinityPolicy)
  }
}

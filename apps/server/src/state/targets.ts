import {
  availabilityOf,
  emptyHealth,
  type HealthEffect,
  type HealthEvent,
  type HealthState,
  type NodePath,
  nodesOf,
  stepHealth,
} from '@lb/health'
import {
  firstTurns,
  fullBudget,
  type Outcome,
  openThrottle,
  type PlanCandidate,
  plan,
  type RequestFeatures,
  type RetryBudget,
  type RouteProvider,
  type RouteTarget,
  refuseChance,
  retryTokens,
  routeTargets,
  stepBudget,
  stepThrottle,
  type Throttle,
  type Turns,
} from '@lb/router'
import { type Clock, momentOf } from '../clock.ts'
import type { CompiledConfig } from './compiled-config.ts'
import { endNews, healthTarget, isHardLoss } from './health-news.ts'
import { planCandidate } from './plan-candidate.ts'
import { type Asked, type Asking, createProviderLimits, type ProviderLimits } from './provider-limits.ts'
import { isSameTarget } from './replaced-targets.ts'
import { createSessions, type Sessions } from './sessions.ts'
import { createTargetBooks, limitOutcome, type TargetBooks } from './target-books.ts'
import { createWaitingRoom, type WaitingRoom, type WaitReason } from './waiting-room.ts'

/** What a request wants, as far as planning goes. */
export interface Wanted {
  readonly request: string
  readonly model: string
  readonly features: RequestFeatures
  readonly forcedProvider: string | null
  /** The conversation; asked only where it matters. */
  readonly session: () => string
  /** Estimated. */
  readonly tokens: number
  /** The providers that may answer; absent: all. */
  readonly providers?: readonly RouteProvider[] | undefined
}

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

/** Who is to be asked, in this order, and the conversation that it is about; `null` where there is no choice. */
export interface Planned {
  readonly candidates: readonly PlanCandidate[]
  readonly session: string | null
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

/** Turns are kept for so many models. */
const MAX_TURNS = 1_000

/**
 * What lb knows about the targets: their health, how busy they are, whose turn it is, where conversations are at home. The
 * one place where health and router meet, since neither knows of the other.
 */
export class Targets {
  readonly #deps: TargetsDeps
  readonly #room: WaitingRoom
  readonly #books: TargetBooks
  readonly #limits: ProviderLimits
  readonly #sessions: Sessions = createSessions()
  readonly #turns = new Map<string, Turns>()
  #health: HealthState
  #budget: RetryBudget = fullBudget
  #throttle: Throttle = openThrottle

  constructor(deps: TargetsDeps) {
    this.#deps = deps
    this.#health = deps.health ?? emptyHealth
    this.#room = createWaitingRoom(deps.clock)
    this.#books = createTargetBooks(this.#room.wake)
    this.#limits = createProviderLimits(this.#room.wake, (name) => deps.current().providers.get(name)?.limits ?? {})
  }

  /** The candidates of a request, in the order in which they are to be asked. Empty: nothing is configured for it. */
  plan(compiled: CompiledConfig, wanted: Wanted): Planned {
    const { strategy } = compiled
    const candidates = this.#targets(compiled, wanted).map((target) => this.#condition(compiled, target, wanted))
    if (candidates.length < 2) return { candidates, session: null }
    const { clock, roll } = this.#deps
    const session = wanted.session()
    const homes = this.#sessions.homes(session, clock.nowMs(), compiled.affinityPolicy)
    const usable = homes.filter((id) => candidates.some((candidate) => candidate.id === id && isUsable(candidate)))
    const [home = null, lent = null] = usable
    const turns = this.#turns.get(wanted.model) ?? firstTurns
    const onlyBestRule = compiled.healthPolicy.judge === 'count-all' || wanted.forcedProvider !== null
    const wishes = { strategy, session, home, lent, onlyBestRule }
    const planned = plan(this.#priced(compiled, candidates), wishes, turns, momentOf(clock, roll))
    if (planned.turns !== turns) this.#keepTurns(wanted.model, planned.turns)
    return { candidates: planned.candidates, session }
  }

  /** Whether anybody is configured for what a request wants. */
  knows(compiled: CompiledConfig, wanted: Wanted): boolean {
    return this.#targets(compiled, wanted).length > 0
  }

  /** The same candidates with their condition as it is now. */
  look(compiled: CompiledConfig, candidates: readonly PlanCandidate[], asked: Asking): readonly PlanCandidate[] {
    return candidates.map((candidate) => this.#condition(compiled, candidate, asked))
  }

  /** A request begins. @returns the chance with which the local throttle refuses it when nobody is available. */
  begun(): number {
    this.#budget = stepBudget(this.#budget, 'request')
    return refuseChance(this.#throttle)
  }

  retryTokens(): number {
    return retryTokens(this.#budget)
  }

  retryStarted(): void {
    this.#budget = stepBudget(this.#budget, 'retry-started')
  }

  retryEnded(): void {
    this.#budget = stepBudget(this.#budget, 'retry-ended')
  }

  started(
    compiled: CompiledConfig,
    candidate: PlanCandidate,
    { request, attempt, session, tokens, isFirst }: Started,
  ): void {
    const nowMs = this.#deps.clock.nowMs()
    if (isFirst) this.#throttle = stepThrottle(this.#throttle, 'asked', nowMs)
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
      this.#answered(nowMs)
      return this.#tellOf(compiled, candidate, { type: 'attempt-alive', target, attempt, startedMs })
    }
    if (outcome.kind === 'succeeded' && !report.stream) this.#answered(nowMs)
    this.#tellOf(compiled, candidate, endNews(outcome, { target, attempt, startedMs }))
    this.#tellSession(compiled, candidate.id, report, nowMs)
    // Last: the place that is free now calls somebody, who must see what health has just learned.
    this.#books.tellLimit(candidate.id, { type: 'attempt-ended', startedMs, outcome: limitOutcome(outcome) }, nowMs)
    this.#limits.ended(attempt, report.tokens, outcome.kind === 'succeeded', nowMs)
  }

  /** An upstream accepted a request: what answers can bear more. */
  #answered(nowMs: number): void {
    this.#throttle = stepThrottle(this.#throttle, 'accept', nowMs)
    this.#budget = stepBudget(this.#budget, 'answered')
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

  /** What an older configuration meant by this name may be another thing now: then it says nothing about the new one. */
  #tellOf(compiled: CompiledConfig, candidate: PlanCandidate, event: HealthEvent): void {
    const current = this.#deps.current()
    if (compiled === current || isSameTarget(compiled.providers, current.providers, candidate))
      this.tell(compiled, event)
  }

  #targets(compiled: CompiledConfig, { model, features, forcedProvider, providers }: Wanted): readonly RouteTarget[] {
    const isPlain = forcedProvider === null && providers === undefined && !compiled.hasConditions
    const known = isPlain ? compiled.targetsByModel.get(model) : undefined
    if (known !== undefined) return known
    const targets = routeTargets(compiled.rules, providers ?? compiled.routeProviders, {
      model,
      features,
      forcedProvider,
    })
    if (isPlain) compiled.targetsByModel.set(model, targets)
    return targets
  }

  #condition(compiled: CompiledConfig, target: RouteTarget, { request, tokens }: Asking): PlanCandidate {
    const { id, provider } = target
    const nowMs = this.#deps.clock.nowMs()
    const health = availabilityOf(this.#health, healthTarget(target), nowMs, compiled.healthPolicy)
    const place = health.kind === 'available' ? this.#books.placeOf(id, request) : 'free'
    const guessed = place === 'free' ? health : ({ kind: 'full', queue: place === 'queue' } as const)
    const availability = this.#limits.within(provider, { request, tokens }, guessed, nowMs)
    return planCandidate(target, availability, this.#books.inFlight(id), this.#books.ttftMs(id))
  }

  #priced(compiled: CompiledConfig, candidates: readonly PlanCandidate[]): readonly PlanCandidate[] {
    if (compiled.strategy !== 'cheapest') return candidates
    return candidates.map((candidate) => ({ ...candidate, price: this.#deps.priceOf(compiled, candidate) }))
  }

  #tellSession(compiled: CompiledConfig, candidate: string, { outcome, session }: Report, nowMs: number): void {
    if (session === null) return
    const lost = outcome.kind === 'failed' && isHardLoss(outcome.failure.kind)
    const type = outcome.kind === 'succeeded' ? 'succeeded' : lost ? 'released' : undefined
    if (type !== undefined) this.#sessions.tell(session, { type, candidate }, nowMs, compiled.affinityPolicy)
  }

  #keepTurns(model: string, turns: Turns): void {
    if (this.#turns.size >= MAX_TURNS && !this.#turns.has(model)) this.#turns.clear()
    this.#turns.set(model, turns)
  }
}

function isUsable({ availability: { kind } }: PlanCandidate): boolean {
  return kind === 'available' || kind === 'probe'
}

import {
  availabilityOf,
  emptyHealth,
  type HealthEffect,
  type HealthEvent,
  type HealthPolicy,
  type HealthState,
  stepHealth,
  type Target,
} from '@lb/health'
import { failureTable } from '@lb/protocol'
import {
  type Affinity,
  type AffinityEvent,
  type Availability,
  firstTurns,
  fullBudget,
  homesOf,
  type Latency,
  type Limit,
  type LimitEvent,
  type LoopPolicy,
  nextReleaseDeadlineMs,
  noLimit,
  type Outcome,
  observeLatency,
  openThrottle,
  type Plan,
  type PlanCandidate,
  placeOf,
  plan,
  type ReleaseEvent,
  type RetryBudget,
  type RouteTarget,
  refuseChance,
  retryTokens,
  type Strategy,
  shutRelease,
  stepAffinity,
  stepBudget,
  stepLimit,
  stepRelease,
  stepThrottle,
  type Throttle,
  type Turns,
} from '@lb/router'
import type { Agenda, Due } from './agenda.ts'
import type { Luck } from './chance.ts'
import { Exchange, type Report, type Request } from './exchange.ts'
import type { Upstream } from './upstream.ts'
import type { Watcher } from './watcher.ts'

/** How one instance is configured. */
export interface GatewayPlan {
  readonly targets: readonly RouteTarget[]
  readonly strategy: Strategy
  readonly health: HealthPolicy
  readonly loop: LoopPolicy
  readonly stickyMs: number
}

/** A target as it stands, with its book. */
export interface Book {
  limit: Limit
  latency: Latency | null
}

const noFacts: readonly HealthEffect[] = []

/**
 * One instance of the server, without the server: it keeps the states of the deciders and obeys them. `apps/server` does
 * the same with sockets.
 */
export class Gateway implements Due {
  /** Which of several instances; empty when there is only one. */
  readonly name: string
  readonly agenda: Agenda
  readonly plan: GatewayPlan
  readonly chance: Luck
  readonly watcher: Watcher
  readonly upstreams: ReadonlyMap<string, Upstream>
  readonly exchanges: Map<string, Exchange> = new Map()
  health: HealthState = emptyHealth
  budget: RetryBudget = fullBudget
  throttle: Throttle = openThrottle
  #release = shutRelease
  #turns: Turns = firstTurns
  readonly books: Map<string, Book> = new Map()
  readonly #affinities = new Map<string, Affinity>()

  constructor(
    name: string,
    agenda: Agenda,
    gatewayPlan: GatewayPlan,
    upstreams: ReadonlyMap<string, Upstream>,
    chance: Luck,
    watcher: Watcher,
  ) {
    this.name = name
    this.agenda = agenda
    this.plan = gatewayPlan
    this.upstreams = upstreams
    this.chance = chance
    this.watcher = watcher
  }

  /** A client's request arrives. */
  accept(request: Request): Exchange {
    const nowMs = this.agenda.nowMs
    const planned = this.#order(request, nowMs)
    this.budget = stepBudget(this.budget, 'request')
    const exchange = new Exchange(this, request, planned.candidates)
    this.exchanges.set(request.id, exchange)
    this.watcher.planned(exchange, planned.candidates)
    exchange.tell({
      type: 'begin',
      candidates: planned.candidates,
      retryTokens: retryTokens(this.budget),
      timeoutMs: request.timeoutMs,
      client: request.client,
      refuseChance: refuseChance(this.throttle),
    })
    return exchange
  }

  /** The candidates of a request as they are now. */
  look(request: string, planned: readonly PlanCandidate[]): readonly PlanCandidate[] {
    const nowMs = this.agenda.nowMs
    return planned.map((candidate) => {
      const availability = this.availability(candidate, request, nowMs)
      return availability === candidate.availability
        ? candidate
        : candidateOf(candidate, availability, candidate.inFlight, candidate.ttftMs)
    })
  }

  /** Health's answer, unless the concurrency limit says that it is full. */
  availability(target: RouteTarget, request: string, nowMs: number): Availability {
    const health = availabilityOf(this.health, healthTarget(target), nowMs, this.plan.health)
    if (health.kind === 'barred') return health
    const place = placeOf(this.book(target.id).limit, request)
    return place === 'free' ? health : { kind: 'full', queue: place === 'queue' }
  }

  /** The book of a target. */
  book(id: string): Book {
    let book = this.books.get(id)
    if (book === undefined) {
      book = { limit: noLimit, latency: null }
      this.books.set(id, book)
    }
    return book
  }

  /** Tells health, and lets those know who wait for its facts. */
  tellHealth(event: HealthEvent): readonly HealthEffect[] {
    const at = { nowMs: this.agenda.nowMs, roll: this.chance.next() }
    const before = this.health
    const step = stepHealth(before, event, at, this.plan.health)
    this.health = step.state
    this.watcher.judged(this, event, before)
    if (step.effects.length === 0) return noFacts
    for (const fact of step.effects) this.watcher.fact(this, fact)
    // Only then: who is woken acts on the whole of what was learned.
    for (const { type } of step.effects) if (type === 'recovered' || type === 'barred') this.tellRelease({ type })
    return step.effects
  }

  /** What an attempt reported, to everybody who keeps a book about it. */
  reported(exchange: Exchange, target: RouteTarget, { attempt, startedMs, outcome }: Report): void {
    const nowMs = this.agenda.nowMs
    const name = `${exchange.request.id}:${attempt}`
    const seen = { target: healthTarget(target), attempt: name, startedMs }
    if (outcome.kind === 'alive') {
      const book = this.book(target.id)
      book.latency = observeLatency(book.latency, outcome.ttftMs, nowMs)
      this.#answered(nowMs)
      this.tellHealth({ type: 'attempt-alive', ...seen })
      return
    }
    if (outcome.kind === 'succeeded') {
      if (!this.plan.loop.stream) this.#answered(nowMs)
      this.tellHealth({ type: 'attempt-succeeded', ...seen })
    } else if (outcome.kind === 'failed') {
      this.tellHealth({ type: 'attempt-failed', ...seen, failure: outcome.failure })
    } else {
      this.tellHealth({ type: 'attempt-abandoned', target: seen.target, attempt: name })
    }
    const { session } = exchange.request
    const news = outcome.kind === 'succeeded' ? 'succeeded' : isHardLoss(outcome) ? 'released' : undefined
    if (session !== null && news !== undefined) this.#tellAffinity(session, { type: news, candidate: target.id })
    // Last: the place that is free now calls somebody, who must see what health has just learned.
    this.tellLimit(target.id, { type: 'attempt-ended', startedMs, outcome: limitOutcome(outcome) })
  }

  #answered(nowMs: number): void {
    this.throttle = stepThrottle(this.throttle, 'accept', nowMs)
    this.budget = stepBudget(this.budget, 'answered')
  }

  /** Tells a target's concurrency limit, and wakes whom it calls. */
  tellLimit(id: string, event: LimitEvent): void {
    const book = this.book(id)
    const { limit, effects } = stepLimit(book.limit, event, this.agenda.nowMs)
    book.limit = limit
    for (const { request } of effects) this.exchanges.get(request)?.wake()
  }

  /** Tells the ramp, and wakes whom it calls. */
  tellRelease(event: ReleaseEvent): void {
    const step = stepRelease(this.#release, event, this.agenda.nowMs)
    this.#release = step.release
    const dueMs = nextReleaseDeadlineMs(step.release)
    if (dueMs !== undefined) this.agenda.put(dueMs, this)
    for (const { request } of step.effects) this.exchanges.get(request)?.wake()
  }

  /** The ramp's tick. */
  run(): void {
    this.tellRelease({ type: 'tick' })
  }

  #order(request: Request, nowMs: number): Plan {
    const policy = { lifetimeMs: this.plan.stickyMs }
    const candidates = this.plan.targets.map((target) => {
      const { limit, latency } = this.book(target.id)
      const availability = this.availability(target, request.id, nowMs)
      return candidateOf(target, availability, limit.inFlight, latency?.ms ?? null)
    })
    const affinity = request.session === null ? null : (this.#affinities.get(request.session) ?? null)
    const home = homesOf(affinity, nowMs, policy).find((id) =>
      candidates.some(
        ({ id: other, availability: { kind } }) => other === id && (kind === 'available' || kind === 'probe'),
      ),
    )
    const wishes = { strategy: this.plan.strategy, session: request.session, home: home ?? null }
    const planned = plan(candidates, wishes, this.#turns, { nowMs, roll: this.chance.next() })
    this.#turns = planned.turns
    return planned
  }

  /** An attempt starts: a conversation without a home has one now. */
  started(exchange: Exchange, target: RouteTarget, attempt: number): void {
    const { id, session } = exchange.request
    if (attempt === 1) this.throttle = stepThrottle(this.throttle, 'asked', this.agenda.nowMs)
    this.tellHealth({ type: 'attempt-started', target: healthTarget(target), attempt: `${id}:${attempt}` })
    this.tellLimit(target.id, { type: 'attempt-started', request: id })
    if (session !== null) this.#tellAffinity(session, { type: 'started', candidate: target.id })
  }

  #tellAffinity(session: string, event: AffinityEvent): void {
    const policy = { lifetimeMs: this.plan.stickyMs }
    const before = this.#affinities.get(session) ?? null
    const after = stepAffinity(before, event, this.agenda.nowMs, policy)
    if (after === null) this.#affinities.delete(session)
    else this.#affinities.set(session, after)
  }
}

/** Field by field: see `withChange` of the router. */
function candidateOf(
  { id, provider, credential, model, passThrough, rank, priority, weight, price }: RouteTarget,
  availability: Availability,
  inFlight: number,
  ttftMs: number | null,
): PlanCandidate {
  return { id, provider, credential, model, passThrough, rank, priority, weight, price, availability, inFlight, ttftMs }
}

/** A target as health names it. */
function healthTarget({ provider, credential, model, passThrough }: RouteTarget): Target {
  return { provider, credential: passThrough ? null : credential, model }
}

/** A 429 without a date says "fewer at once"; with a date health knows what to do, and 529 is nobody's limit. */
function limitOutcome(outcome: Outcome): 'succeeded' | 'limited' | 'other' {
  if (outcome.kind !== 'failed') return outcome.kind === 'succeeded' ? 'succeeded' : 'other'
  const { kind, retryAfterMs } = outcome.failure
  return kind === 'rate-limited' && retryAfterMs === undefined ? 'limited' : 'other'
}

/** No wait mends it: the conversation needs another home. */
function isHardLoss(outcome: Outcome): boolean {
  if (outcome.kind !== 'failed') return false
  const { kind } = outcome.failure
  return failureTable[kind].aftermath === 'down' || kind === 'quota-rejected' || kind === 'credits-exhausted'
}

import {
  availabilityOf,
  emptyHealth,
  type HealthEffect,
  type HealthEvent,
  type HealthPolicy,
  type HealthState,
  stepHealth,
} from '@lb/health'
import { failureTable } from '@lb/protocol'
import {
  type Affinity,
  type AffinityEvent,
  type AffinityPolicy,
  type Availability,
  firstTurns,
  fullBudget,
  homesOf,
  type LimitEvent,
  type LoopPolicy,
  nextReleaseDeadlineMs,
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
import { type Book, candidateIn, candidateOf, newBook } from './book.ts'
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
  readonly books: ReadonlyMap<string, Book>
  readonly #affinityPolicy: AffinityPolicy
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
    this.books = new Map(gatewayPlan.targets.map((target) => [target.id, newBook(target)]))
    this.#affinityPolicy = { lifetimeMs: gatewayPlan.stickyMs }
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
      const book = this.book(candidate.id)
      const availability = this.#availability(book, request, nowMs)
      return availability === candidate.availability
        ? candidate
        : candidateOf(book.target, availability, candidate.inFlight, candidate.ttftMs)
    })
  }

  /** Health's answer, unless the concurrency limit says that it is full. */
  #availability({ healthTarget, limit }: Book, request: string, nowMs: number): Availability {
    const health = availabilityOf(this.health, healthTarget, nowMs, this.plan.health)
    if (health.kind === 'barred') return health
    const place = placeOf(limit, request)
    return place === 'free' ? health : { kind: 'full', queue: place === 'queue' }
  }

  /** The book of a target. */
  book(id: string): Book {
    const book = this.books.get(id)
    if (book === undefined) throw new Error(`no target ${id}`)
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
  reported(exchange: Exchange, { id }: RouteTarget, attempt: string, { startedMs, outcome }: Report): void {
    const nowMs = this.agenda.nowMs
    const book = this.book(id)
    const target = book.healthTarget
    if (outcome.kind === 'alive') {
      book.latency = observeLatency(book.latency, outcome.ttftMs, nowMs)
      this.#answered(nowMs)
      this.tellHealth({ type: 'attempt-alive', target, attempt, startedMs })
      return
    }
    if (outcome.kind === 'succeeded') {
      if (!this.plan.loop.stream) this.#answered(nowMs)
      this.tellHealth({ type: 'attempt-succeeded', target, attempt, startedMs })
    } else if (outcome.kind === 'failed') {
      this.tellHealth({ type: 'attempt-failed', target, attempt, startedMs, failure: outcome.failure })
    } else {
      this.tellHealth({ type: 'attempt-abandoned', target, attempt })
    }
    const { session } = exchange.request
    const news = outcome.kind === 'succeeded' ? 'succeeded' : isHardLoss(outcome) ? 'released' : undefined
    if (session !== null && news !== undefined) this.#tellAffinity(session, { type: news, candidate: id })
    // Last: the place that is free now calls somebody, who must see what health has just learned.
    this.tellLimit(id, { type: 'attempt-ended', startedMs, outcome: limitOutcome(outcome) })
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

  #order({ id: request, session }: Request, nowMs: number): Plan {
    const candidates: PlanCandidate[] = []
    for (const book of this.books.values()) candidates.push(candidateIn(book, this.#availability(book, request, nowMs)))
    const affinity = session === null ? null : (this.#affinities.get(session) ?? null)
    const [home = null, lent = null] = homesOf(affinity, nowMs, this.#affinityPolicy).filter((id) =>
      candidates.some(
        ({ id: other, availability: { kind } }) => other === id && (kind === 'available' || kind === 'probe'),
      ),
    )
    const wishes = { strategy: this.plan.strategy, session, home, lent }
    const planned = plan(candidates, wishes, this.#turns, { nowMs, roll: this.chance.next() })
    this.#turns = planned.turns
    return planned
  }

  /** An attempt starts: a conversation without a home has one now. */
  started(exchange: Exchange, { id: candidate }: RouteTarget, number: number, attempt: string): void {
    const { id: request, session } = exchange.request
    if (number === 1) this.throttle = stepThrottle(this.throttle, 'asked', this.agenda.nowMs)
    this.tellHealth({ type: 'attempt-started', target: this.book(candidate).healthTarget, attempt })
    this.tellLimit(candidate, { type: 'attempt-started', request })
    if (session !== null) this.#tellAffinity(session, { type: 'started', candidate })
  }

  #tellAffinity(session: string, event: AffinityEvent): void {
    const before = this.#affinities.get(session) ?? null
    const after = stepAffinity(before, event, this.agenda.nowMs, this.#affinityPolicy)
    if (after === null) this.#affinities.delete(session)
    else this.#affinities.set(session, after)
  }
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

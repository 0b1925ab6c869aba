import { type HealthEffect, type HealthEvent, type HealthState, type NodePath, nodesOf, pathText } from '@lb/health'
import { type FailureKind, failureTable } from '@lb/protocol'
import { type Ending, type LoopEffect, type LoopEvent, type LoopState, retryTokens } from '@lb/router'
import type { Exchange, Marks } from './exchange.ts'
import type { Gateway } from './gateway.ts'
import { hasTooManyTries, isOutOfTries } from './tries.ts'
import type { Watcher } from './watcher.ts'

/** How the local throttle's own failure begins. */
const THROTTLED = 'refused locally'

/** What must never happen, by the numbers of the design. */
export type Invariant = 'I1' | 'I2' | 'I3' | 'I4' | 'I5' | 'I6' | 'I7' | 'I8' | 'I9' | 'I10' | 'I11' | 'I17' | 'live'

/** One breach, with what is needed to find it again. */
export interface Violation {
  readonly invariant: Invariant
  readonly atMs: number
  readonly what: string
}

/** What a run added up to. */
export interface Sums {
  requests: number
  attempts: number
  completed: number
  refused: number
  broken: number
  gone: number
  /** Facts of health: 0 means that nobody's health ever changed. */
  facts: number
}

/** Which providers of a world never fail, and from when none does. */
export interface Promises {
  readonly steady: ReadonlySet<string>
  readonly healedMs: number
}

/** Checks every step of every request, and adds up a hash of all that was decided. */
export class Guard implements Watcher {
  readonly violations: Violation[] = []
  readonly sums: Sums = { requests: 0, attempts: 0, completed: 0, refused: 0, broken: 0, gone: 0, facts: 0 }
  hash = 0x811c9dc5
  readonly #promises: Promises
  /** Dates that upstreams gave, by instance and target. */
  readonly #dates = new Map<Gateway, Map<string, number>>()
  readonly #probes = new Map<Gateway, Map<string, { readonly attempt: string; readonly untilMs: number }>>()

  constructor(promises: Promises) {
    this.#promises = promises
  }

  planned(): void {
    this.sums.requests += 1
  }

  stepped(exchange: Exchange, event: LoopEvent, before: LoopState, effects: readonly LoopEffect[]): void {
    if (effects.length === 0) return
    const { marks } = exchange
    if (marks.isClosed) {
      this.#breach('I2', exchange, 'effects after the end')
      return
    }
    this.#stir(exchange.gateway.agenda.nowMs * 8)
    for (const effect of effects) {
      this.#stir(effect.type.length * 31 + effect.type.charCodeAt(0))
      this.#effect(exchange, marks, effect)
    }
    if (event.type === 'client-gone') this.#left(exchange, before, effects)
  }

  obeyed(): void {}

  judged(gateway: Gateway, event: HealthEvent, before: HealthState): void {
    if ('attempt' in event && event.type !== 'attempt-started') this.#probeOver(gateway, event.attempt)
    if (before === gateway.health) return
    const isQuiet =
      event.type === 'attempt-abandoned' ||
      (event.type === 'attempt-failed' && failureTable[event.failure.kind].aftermath === 'none')
    if (!isQuiet || gateway.plan.health.judge === 'count-all') return
    // The one change that is allowed: a probe that says nothing gives its lease back.
    const hadLease = nodesOf(before).some(
      ({ node: { state } }) => state.kind === 'half-open' && state.probe.attempt === event.attempt,
    )
    if (!hadLease) this.#note('I9', gateway.agenda.nowMs, `${event.type} changed health`)
  }

  fact(gateway: Gateway, fact: HealthEffect): void {
    this.#stir(fact.type.length)
    this.sums.facts += 1
    if (fact.type === 'recovered') this.#dateOver(gateway, fact.node)
    const probes = this.#of(this.#probes, gateway)
    const node = pathText(fact.node)
    // Somebody else's success, or a new bar, ends the probe's part.
    if (fact.type === 'recovered' || fact.type === 'barred') probes.delete(node)
    if (fact.type !== 'probing') return
    const { nowMs } = gateway.agenda
    if ((probes.get(node)?.untilMs ?? 0) > nowMs) this.#note('I7', nowMs, `a second probe of ${node}`)
    probes.set(node, { attempt: fact.attempt, untilMs: nowMs + gateway.plan.health.probeLeaseMs })
  }

  ended(exchange: Exchange, ending: Ending): void {
    const { marks } = exchange
    if (marks.isClosed || marks.endings !== 1) this.#breach('I2', exchange, 'not exactly one end')
    marks.isClosed = true
    this.#count(ending)
    if (exchange.state.attempts.some(({ outcome }) => outcome === 'running'))
      this.#breach('I11', exchange, 'an attempt runs on without a consumer')
    if (ending.type === 'give-up' && ending.attempt === null) this.#refused(exchange, ending)
    if (ending.type === 'finish' || ending.type === 'abort-client' || marks.commits !== 0) return
    if (!ending.failure.message.startsWith(THROTTLED)) this.#failed(exchange, ending.failure.kind)
  }

  refreshes(): boolean {
    return true
  }

  /** Everything is over: nothing may be left. */
  quiet(gateway: Gateway): void {
    const { budget, exchanges, books, agenda } = gateway
    if (exchanges.size > 0) this.#note('I2', agenda.nowMs, `${exchanges.size} requests never ended`)
    if (budget.retrying !== 0 || budget.tokens < 0 || budget.tokens > 20)
      this.#note('I10', agenda.nowMs, `the budget is left at ${JSON.stringify(budget)}`)
    for (const [id, { limit }] of books)
      if (limit.inFlight !== 0 || limit.waiting.length > 0 || limit.invited.length > 0)
        this.#note('I10', agenda.nowMs, `the limit of ${id} is left at ${JSON.stringify(limit)}`)
  }

  /** A breach that was found elsewhere. */
  note(invariant: Invariant, atMs: number, what: string): void {
    this.#note(invariant, atMs, what)
  }

  #effect(exchange: Exchange, marks: Marks, effect: LoopEffect): void {
    switch (effect.type) {
      case 'start-attempt':
        this.#started(exchange, marks, effect)
        break
      case 'release-opening':
        marks.openings += 1
        if (marks.openings > 1 || marks.commits > 0) this.#breach('I1', exchange, 'a second message_start')
        break
      case 'commit':
        marks.commits += 1
        if (marks.commits > 1) this.#breach('I1', exchange, 'a second commit')
        if ((effect.opening === 'send') !== (marks.openings === 0))
          this.#breach('I1', exchange, 'message_start not once')
        break
      case 'spend-budget':
        if (retryTokens(exchange.gateway.budget) < 1) this.#breach('I5', exchange, 'a retry beyond the budget')
        break
      case 'report':
        this.#reported(exchange, effect)
        break
      case 'finish':
      case 'give-up':
      case 'end-truthfully':
      case 'abort-client':
        marks.endings += 1
        if (effect.type === 'give-up' && marks.commits + marks.openings > 0)
          this.#breach('I1', exchange, 'a status after the stream began')
        break
      // These break no invariant, whenever they come.
      case 'cancel-attempt':
      case 'look':
      case 'refresh-credential':
      case 'send-preamble':
      case 'ping':
      case 'supply-end':
        break
    }
  }

  #started(exchange: Exchange, marks: Marks, effect: Extract<LoopEffect, { type: 'start-attempt' }>): void {
    this.sums.attempts += 1
    this.#stir(effect.attempt * 7 + effect.candidate.length)
    const { state, gateway } = exchange
    const { nowMs } = gateway.agenda
    const { loop } = gateway.plan
    if (nowMs >= state.deadlineMs || marks.commits > 0 || state.clientGone || marks.endings > 0)
      this.#breach('I3', exchange, 'an attempt after deadline, commit or end')
    if (hasTooManyTries(state, effect.candidate, effect.why === 'again', loop))
      this.#breach('I5', exchange, 'too many attempts')
    const wasted = state.attempts.filter(({ paid, outcome }) => paid && outcome === 'failed').length
    const isNew = state.attempts.filter(({ candidate }) => candidate === effect.candidate).length === 1
    if (wasted > loop.paidMax || (wasted === loop.paidMax && !isNew && effect.why !== 'again'))
      this.#breach('I5', exchange, 'too many paid attempts')
    const dateMs = this.#of(this.#dates, gateway).get(effect.candidate) ?? 0
    if (dateMs > nowMs && effect.why !== 'probe') this.#breach('I6', exchange, `${effect.candidate} before its date`)
  }

  #reported(exchange: Exchange, { candidate, outcome }: Extract<LoopEffect, { type: 'report' }>): void {
    const { gateway } = exchange
    if (outcome.kind !== 'failed') return
    this.#stir(outcome.failure.kind.length)
    const { retryAfterMs, kind } = outcome.failure
    const isDate = failureTable[kind].aftermath === 'pause' && gateway.plan.health.judge === 'by-kind'
    const target = exchange.state.candidates.find(({ id }) => id === candidate)
    if (retryAfterMs === undefined || !isDate || target?.passThrough !== false) return
    const dates = this.#of(this.#dates, gateway)
    dates.set(candidate, Math.max(dates.get(candidate) ?? 0, gateway.agenda.nowMs + retryAfterMs))
  }

  #left(exchange: Exchange, before: LoopState, effects: readonly LoopEffect[]): void {
    const wasRunning = before.phase.kind === 'sending' || before.phase.kind === 'relaying'
    const isCancelled = effects.some(({ type }) => type === 'cancel-attempt')
    if (wasRunning !== isCancelled && !exchange.gateway.plan.loop.background)
      this.#breach('I11', exchange, 'the client left and the upstream was not closed')
  }

  /** Refused without having asked anybody. */
  #refused(exchange: Exchange, ending: Extract<Ending, { type: 'give-up' }>): void {
    const { state, gateway } = exchange
    if (state.attempts.length > 0 || ending.failure.message.startsWith(THROTTLED)) return
    const { nowMs } = gateway.agenda
    const isAskable = state.candidates.some(
      ({ availability: a }) =>
        a.kind === 'available' ||
        (a.kind === 'barred' && !a.hard && a.lastResortAtMs !== null && (a.notBeforeMs ?? 0) <= nowMs),
    )
    if (isAskable && nowMs < state.deadlineMs && gateway.plan.loop.failover === 'seamless')
      this.#breach('I8', exchange, 'refused although somebody could be asked')
  }

  /** It failed before anything was committed. Was that necessary? */
  #failed(exchange: Exchange, kind: FailureKind): void {
    const { state, gateway, request } = exchange
    const { loop } = gateway.plan
    // Two candidates that say nothing for as long as they may use up any deadline.
    const isLong = request.timeoutMs >= 600_000 && !(kind === 'deadline-exceeded' && state.attempts.length >= 2)
    if (request.fault !== null || !isLong || loop.failover === 'threshold' || state.onlyPassThrough) return
    const wasted = state.attempts.filter(({ paid, outcome }) => paid && outcome === 'failed').length
    if (wasted > loop.paidMax || isOutOfTries(state, loop)) return
    const candidates = state.candidates.filter(({ availability: { kind } }) => kind !== 'full')
    const isSteady = candidates.some(
      ({ provider, availability }) =>
        this.#promises.steady.has(provider) && !(availability.kind === 'barred' && availability.reason === 'disabled'),
    )
    if (isSteady) this.#breach('I4', exchange, 'failed although somebody would have answered')
    if (exchange.acceptedMs < this.#promises.healedMs || candidates.length < state.candidates.length) return
    const { nowMs } = gateway.agenda
    const isOpen = candidates.some(
      ({ id, availability: a }) =>
        !(a.kind === 'barred' && a.reason === 'disabled') &&
        (this.#of(this.#dates, gateway).get(id) ?? 0) <= nowMs &&
        !(a.kind === 'barred' && (a.lastResortAtMs ?? Number.POSITIVE_INFINITY) > nowMs),
    )
    if (isOpen) this.#breach('live', exchange, 'failed although everything was healed')
  }

  #count(ending: Ending): void {
    if (ending.type === 'give-up') this.sums.refused += 1
    else if (ending.type !== 'finish') this.sums.broken += 1
    else if (ending.end === 'completed') this.sums.completed += 1
    else this.sums.gone += 1
  }

  #probeOver(gateway: Gateway, attempt: string): void {
    const probes = this.#probes.get(gateway)
    if (probes === undefined) return
    for (const [node, probe] of probes) if (probe.attempt === attempt) probes.delete(node)
  }

  /** A leased probe found that the date does not hold any more. */
  #dateOver(gateway: Gateway, { provider, credential }: NodePath): void {
    const dates = this.#dates.get(gateway)
    if (dates === undefined || credential === null) return
    const prefix = JSON.stringify([provider, credential]).slice(0, -1)
    for (const id of dates.keys()) if (id.startsWith(prefix)) dates.delete(id)
  }

  #stir(value: number): void {
    this.hash = Math.imul(this.hash ^ value, 0x01000193)
  }

  #of<V>(maps: Map<Gateway, Map<string, V>>, gateway: Gateway): Map<string, V> {
    let map = maps.get(gateway)
    if (map === undefined) {
      map = new Map()
      maps.set(gateway, map)
    }
    return map
  }

  #breach(invariant: Invariant, exchange: Exchange, what: string): void {
    this.#note(invariant, exchange.gateway.agenda.nowMs, `${exchange.request.id}: ${what}`)
  }

  #note(invariant: Invariant, atMs: number, what: string): void {
    if (this.violations.length < 20) this.violations.push({ invariant, atMs, what })
  }
}

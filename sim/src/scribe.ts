import { type HealthEffect, pathText } from '@lb/health'
import { failureTable } from '@lb/protocol'
import type { Ending, LoopEffect, LoopEvent, PlanCandidate } from '@lb/router'
import type { Agenda } from './agenda.ts'
import type { Exchange } from './exchange.ts'
import type { Gateway } from './gateway.ts'
import type { UpstreamPlan } from './upstream.ts'
import type { Watcher } from './watcher.ts'

/** Writes down what it sees. */
export class Scribe implements Watcher {
  readonly lines: string[] = []
  readonly #agenda: Agenda
  readonly #upstreams: readonly UpstreamPlan[]
  readonly #refreshes: boolean

  constructor(agenda: Agenda, upstreams: readonly UpstreamPlan[], refreshes: boolean) {
    this.#agenda = agenda
    this.#upstreams = upstreams
    this.#refreshes = refreshes
  }

  note(who: string, what: string): void {
    this.lines.push(`${duration(this.#agenda.nowMs).padEnd(7)} ${who} ${what}`)
  }

  planned(exchange: Exchange, candidates: readonly PlanCandidate[]): void {
    const names = candidates.map((candidate) => `${this.#name(candidate)}${condition(candidate)}`)
    this.note(named(exchange), `plan ${names.join(' > ') || '(nobody)'}`)
  }

  stepped(exchange: Exchange, event: LoopEvent): void {
    if (event.type === 'client-gone') this.note(named(exchange), 'the client leaves')
    const { phase } = exchange.state
    if (phase.kind === 'waiting' && event.type !== 'tick')
      this.note(named(exchange), `waits (${phase.why}) until ${duration(phase.untilMs)}`)
  }

  obeyed(exchange: Exchange, effect: LoopEffect): void {
    const line = this.#line(exchange, effect)
    if (line !== undefined) this.note(named(exchange), line)
  }

  fact(gateway: Gateway, fact: HealthEffect): void {
    this.note(`health${gateway.name}`, `${this.#node(fact)} ${factText(fact)}`)
  }

  judged(): void {}

  ended(): void {}

  refreshes(): boolean {
    return this.#refreshes
  }

  #line(exchange: Exchange, effect: LoopEffect): string | undefined {
    switch (effect.type) {
      case 'start-attempt': {
        const why = effect.why === 'first' || effect.why === 'failover' ? '' : ` (${effect.why})`
        return `attempt ${effect.attempt} start ${this.#named(exchange, effect.candidate)}${why}${effect.freshConnection ? ' on a fresh connection' : ''}`
      }
      case 'report':
        return this.#report(exchange, effect)
      case 'cancel-attempt':
        return `attempt ${effect.attempt} cancelled`
      case 'send-preamble':
        return 'client: 200, headers, ping'
      case 'ping':
        return 'client: ping'
      case 'release-opening':
        return `client: message_start of attempt ${effect.attempt}`
      case 'commit':
        return `commit attempt ${effect.attempt}${effect.opening === 'drop' ? ' without its message_start' : ''}`
      case 'supply-end':
        return 'client: message_stop, supplied'
      case 'refresh-credential':
        return `refresh the credential of ${this.#named(exchange, effect.candidate)}`
      case 'spend-budget':
        return 'spends a retry'
      case 'look':
        return undefined
      default:
        return endingText(effect)
    }
  }

  #report(exchange: Exchange, { attempt, candidate, outcome }: Extract<LoopEffect, { type: 'report' }>): string {
    const name = this.#named(exchange, candidate)
    switch (outcome.kind) {
      case 'alive':
        return `attempt ${attempt} first content of ${name} after ${duration(outcome.ttftMs)}`
      case 'failed': {
        const { weight, act } = failureTable[outcome.failure.kind]
        const counts = weight === 0 ? 'counts nothing' : `counts ${weight}`
        return `attempt ${attempt} failed ${name} ${outcome.failure.kind} (${counts}, ${act})`
      }
      default:
        return `attempt ${attempt} ${outcome.kind} ${name}`
    }
  }

  #named(exchange: Exchange, id: string): string {
    const target = exchange.gateway.plan.targets.find((candidate) => candidate.id === id)
    return target === undefined ? id : this.#name(target)
  }

  #name({ provider, credential }: { readonly provider: string; readonly credential: string }): string {
    const upstream = this.#upstreams.find(({ name }) => name === provider)
    return upstream !== undefined && upstream.credentials.length > 1 ? `${provider}/${credential}` : provider
  }

  #node({ node }: HealthEffect): string {
    return pathText(node)
  }
}

/** `12ms`, `3s`, `1m30s`, `2h`. */
function duration(ms: number): string {
  if (ms < 1000) return `${Number(ms.toFixed(1))}ms`
  const s = Number((ms / 1000).toFixed(3))
  if (s < 60) return `${s}s`
  const minutes = Math.floor(s / 60)
  const rest = Number((s - minutes * 60).toFixed(3))
  const small = rest === 0 ? '' : `${rest}s`
  return minutes < 60
    ? `${minutes}m${small}`
    : `${Math.floor(minutes / 60)}h${minutes % 60 === 0 ? '' : `${minutes % 60}m`}${small}`
}

function named({ request, gateway }: Exchange): string {
  return `${request.id}${gateway.name}`
}

function condition({ availability }: PlanCandidate): string {
  if (availability.kind === 'available')
    return availability.share < 1 ? `(${Math.round(availability.share * 100)} %)` : ''
  return availability.kind === 'barred' ? `(${availability.reason})` : `(${availability.kind})`
}

function factText(fact: HealthEffect): string {
  switch (fact.type) {
    case 'counted':
      return `count=${fact.count}/${fact.threshold} (${fact.kind})`
    case 'barred':
      return `barred: ${fact.reason} for ${duration(fact.forMs)}`
    case 'probing':
      return `probed by ${fact.attempt}`
    case 'recovered':
      return 'recovered'
  }
}

function endingText(ending: Ending): string {
  switch (ending.type) {
    case 'finish':
      return ending.end === 'completed' ? 'done' : 'over: the client is gone'
    case 'give-up': {
      const whose = ending.attempt === null ? 'our own words' : `as attempt ${ending.attempt} said`
      const wait = ending.retryAfterMs === null ? '' : `, retry-after ${duration(ending.retryAfterMs)}`
      return `gives up: ${ending.failure.status ?? failureTable[ending.failure.kind].client.status} ${ending.failure.kind}, ${whose}${wait}, x-should-retry: ${ending.shouldRetry}`
    }
    case 'end-truthfully':
      return `client: event: error (${ending.failure.kind}), close`
    case 'abort-client':
      return `client: connection dropped (${ending.failure.kind})`
  }
}

import {
  type ClientKind,
  type Ending,
  type LoopEffect,
  type LoopEvent,
  type LoopState,
  newLoop,
  nextLoopDeadlineMs,
  type PlanCandidate,
  retryTokens,
  stepBudget,
  stepLoop,
} from '@lb/router'
import type { Due } from './agenda.ts'
import type { Step } from './faults.ts'
import type { Gateway } from './gateway.ts'

/** What a client asks for. */
export interface Request {
  readonly id: string
  readonly session: string | null
  readonly client: ClientKind
  readonly timeoutMs: number
  /** When the client loses patience, or `null`. */
  readonly abortAfterMs: number | null
  /** The request's own fault, which every upstream sees, or `null`. */
  readonly fault: string | null
  readonly ended: (ending: Ending, exchange: Exchange) => void
}

/** What the guard has seen of an exchange. */
export interface Marks {
  commits: number
  openings: number
  endings: number
  isClosed: boolean
}

/** How long the authorization server takes. */
const REFRESH_MS = 50

/** What `report` says. */
export type Report = Extract<LoopEffect, { readonly type: 'report' }>

const NEVER = Number.POSITIVE_INFINITY
const noScript: readonly Step[] = []
const noQueues: readonly string[] = []

/** One request at one instance: it drives the attempt loop as the server does. */
export class Exchange implements Due {
  readonly gateway: Gateway
  readonly request: Request
  readonly acceptedMs: number
  readonly marks: Marks = { commits: 0, openings: 0, endings: 0, isClosed: false }
  state: LoopState = newLoop
  #candidates: readonly PlanCandidate[]
  #script: readonly Step[] = noScript
  #scriptAt = 0
  #nextNewsMs = NEVER
  #attempt = 0
  /** As health knows it: unique over all requests. */
  #attemptName = ''
  /** When the client loses patience. */
  #abortMs: number
  #refreshMs = NEVER
  #scheduledMs = NEVER
  readonly #costly: number[] = []
  #deadlineMs = NEVER
  #waits: 'hold' | 'queue' | null = null
  #queues: readonly string[] = noQueues

  constructor(gateway: Gateway, request: Request, candidates: readonly PlanCandidate[]) {
    this.gateway = gateway
    this.request = request
    this.#candidates = candidates
    this.acceptedMs = gateway.agenda.nowMs
    this.#abortMs = request.abortAfterMs === null ? NEVER : this.acceptedMs + request.abortAfterMs
  }

  get isOver(): boolean {
    return this.state.phase.kind === 'over'
  }

  /** Something became usable. */
  wake(): void {
    if (!this.isOver) this.#lookedAt()
  }

  /** Time has come to a deadline, to news of the upstream, or to the end of the client's patience. */
  run(nowMs: number): void {
    if (nowMs >= this.#scheduledMs) this.#scheduledMs = NEVER
    if (this.isOver) return
    if (nowMs >= this.#abortMs) this.#leave()
    else if (nowMs >= this.#nextNewsMs) this.#news()
    else if (nowMs >= this.#refreshMs) this.#refreshed()
    else if (nowMs >= this.#deadlineMs) this.tell({ type: 'tick' })
    else this.#arm()
  }

  /** One event into the loop, and its effects out of it. */
  tell(event: LoopEvent): void {
    const { agenda, chance, plan, watcher } = this.gateway
    const at = { nowMs: agenda.nowMs, roll: chance.next() }
    const before = this.state
    const { state, effects } = stepLoop(before, event, at, plan.loop)
    this.state = state
    watcher.stepped(this, event, before, effects)
    for (const effect of effects) this.#obey(effect)
    if (this.state === state) this.#settle()
  }

  #settle(): void {
    const { phase } = this.state
    const waits = phase.kind === 'waiting' && phase.why !== 'backoff' ? phase.why : null
    if (waits !== this.#waits) this.#queue(waits)
    this.#arm()
  }

  #obey(effect: LoopEffect): void {
    this.gateway.watcher.obeyed(this, effect)
    switch (effect.type) {
      case 'start-attempt':
        this.#start(effect)
        break
      case 'cancel-attempt':
        this.#silence()
        break
      case 'report':
        if (effect.outcome.kind !== 'alive') this.#closed(effect.attempt)
        this.gateway.reported(this, this.#target(effect.candidate), this.#attemptName, effect)
        break
      case 'look':
        this.#lookedAt()
        break
      case 'refresh-credential':
        this.#refreshMs = this.gateway.agenda.nowMs + REFRESH_MS
        break
      case 'spend-budget':
        this.gateway.budget = stepBudget(this.gateway.budget, 'retry-started')
        this.#costly.push(this.state.attempts.length)
        break
      case 'finish':
      case 'give-up':
      case 'end-truthfully':
      case 'abort-client':
        this.#end(effect)
        break
      // What bytes are written when concerns the server only; here answers have none.
      case 'send-preamble':
      case 'ping':
      case 'release-opening':
      case 'commit':
      case 'supply-end':
        break
    }
  }

  #start({ attempt, candidate, freshConnection }: Extract<LoopEffect, { readonly type: 'start-attempt' }>): void {
    const { gateway, request } = this
    const target = this.#target(candidate)
    this.#attemptName = `${request.id}:${attempt}`
    gateway.started(this, target, attempt, this.#attemptName)
    const upstream = gateway.upstreams.get(target.provider)
    if (upstream === undefined) throw new Error(`no upstream ${target.provider}`)
    this.#attempt = attempt
    this.#script = upstream.answer(gateway.agenda.nowMs, request.fault, freshConnection)
    this.#scriptAt = 0
    this.#nextNewsMs = gateway.agenda.nowMs + (this.#script[0]?.afterMs ?? NEVER)
  }

  /** The upstream's next step, and those that come at the same moment. */
  #news(): void {
    const step = this.#script[this.#scriptAt]
    this.#scriptAt += 1
    this.#nextNewsMs += this.#script[this.#scriptAt]?.afterMs ?? NEVER
    const attempt = this.#attempt
    if (step?.news === 'failed') {
      this.#silence()
      const failure = step.failure ?? { kind: 'internal-error', message: 'a script without a failure' }
      this.tell({ type: 'failed', attempt, failure })
    } else if (step !== undefined) {
      this.tell({ type: step.news, attempt })
    }
  }

  #refreshed(): void {
    this.#refreshMs = NEVER
    const { phase } = this.state
    if (phase.kind !== 'refreshing') return
    const isFine = this.gateway.watcher.refreshes(this)
    const failure = isFine ? null : ({ kind: 'login-required', message: 'the grant is gone' } as const)
    this.tell({ type: 'refreshed', candidate: phase.candidate, failure })
  }

  #lookedAt(): void {
    const { gateway } = this
    this.#candidates = gateway.look(this.request.id, this.#candidates)
    this.tell({
      type: 'candidates-changed',
      candidates: this.#candidates,
      retryTokens: retryTokens(gateway.budget),
    })
  }

  #end(ending: Ending): void {
    this.#silence()
    this.#queue(null)
    this.gateway.exchanges.delete(this.request.id)
    this.gateway.watcher.ended(this, ending)
    this.request.ended(ending, this)
  }

  #silence(): void {
    this.#script = noScript
    this.#nextNewsMs = NEVER
  }

  #closed(attempt: number): void {
    const index = this.#costly.indexOf(attempt)
    if (index < 0) return
    this.#costly.splice(index, 1)
    this.gateway.budget = stepBudget(this.gateway.budget, 'retry-ended')
  }

  /** Joins and leaves the queues that can wake this request. */
  #queue(waits: 'hold' | 'queue' | null): void {
    const request = this.request.id
    if (this.#waits === 'hold') this.gateway.tellRelease({ type: 'left', request })
    for (const id of this.#queues) this.gateway.tellLimit(id, { type: 'request-left', request })
    this.#waits = waits
    this.#queues = waits === 'queue' ? this.#fullOnes() : noQueues
    if (waits === 'hold') this.gateway.tellRelease({ type: 'held', request })
    for (const id of this.#queues) this.gateway.tellLimit(id, { type: 'request-queued', request })
  }

  #fullOnes(): readonly string[] {
    return this.#candidates.filter(({ availability: { kind } }) => kind === 'full').map(({ id }) => id)
  }

  #target(id: string): PlanCandidate {
    for (const candidate of this.#candidates) if (candidate.id === id) return candidate
    throw new Error(`no candidate ${id}`)
  }

  /** The client has no patience left, and cannot lose it twice. */
  #leave(): void {
    this.#abortMs = NEVER
    this.tell({ type: 'client-gone' })
  }

  #arm(): void {
    if (this.isOver) return
    this.#deadlineMs = nextLoopDeadlineMs(this.state, this.gateway.plan.loop) ?? NEVER
    const nextMs = Math.min(this.#deadlineMs, this.#nextNewsMs, this.#refreshMs, this.#abortMs)
    // An entry that comes too early is passed over and put again; only an earlier one must be added.
    if (nextMs >= this.#scheduledMs || nextMs === NEVER) return
    this.#scheduledMs = Math.max(nextMs, this.gateway.agenda.nowMs)
    this.gateway.agenda.put(nextMs, this)
  }
}

import { assertNever, type Failure } from '@lb/protocol'
import {
  type ClientKind,
  type Ending,
  type LoopEffect,
  type LoopEvent,
  type LoopPolicy,
  type LoopState,
  newLoop,
  nextLoopDeadlineMs,
  type PlanCandidate,
  stepLoop,
} from '@lb/router'
import { type Clock, momentOf } from '../clock.ts'
import type { ClientView } from '../egress/client-view.ts'
import type { Attempt, AttemptNews } from './attempt.ts'

/**
 * Drives the attempt loop of one request: the router decides, this obeys. It owns the loop's state, its one timer, and the
 * attempt that is running; it decides nothing.
 */
export interface RunDeps {
  readonly clock: Clock
  readonly roll: () => number
  readonly policy: LoopPolicy
  readonly client: ClientKind
  readonly timeoutMs: number
  readonly candidates: readonly PlanCandidate[]
  readonly view: ClientView
  /** The candidates as they are now. */
  look(): { readonly candidates: readonly PlanCandidate[]; readonly retryTokens: number }
  start(candidate: PlanCandidate, effect: Effect<'start-attempt'>, tell: (news: AttemptNews) => void): Attempt
  report(effect: Effect<'report'>): void
  spendBudget(): void
  /** Renews a credential; what went wrong, or `null`. */
  refresh(candidate: string): Promise<Failure | null>
  /** Answers a request that nobody could answer. */
  giveUp(ending: Effect<'give-up'>, attempt: Attempt | undefined): void
  endTruthfully(ending: Effect<'end-truthfully'>, attempt: Attempt | undefined): void
  /** The request is over; called once, last. */
  over(state: LoopState, attempts: readonly Attempt[]): void
}

export type Effect<T extends LoopEffect['type']> = Extract<LoopEffect, { readonly type: T }>

export interface Run {
  /** The client left. */
  clientGone(): void
  /** A slow client has caught up. */
  drained(): void
}

/** Bytes of an answer are reported to the loop as progress at most this often. */
const PROGRESS_EVERY_MS = 1000

export function startRun(deps: RunDeps): Run {
  const { policy, view } = deps
  let state: LoopState = newLoop
  const attempts = new Map<number, Attempt>()
  const waiting: LoopEvent[] = []
  let isStepping = false
  let timer: NodeJS.Timeout | undefined
  let timerAtMs = Number.POSITIVE_INFINITY
  let lastProgressMs = 0

  /** Steps the loop. Obeying an effect may bring news at once; that waits its turn. */
  function feed(event: LoopEvent): void {
    waiting.push(event)
    if (isStepping) return
    isStepping = true
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      const step = stepLoop(state, next, momentOf(deps.clock, deps.roll), policy)
      state = step.state
      for (const effect of step.effects) obey(effect)
    }
    isStepping = false
    setTimer()
  }

  /** One timer, set anew only when it would come too late: a tick that comes too early does no harm. */
  function setTimer(): void {
    const atMs = nextLoopDeadlineMs(state, policy)
    if (atMs === undefined) {
      clearTimeout(timer)
      timerAtMs = Number.POSITIVE_INFINITY
    } else if (atMs < timerAtMs) {
      clearTimeout(timer)
      timerAtMs = atMs
      timer = setTimeout(tick, Math.max(1, Math.ceil(atMs - deps.clock.nowMs())))
    }
  }

  function tick(): void {
    timerAtMs = Number.POSITIVE_INFINITY
    feed({ type: 'tick' })
  }

  function tell(attempt: number, news: AttemptNews): void {
    if (news.type === 'progress') {
      const nowMs = deps.clock.nowMs()
      if (nowMs - lastProgressMs < PROGRESS_EVERY_MS) return
      lastProgressMs = nowMs
    }
    feed(news.type === 'failed' ? { type: 'failed', attempt, failure: news.failure } : { type: news.type, attempt })
  }

  function start(effect: Effect<'start-attempt'>): void {
    const candidate = deps.candidates.find(({ id }) => id === effect.candidate)
    if (candidate === undefined) throw new Error(`the loop started ${effect.candidate}, which is no candidate`)
    attempts.set(
      effect.attempt,
      deps.start(candidate, effect, (news) => tell(effect.attempt, news)),
    )
  }

  function obey(effect: LoopEffect): void {
    switch (effect.type) {
      case 'start-attempt':
        return start(effect)
      case 'cancel-attempt':
        return attempts.get(effect.attempt)?.cancel()
      case 'report':
        return deps.report(effect)
      case 'look':
        return feed({ type: 'candidates-changed', ...deps.look() })
      case 'refresh-credential':
        return void deps
          .refresh(effect.candidate)
          .then((failure) => feed({ type: 'refreshed', candidate: effect.candidate, failure }))
      case 'spend-budget':
        return deps.spendBudget()
      case 'send-preamble':
        return view.preamble()
      case 'ping':
        return view.ping()
      case 'release-opening':
        return attempts.get(effect.attempt)?.releaseOpening()
      case 'commit':
        return attempts.get(effect.attempt)?.commit(effect.opening)
      case 'supply-end':
        return attempts.get(effect.attempt)?.supplyEnd()
      default:
        return end(effect)
    }
  }

  function end(ending: Ending): void {
    const last = 'attempt' in ending && ending.attempt !== null ? attempts.get(ending.attempt) : undefined
    switch (ending.type) {
      case 'finish':
        if (ending.end === 'completed' && policy.stream) view.end()
        break
      case 'give-up':
        deps.giveUp(ending, last)
        break
      case 'end-truthfully':
        deps.endTruthfully(ending, last)
        break
      case 'abort-client':
        view.abort()
        break
      default:
        assertNever(ending)
    }
    clearTimeout(timer)
    deps.over(state, [...attempts.values()])
  }

  feed({
    type: 'begin',
    candidates: deps.candidates,
    retryTokens: deps.look().retryTokens,
    timeoutMs: deps.timeoutMs,
    client: deps.client,
    refuseChance: 0,
  })
  return {
    clientGone: () => feed({ type: 'client-gone' }),
    drained: () => {
      for (const attempt of attempts.values()) attempt.resume()
    },
  }
}

import { assertNever, type Failure, type Moment } from '@lb/protocol'
import {
  type Ending,
  type LoggedEvent,
  type LoopEffect,
  type LoopEvent,
  type LoopState,
  newLoop,
  nextLoopDeadlineMs,
  type PlanCandidate,
  stepLoop,
} from '@lb/router'
import { momentOf } from '../clock.ts'
import type { WaitReason } from '../state/waiting-room.ts'
import { type Attempt, type AttemptNews, guarded } from './attempt.ts'
import type { Effect, RunDeps } from './run-deps.ts'

/** Bytes of an answer are reported to the loop as progress at most this often. */
const PROGRESS_EVERY_MS = 1000
/** A timer that is so late tells of a process that stood still. Ordinary load delays timers by some milliseconds. */
const STOOD_STILL_MS = 500

const ourFault: Failure = { kind: 'internal-error', message: 'an exception in the attempt loop' }

/**
 * Drives the attempt loop of one request: the router decides, this obeys. It owns the loop's state, its one timer, and the
 * attempts; it decides nothing.
 */
export class Run {
  readonly #deps: RunDeps
  readonly #attempts = new Map<number, Attempt>()
  readonly #waiting: { readonly event: LoopEvent; readonly cameMs: number | undefined }[] = []
  #state: LoopState = newLoop
  /** The last attempt that was begun, whether or not that went well. */
  #begun = 0
  #isStepping = false
  /** Whether the request has ended. */
  isOver = false
  #timer: NodeJS.Timeout | undefined
  #timerAtMs = Number.POSITIVE_INFINITY
  /** When a sign of life was last told, by its kind. */
  readonly #toldMs = { progress: 0, ping: 0 }
  /** One that came too soon after another to be told by itself. */
  #untold: { readonly event: LoopEvent; readonly cameMs: number } | undefined
  #waitsFor: WaitReason | null = null

  constructor(deps: RunDeps) {
    this.#deps = deps
    const { timeoutMs, client, refuseChance } = deps
    const candidates = deps.candidates()
    this.#feed({ type: 'begin', candidates, retryTokens: deps.retryTokens(), timeoutMs, client, refuseChance })
  }

  /** The process stops: ends the request now, and says so to the client. */
  stop(): void {
    this.#feed({ type: 'stop' })
  }

  /** Somebody else waits for the answer, too. */
  joined(timeoutMs: number): void {
    this.#feed({ type: 'joined', timeoutMs })
  }

  /** The client left. */
  clientGone(): void {
    this.#feed({ type: 'client-gone' })
  }

  /** Whom the last attempt asked, unless the request is looking or waiting for somebody else now. */
  asked(): PlanCandidate | undefined {
    const { phase, attempts } = this.#state
    const isAsking = phase.kind === 'sending' || phase.kind === 'relaying' || phase.kind === 'over'
    const last = isAsking ? attempts.at(-1) : undefined
    return this.#deps.candidates().find(({ id }) => id === last?.candidate)
  }

  /** A slow client has caught up. */
  drained(): void {
    for (const attempt of this.#attempts.values()) attempt.resume()
  }

  /** Steps the loop. Obeying an effect may bring news at once; that waits its turn. */
  #feed(event: LoopEvent, cameMs?: number): void {
    this.#waiting.push({ event, cameMs })
    if (this.#isStepping) return
    this.#isStepping = true
    try {
      this.#step()
    } catch (error) {
      this.#breakOff(error)
    }
    this.#isStepping = false
    this.#setTimer()
    this.#tellWaiting()
  }

  #step(): void {
    const { clock, roll, policy } = this.#deps
    for (let next = this.#waiting.shift(); next !== undefined; next = this.#waiting.shift()) {
      const { event, cameMs } = next
      const now = momentOf(clock, roll)
      const at = cameMs === undefined ? now : { ...now, nowMs: cameMs }
      if (this.#deps.log !== null && this.#state.phase.kind !== 'over') record(this.#deps.log, event, at)
      const step = stepLoop(this.#state, event, at, policy)
      this.#state = step.state
      this.#obeyAll(step.effects)
    }
  }

  /** When one throws the request ends, but who keeps books of attempts is still told what the loop decided. */
  #obeyAll(effects: readonly LoopEffect[]): void {
    let done = 0
    try {
      for (const effect of effects) {
        done += 1
        this.#obey(effect)
      }
    } catch (error) {
      const owed = effects.slice(done).filter(({ type }) => type === 'report')
      for (const effect of owed) guarded(this.#deps.internalError, () => this.#obey(effect))()
      throw error
    }
  }

  /** Whoever waits must be found by those who could wake it. */
  #tellWaiting(): void {
    const { phase } = this.#state
    const why = phase.kind === 'waiting' ? phase.why : null
    if (why === this.#waitsFor) return
    this.#waitsFor = why
    this.#deps.waiting(why, () => this.#look())
  }

  #look(): void {
    this.#feed({ type: 'candidates-changed', candidates: this.#deps.look(), retryTokens: this.#deps.retryTokens() })
  }

  /** Something in this request threw: it ends, truthfully, and no other one does. */
  #breakOff(error: unknown): void {
    this.#deps.internalError(error)
    if (this.isOver) return
    const end = this.#state.stage === 'nothing' ? 'gave-up' : 'ended-truthfully'
    const open = this.#unreported()
    this.#state = { ...this.#state, phase: { kind: 'over', end } }
    const steps = [
      ...[...this.#attempts.values()].map((attempt) => () => attempt.cancel()),
      () => open && this.#obey({ type: 'report', ...open, outcome: { kind: 'abandoned' } }),
      () => this.#deps.endTruthfully({ type: 'end-truthfully', attempt: null, failure: ourFault }, undefined),
      () => this.#finish(),
    ]
    for (const step of steps) guarded(this.#deps.internalError, step)()
  }

  /** The attempt that began and of whose end nobody has been told. There is one at most. */
  #unreported(): Pick<Effect<'report'>, 'attempt' | 'candidate' | 'startedMs'> | undefined {
    const { phase, attempts } = this.#state
    const open = phase.kind === 'refreshing' ? phase : attempts.find(({ outcome }) => outcome === 'running')
    if (open === undefined || open.attempt > this.#begun) return undefined
    const { attempt, candidate, startedMs } = open
    return { attempt, candidate, startedMs }
  }

  /** One timer, set anew only when it would come too late: a tick that comes too early does no harm. */
  #setTimer(): void {
    const atMs = nextLoopDeadlineMs(this.#state, this.#deps.policy)
    if (atMs === undefined) {
      clearTimeout(this.#timer)
      this.#timerAtMs = Number.POSITIVE_INFINITY
    } else if (atMs < this.#timerAtMs) {
      clearTimeout(this.#timer)
      this.#timerAtMs = atMs
      this.#timer = setTimeout(() => this.#tick(), Math.max(1, Math.ceil(atMs - this.#deps.clock.nowMs())))
    }
  }

  #tick(): void {
    const lateMs = this.#deps.clock.nowMs() - this.#timerAtMs
    this.#timerAtMs = Number.POSITIVE_INFINITY
    // The process stood still (stopped, or busy for long). What the upstream said meanwhile has not been read yet; it is heard
    // before anybody is called silent.
    if (lateMs > STOOD_STILL_MS) setImmediate(() => this.#feedTick())
    else this.#feedTick()
  }

  /** What was not worth telling by itself is, before anybody is called silent: a timeout may be shorter than its distance. */
  #feedTick(): void {
    const untold = this.#untold
    this.#untold = undefined
    if (untold !== undefined) this.#feed(untold.event, untold.cameMs)
    this.#feed({ type: 'tick' })
  }

  #tell(attempt: number, news: AttemptNews): void {
    if (news.type === 'progress' || news.type === 'ping') {
      const nowMs = this.#deps.clock.nowMs()
      if (nowMs - this.#toldMs[news.type] < PROGRESS_EVERY_MS) {
        if (news.type === 'progress' || this.#untold === undefined)
          this.#untold = { event: { type: news.type, attempt }, cameMs: nowMs }
        return
      }
      this.#toldMs[news.type] = nowMs
      this.#untold = undefined
    }
    this.#feed(
      news.type === 'failed' ? { type: 'failed', attempt, failure: news.failure } : { type: news.type, attempt },
    )
  }

  #obey(effect: LoopEffect): void {
    const { view } = this.#deps
    switch (effect.type) {
      case 'start-attempt':
        return this.#start(effect)
      case 'cancel-attempt':
        return this.#attempts.get(effect.attempt)?.cancel()
      case 'report':
        return this.#deps.report(effect, this.#attempts.get(effect.attempt))
      case 'look':
        return this.#look()
      case 'refresh-credential':
        return this.#refresh(effect.candidate)
      case 'spend-budget':
        return this.#deps.spendBudget()
      case 'send-preamble':
        return view.preamble()
      case 'ping':
        return view.ping()
      case 'release-opening':
        return this.#attempts.get(effect.attempt)?.releaseOpening()
      case 'commit':
        return this.#attempts.get(effect.attempt)?.commit(effect.opening)
      case 'supply-end':
        return this.#attempts.get(effect.attempt)?.supplyEnd()
      default:
        return this.#end(effect)
    }
  }

  #start(effect: Effect<'start-attempt'>): void {
    const candidate = this.#deps.candidates().find(({ id }) => id === effect.candidate)
    if (candidate === undefined) throw new Error(`the loop started ${effect.candidate}, which is no candidate`)
    this.#begun = effect.attempt
    const attempt = this.#deps.start(candidate, effect, (news) => this.#tell(effect.attempt, news))
    this.#attempts.set(effect.attempt, attempt)
  }

  #lastAttempt(): Attempt | undefined {
    return this.#attempts.get(this.#state.attempts.at(-1)?.attempt ?? 0)
  }

  #refresh(candidate: string): void {
    const told = (failure: Failure | null): void => this.#feed({ type: 'refreshed', candidate, failure })
    this.#deps
      .refresh(candidate)
      .then(told, () => told({ kind: 'internal-error', message: 'the credential could not be renewed' }))
  }

  #end(ending: Ending): void {
    const attempt = 'attempt' in ending && ending.attempt !== null ? this.#attempts.get(ending.attempt) : undefined
    const { view, policy } = this.#deps
    switch (ending.type) {
      case 'finish':
        if (ending.end === 'completed' && policy.stream) {
          const isMended = this.#state.attempts.at(-1)?.failure?.kind === 'end-missing'
          view.end(this.#lastAttempt()?.stopReason(), isMended)
        }
        break
      case 'give-up':
        this.#deps.giveUp(ending, this.#attempts, this.#state.attempts)
        break
      case 'end-truthfully':
        this.#deps.endTruthfully(ending, attempt)
        break
      case 'abort-client':
        view.abort()
        break
      default:
        assertNever(ending)
    }
    this.#finish()
  }

  #finish(): void {
    this.isOver = true
    clearTimeout(this.#timer)
    this.#deps.over(this.#state, this.#attempts, this.#deps.policy)
  }
}

/** Of news that only says "still alive", the last is enough: nothing is decided by those between. */
function record(log: LoggedEvent[], event: LoopEvent, at: Moment): void {
  const last = log.at(-1)?.event
  const isSign = event.type === 'progress' || event.type === 'ping'
  const isRepeated = isSign && last?.type === event.type && last.attempt === event.attempt
  if (isRepeated) log[log.length - 1] = { event, at }
  else log.push({ event, at })
}

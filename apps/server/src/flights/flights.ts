import type { ServerResponse } from 'node:http'
import {
  type AnswerStore,
  createFlightTable,
  type FlightAction,
  type FlightId,
  type FlightOptions,
  type FlightTable,
} from '@lb/dedup'
import { assertNever, type Moment, TransientMap } from '@lb/protocol'
import { type Clock, momentOf } from '../clock.ts'
import type { AnswerEnding, Outlet } from '../egress/outlet.ts'
import type { ClientRequest } from '../ingress/client-request.ts'
import type { CompiledConfig } from '../state/compiled-config.ts'
import { type AnswerCollector, createAnswerCollector, replayAnswer, storedAnswer } from './answers.ts'
import { Consumer } from './consumer.ts'
import { type DropReason, dropRefusals } from './drop-refusals.ts'
import type { Flight } from './flight.ts'
import type { FlightKeys } from './flight-keys.ts'
import { FlightNews, type FlightObserver } from './flight-news.ts'
import { type StartLead, serveAlone } from './lead.ts'

export interface FlightsDeps {
  readonly clock: Clock
  readonly roll: () => number
  readonly keys: FlightKeys
  /** Where answers are kept, when the operator wants that. */
  readonly store: (compiled: CompiledConfig) => AnswerStore | undefined
  readonly observer: FlightObserver
}

/** A request on its way into a flight. */
interface Boarding {
  readonly start: StartLead
  readonly collector: AnswerCollector | undefined
}

/** Deadlines of flights are seconds away; they are looked at this often while there are any. */
const TICK_MS = 500

/**
 * Everybody who asks the same at the same time gets the answer of one upstream call. Which requests may share, who leads,
 * what is kept and for how long, is decided by `@lb/dedup`; this connects it with calls and clients.
 */
export class Flights {
  readonly #deps: FlightsDeps
  readonly #table: FlightTable = createFlightTable()
  readonly #flights = new TransientMap<FlightId, Flight>()
  readonly #consumers = new TransientMap<string, Consumer>()
  readonly #news: FlightNews
  #timer: NodeJS.Timeout | undefined

  constructor(deps: FlightsDeps) {
    this.#deps = deps
    this.#news = new FlightNews(deps.observer, deps.clock)
  }

  /** Serves a request: from the kept answers, from the running call for the same question, or by a call of its own. */
  async serve(
    compiled: CompiledConfig,
    request: ClientRequest,
    response: ServerResponse,
    start: StartLead,
  ): Promise<void> {
    const key = this.#deps.keys.keyOf(compiled, request)
    if (key.kind === 'alone') {
      this.#deps.observer.requestAlone({ request, reason: key.reason })
      return serveAlone(request, response, start)
    }
    const store = this.#deps.store(compiled)
    if (store === undefined) return this.#board(compiled, request, response, key.key, { start, collector: undefined })
    const policy = compiled.answerCache
    const stored = await storedAnswer(store, key.key, request.headers, this.#deps.clock.epochMs(), policy)
    if (stored !== undefined) {
      replayAnswer(stored, request, response)
      return this.#deps.observer.answerReplayed({ request, ...stored, nowMs: this.#deps.clock.nowMs() })
    }
    const { includeMaxTokens } = compiled.fingerprintPolicy
    const collector = createAnswerCollector({ store, key: key.key, policy, includeMaxTokens })
    this.#board(compiled, request, response, key.key, { start, collector })
  }

  #board(
    compiled: CompiledConfig,
    request: ClientRequest,
    response: ServerResponse,
    key: string,
    boarding: Boarding,
  ): void {
    const { clock, roll } = this.#deps
    const options = compiled.flightOptions(request)
    const consumer = new Consumer(request, response, {
      table: this.#table,
      clock,
      roll,
      gone: (left) => this.#left(left, 'left'),
      caughtUp: (caught) => this.#caughtUp(caught),
      served: (done) => this.#left(done, 'served'),
      alone: { start: boarding.start, options: inDirectLife(options) },
    })
    this.#consumers.set(request.id, consumer)
    this.#act(this.#table.arrive(key, request.id, this.#now(), options), boarding)
    this.#timer ??= setTimeout(() => this.#tick(), TICK_MS).unref()
  }

  /** For gauges. */
  counts(): ReturnType<FlightTable['counts']> {
    return this.#table.counts()
  }

  #act(actions: readonly FlightAction[], boarding?: Boarding): void {
    for (const action of actions) this.#perform(action, boarding)
  }

  #perform(action: FlightAction, boarding: Boarding | undefined): void {
    const flight = this.#flights.get(action.flight)
    switch (action.kind) {
      case 'start-upstream':
        return this.#takeOff(action.flight, action.consumer, boarding)
      case 'attach':
        return this.#attach(flight, action)
      case 'promote':
        // The call goes on as it is; only who is first in line has changed.
        return
      case 'cancel-upstream':
        return flight?.lead?.cancel()
      case 'finish':
        for (const id of action.consumers) this.#finish(flight, id)
        return
      case 'drop':
        return this.#drop(this.#consumers.get(action.consumer), action.reason)
      case 'discard':
        this.#flights.delete(action.flight)
        return
      default:
        assertNever(action)
    }
  }

  #takeOff(id: FlightId, leader: string, boarding: Boarding | undefined): void {
    const consumer = this.#consumers.get(leader)
    if (consumer === undefined || boarding === undefined) throw new Error(`flight ${id} has no leader`)
    const { start, collector } = boarding
    const flight: Flight = { members: new Set(), leader: consumer.request, collector }
    this.#deps.observer.flightOpened(consumer.request)
    this.#flights.set(id, flight)
    flight.lead = start(consumer.request, this.#outletOf(id, flight))
  }

  #attach(
    flight: Flight | undefined,
    { flight: id, consumer: name, role }: Extract<FlightAction, { kind: 'attach' }>,
  ): void {
    const consumer = this.#consumers.get(name)
    // An answer that was there at once has been served already.
    if (flight === undefined || consumer === undefined) return
    consumer.flight = id
    consumer.role = role
    flight.members.add(consumer)
    flight.collector?.agree(consumer.request.headers)
    if (role === 'follower') {
      this.#news.joined(consumer, flight)
      flight.lead?.joined(consumer.request)
    }
    consumer.pump(flight.head)
  }

  /** Where the call's answer goes: into the log, and from there to everybody. */
  #outletOf(id: FlightId, flight: Flight): Outlet {
    const end = (ending: AnswerEnding | 'aborted'): void => {
      flight.ending = ending
      if (ending !== 'aborted') flight.collector?.end(ending, flight.head, this.#deps.clock.epochMs())
      const isWhole = ending !== 'aborted' && ending.kind === 'whole'
      this.#act(this.#table.end(id, isWhole ? { kind: 'whole' } : failed, this.#now()))
    }
    return {
      head(status, headers) {
        flight.head = { status, headers }
      },
      write: (bytes) => {
        flight.collector?.take(bytes)
        this.#act(this.#table.append(id, bytes, this.#now()))
        for (const consumer of flight.members) consumer.pump(flight.head)
        return this.#table.wantsMore(id)
      },
      end: (ending, bytes) => {
        if (bytes !== undefined) {
          flight.collector?.take(bytes)
          this.#act(this.#table.append(id, bytes, this.#now()))
        }
        end(ending)
      },
      abort: () => end('aborted'),
    }
  }

  #finish(flight: Flight | undefined, id: string): void {
    const consumer = this.#consumers.get(id)
    if (consumer === undefined || flight?.ending === undefined) return
    if (flight.ending !== 'aborted') return consumer.finish(flight.ending, flight.head)
    consumer.abort()
    this.#left(consumer, 'served')
  }

  #left(consumer: Consumer, how: 'served' | 'left'): void {
    const { id } = consumer.request
    const flight = this.#flights.get(consumer.flight)
    this.#forget(id)
    const life = how === 'left' ? flight?.lead?.life() : undefined
    this.#act(this.#table.leave(id, how, this.#now(), life))
    if (how === 'left') this.#news.left(consumer, this.#flights.get(consumer.flight))
    this.#news.done(consumer, flight, how)
  }

  #drop(consumer: Consumer | undefined, reason: DropReason): void {
    if (consumer === undefined) return
    if (reason === 'waited-too-long') return this.#sendAlone(consumer)
    consumer.drop(dropRefusals[reason])
    const flight = this.#flights.get(consumer.flight)
    this.#forget(consumer.request.id)
    this.#news.left(consumer, flight)
    this.#news.done(consumer, flight, 'dropped')
  }

  /** Nothing has come for it, so that it has lost nothing: it gets a call of its own, which nobody else may join. */
  #sendAlone(consumer: Consumer): void {
    const { request, alone } = consumer
    const flight = this.#flights.get(consumer.flight)
    flight?.members.delete(consumer)
    this.#news.parted(consumer, flight)
    const actions = this.#table.arrive(`${request.id} alone`, request.id, this.#now(), alone.options)
    this.#act(actions, { start: alone.start, collector: undefined })
  }

  #forget(id: string): void {
    const consumer = this.#consumers.get(id)
    if (consumer === undefined) return
    this.#consumers.delete(id)
    this.#flights.get(consumer.flight)?.members.delete(consumer)
  }

  #caughtUp(consumer: Consumer): void {
    const flight = this.#flights.get(consumer.flight)
    consumer.pump(flight?.head)
    if (this.#table.wantsMore(consumer.flight)) flight?.lead?.drained()
  }

  #tick(): void {
    this.#timer = undefined
    this.#act(this.#table.tick(this.#now()))
    if (this.#table.counts().flights > 0) this.#timer = setTimeout(() => this.#tick(), TICK_MS).unref()
  }

  #now(): Moment {
    return momentOf(this.#deps.clock, this.#deps.roll)
  }
}

const failed = { kind: 'failed', failure: { kind: 'server-error', message: 'the answer is no whole one' } } as const

/** Nobody can come back to a call that nobody finds. */
function inDirectLife(options: FlightOptions): FlightOptions {
  return options.policy.life === 'direct' ? options : { ...options, policy: { ...options.policy, life: 'direct' } }
}

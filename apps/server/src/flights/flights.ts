import type { ServerResponse } from 'node:http'
import { createFlightTable, type FlightAction, type FlightId, type FlightTable } from '@lb/dedup'
import { assertNever, type Moment } from '@lb/protocol'
import { type Clock, momentOf } from '../clock.ts'
import { type AnswerEnding, clientOutlet, type Outlet } from '../egress/outlet.ts'
import type { ClientRequest } from '../ingress/client-request.ts'
import type { Refusal } from '../ingress/refusal.ts'
import type { CompiledConfig } from '../state/compiled-config.ts'
import { Consumer, type FlightHead } from './consumer.ts'
import type { FlightKeys } from './flight-keys.ts'

/** The upstream call of a flight, as whoever makes it is told about its readers. */
export interface Lead {
  /** Slow readers have caught up: read on. */
  drained(): void
  /** Nobody wants the answer any more. */
  cancel(): void
}

/** Makes the call: answers `request` into `outlet`. */
export type StartLead = (request: ClientRequest, outlet: Outlet) => Lead

export interface FlightsDeps {
  readonly clock: Clock
  readonly roll: () => number
  readonly keys: FlightKeys
  /** Somebody gets the answer of the call that was made for the request `leader`. */
  joined?(follower: ClientRequest, leader: string): void
}

/** A call under way, or an answer that is still being read. */
interface Flight {
  /** The request that the call is made for. */
  readonly leader: string
  /** Who reads it. */
  readonly members: Set<Consumer>
  head?: FlightHead
  lead?: Lead
  /** How the answer ended; `aborted`: by a cut, so that its readers see a cut. */
  ending?: AnswerEnding | 'aborted'
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
  readonly #flights = new Map<FlightId, Flight>()
  readonly #consumers = new Map<string, Consumer>()
  #timer: NodeJS.Timeout | undefined

  constructor(deps: FlightsDeps) {
    this.#deps = deps
  }

  /** Serves a request: joins the running call for the same question, or makes one. */
  serve(compiled: CompiledConfig, request: ClientRequest, response: ServerResponse, start: StartLead): void {
    const key = this.#deps.keys.keyOf(compiled, request)
    if (key.kind === 'alone') return serveAlone(request, response, start)
    const { clock, roll } = this.#deps
    const consumer = new Consumer(request, response, {
      table: this.#table,
      clock,
      roll,
      gone: (left) => this.#left(left, 'left'),
      caughtUp: (caught) => this.#caughtUp(caught),
      served: (done) => this.#left(done, 'served'),
    })
    this.#consumers.set(request.id, consumer)
    const options = compiled.flightOptions(request.stream)
    this.#act(this.#table.arrive(key.key, request.id, this.#now(), options), start)
    this.#timer ??= setTimeout(() => this.#tick(), TICK_MS).unref()
  }

  /** For gauges. */
  counts(): ReturnType<FlightTable['counts']> {
    return this.#table.counts()
  }

  #act(actions: readonly FlightAction[], start?: StartLead): void {
    for (const action of actions) this.#perform(action, start)
  }

  #perform(action: FlightAction, start?: StartLead): void {
    const flight = this.#flights.get(action.flight)
    switch (action.kind) {
      case 'start-upstream':
        return this.#takeOff(action.flight, action.consumer, start)
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
        this.#consumers.get(action.consumer)?.drop(dropRefusals[action.reason])
        return this.#forget(action.consumer)
      case 'discard':
        this.#flights.delete(action.flight)
        return
      default:
        assertNever(action)
    }
  }

  #takeOff(id: FlightId, leader: string, start: StartLead | undefined): void {
    const consumer = this.#consumers.get(leader)
    if (consumer === undefined || start === undefined) throw new Error(`flight ${id} has no leader`)
    const flight: Flight = { leader: consumer.request.id, members: new Set() }
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
    if (role === 'follower') this.#deps.joined?.(consumer.request, flight.leader)
    consumer.pump(flight.head)
  }

  /** Where the call's answer goes: into the log, and from there to everybody. */
  #outletOf(id: FlightId, flight: Flight): Outlet {
    const end = (ending: AnswerEnding | 'aborted'): void => {
      flight.ending = ending
      const isWhole = ending !== 'aborted' && ending.kind === 'whole'
      this.#act(this.#table.end(id, isWhole ? { kind: 'whole' } : failed, this.#now()))
    }
    return {
      head(status, headers) {
        flight.head = { status, headers }
      },
      write: (bytes) => {
        this.#act(this.#table.append(id, bytes, this.#now()))
        for (const consumer of flight.members) consumer.pump(flight.head)
        return this.#table.wantsMore(id)
      },
      end: (ending, bytes) => {
        if (bytes !== undefined) this.#act(this.#table.append(id, bytes, this.#now()))
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
    this.#forget(id)
    this.#act(this.#table.leave(id, how, this.#now()))
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

/** What a reader is told that cannot be served to the end. */
const dropRefusals: Readonly<Record<Extract<FlightAction, { kind: 'drop' }>['reason'], Refusal>> = {
  lagged: { status: 504, type: 'timeout_error', message: 'The answer was read too slowly to be kept for this client.' },
  stalled: { status: 504, type: 'timeout_error', message: 'The answer was not read to its end in time.' },
  'waited-too-long': {
    status: 504,
    type: 'timeout_error',
    message: 'The same question is being answered already, and its answer did not begin in time. Try again.',
    shouldRetry: true,
  },
}

/** A request that may not share: its answer goes straight to its client. */
function serveAlone(request: ClientRequest, response: ServerResponse, start: StartLead): void {
  let lead: Lead | undefined
  const outlet = clientOutlet(response, { drained: () => lead?.drained(), gone: () => lead?.cancel() })
  lead = start(request, outlet)
}

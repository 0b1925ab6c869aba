import { type Moment, TransientMap } from '@lb/protocol'
import type { Ending, FlightEffect, FlightEvent, FlightPolicy, FlightState } from './flight/flight.ts'
import { nextFlightDeadlineMs, stepFlight } from './flight/step.ts'
import { type ConsumerId, createReplayLog, type ReplayLimits, type ReplayLog, type ReplayRead } from './replay-log.ts'

/**
 * All flights of a process, each with its log: who has the same key meets here.
 *
 * Rules of this file:
 * - A key leads to a flight exactly while that flight is open and its log whole, so whoever is let in gets every byte.
 * - The logs together hold at most `maxHeldBytes`. What is kept for nobody yet goes first, then whoever lags behind
 *   others, the biggest log first, and only then readers who keep up with nobody but themselves.
 * - A late event (bytes after a cancel, a second close) concerns nobody and changes nothing.
 */
export interface FlightTable {
  /** A request with `key` arrives. It joins the open flight, or leads a new one that lives by `options`. */
  arrive(key: string, consumer: ConsumerId, at: Moment, options: FlightOptions): readonly FlightAction[]
  /** The next bytes of a flight's answer. */
  append(flight: FlightId, chunk: Uint8Array, at: Moment): readonly FlightAction[]
  /** The answer has ended. */
  end(flight: FlightId, ending: Ending, at: Moment): readonly FlightAction[]
  /** Takes what `consumer` has not read yet. */
  read(consumer: ConsumerId, maxBytes?: number): ReplayRead
  /** Bytes went out to `consumer`; only worth saying once its answer has ended. */
  progress(consumer: ConsumerId, at: Moment): void
  /**
   * `consumer` has got everything, or its connection is gone: either way it is forgotten.
   *
   * @param life what its flight lives by from here on: who answers may have changed since it began. Absent: as before.
   */
  leave(
    consumer: ConsumerId,
    how: 'served' | 'left',
    at: Moment,
    life?: FlightPolicy['life'] | undefined,
  ): readonly FlightAction[]
  /** Does what is due. Ticks that come too early do nothing. */
  tick(at: Moment): readonly FlightAction[]
  /** When to tick next, at the latest. */
  nextDeadlineMs(): number | undefined
  /** Whether the upstream of `flight` should be read on. */
  wantsMore(flight: FlightId): boolean
  /** For gauges. */
  counts(): FlightCounts
}

/** Names one flight: for log lines and decision records. Never used twice. */
export type FlightId = string

/** What to do, and for which flight. Joining, closing and forgetting are done already; `discard` says it was. */
export type FlightAction = Exclude<FlightEffect, { kind: 'refuse' | 'close' }> & { readonly flight: FlightId }

/** What a flight lives by; it keeps it when settings change, except for the life that {@link FlightTable.leave} tells. */
export interface FlightOptions extends ReplayLimits {
  readonly policy: FlightPolicy
}

/** @see FlightTable.counts */
export interface FlightCounts {
  readonly flights: number
  readonly consumers: number
  readonly heldBytes: number
}

/** @param maxHeldBytes all logs together; 128 MiB unless said otherwise: half of what 1,000 stalled readers may take. */
export function createFlightTable(maxHeldBytes: number = 128 * 1024 * 1024): FlightTable {
  return new Table(maxHeldBytes)
}

interface Flight {
  readonly id: FlightId
  readonly key: string
  policy: FlightPolicy
  readonly log: ReplayLog
  state: FlightState
  /** What its log held when it was last looked at. */
  heldBytes: number
}

const NOTHING_TO_DO: readonly FlightAction[] = []

class Table implements FlightTable {
  private readonly open = new TransientMap<string, Flight>()
  /** In the order of their start. */
  private readonly flights = new TransientMap<FlightId, Flight>()
  private readonly aboard = new TransientMap<ConsumerId, Flight>()
  private readonly maxHeldBytes: number
  private started = 0
  /** All logs together, kept up to date by {@link weigh}: it is asked for with every chunk. */
  private heldBytes = 0

  constructor(maxHeldBytes: number) {
    this.maxHeldBytes = maxHeldBytes
  }

  arrive(key: string, consumer: ConsumerId, at: Moment, options: FlightOptions): readonly FlightAction[] {
    const known = this.open.get(key)
    const joined = known === undefined ? [] : this.apply(known, { kind: 'arrived', consumer }, at)
    if (this.aboard.has(consumer)) return joined
    this.started += 1
    const { policy, ...limits } = options
    // In background life the answer is collected as fast as it comes, whatever its readers do.
    const log = createReplayLog(
      policy.life === 'background' ? { pauseBytes: Number.POSITIVE_INFINITY, ...limits } : limits,
    )
    const flight: Flight = { id: `f${this.started}`, key, policy, log, state: { kind: 'idle' }, heldBytes: 0 }
    this.open.set(key, flight)
    this.flights.set(flight.id, flight)
    return [...joined, ...this.apply(flight, { kind: 'arrived', consumer }, at)]
  }

  append(id: FlightId, chunk: Uint8Array, at: Moment): readonly FlightAction[] {
    const flight = this.flights.get(id)
    if (flight === undefined || chunk.length === 0) return []
    const began = this.apply(flight, { kind: 'answer-began' }, at)
    const cut = flight.log.append(chunk)
    this.weigh(flight)
    // Asked with every chunk of every answer: nearly always there is nothing to do, and nothing to build.
    const isCalm = cut.length === 0 && flight.log.isWhole() && this.heldBytes <= this.maxHeldBytes
    return isCalm ? began : [...began, ...this.afterCut(flight, cut, at), ...this.makeRoom(at)]
  }

  end(id: FlightId, ending: Ending, at: Moment): readonly FlightAction[] {
    const flight = this.flights.get(id)
    if (flight === undefined) return []
    flight.log.end()
    return this.apply(flight, { kind: 'answer-ended', ending }, at)
  }

  read(consumer: ConsumerId, maxBytes?: number): ReplayRead {
    const flight = this.aboard.get(consumer)
    if (flight === undefined) return { kind: 'cut' }
    const read = flight.log.read(consumer, maxBytes)
    this.weigh(flight)
    return read
  }

  progress(consumer: ConsumerId, at: Moment): void {
    const flight = this.aboard.get(consumer)
    if (flight !== undefined) this.apply(flight, { kind: 'consumer-progressed', consumer }, at)
  }

  leave(
    consumer: ConsumerId,
    how: 'served' | 'left',
    at: Moment,
    life?: FlightPolicy['life'],
  ): readonly FlightAction[] {
    const flight = this.aboard.get(consumer)
    if (flight === undefined) return []
    if (life !== undefined && life !== flight.policy.life) flight.policy = { ...flight.policy, life }
    this.forget(flight, consumer)
    return this.apply(flight, { kind: how === 'served' ? 'consumer-served' : 'consumer-left', consumer }, at)
  }

  tick(at: Moment): readonly FlightAction[] {
    return [...this.flights.values()].flatMap((flight) => this.apply(flight, { kind: 'ticked' }, at))
  }

  nextDeadlineMs(): number | undefined {
    let soonest: number | undefined
    for (const flight of this.flights.values()) {
      const deadlineMs = nextFlightDeadlineMs(flight.state, flight.policy)
      if (deadlineMs !== undefined && (soonest === undefined || deadlineMs < soonest)) soonest = deadlineMs
    }
    return soonest
  }

  wantsMore(id: FlightId): boolean {
    return this.flights.get(id)?.log.wantsMore() ?? false
  }

  counts(): FlightCounts {
    return { flights: this.flights.size, consumers: this.aboard.size, heldBytes: this.heldBytes }
  }

  private apply(flight: Flight, event: FlightEvent, at: Moment): readonly FlightAction[] {
    const { state, effects } = stepFlight(flight.state, event, at, flight.policy)
    flight.state = state
    if (effects.length === 0) return NOTHING_TO_DO
    const actions: FlightAction[] = []
    for (const effect of effects) {
      const left = this.perform(flight, effect)
      if (left !== undefined) actions.push(left)
    }
    return actions
  }

  /**
   * Does what concerns the table and the log, and returns what is left to do. Each object is written out: to spread one
   * costs more than all else here, and this is done several times in every request.
   */
  private perform(flight: Flight, effect: FlightEffect): FlightAction | undefined {
    const { id } = flight
    switch (effect.kind) {
      case 'refuse':
        return undefined
      case 'close':
        this.open.delete(flight.key)
        flight.log.seal()
        this.weigh(flight)
        return undefined
      case 'attach':
        flight.log.join(effect.consumer)
        this.aboard.set(effect.consumer, flight)
        return { kind: 'attach', consumer: effect.consumer, role: effect.role, flight: id }
      case 'drop':
        this.forget(flight, effect.consumer)
        return { kind: 'drop', consumer: effect.consumer, reason: effect.reason, flight: id }
      case 'discard':
        // Its log is empty: it was sealed when the flight closed, and nobody reads it.
        this.flights.delete(id)
        return { kind: 'discard', flight: id }
      case 'start-upstream':
        return { kind: 'start-upstream', consumer: effect.consumer, flight: id }
      case 'cancel-upstream':
        return { kind: 'cancel-upstream', flight: id }
      case 'promote':
        return { kind: 'promote', consumer: effect.consumer, flight: id }
      case 'finish':
        return { kind: 'finish', consumers: effect.consumers, ending: effect.ending, flight: id }
    }
  }

  private forget(flight: Flight, consumer: ConsumerId): void {
    flight.log.leave(consumer)
    this.aboard.delete(consumer)
    this.weigh(flight)
  }

  private afterCut(flight: Flight, cut: readonly ConsumerId[], at: Moment): FlightAction[] {
    const broken = flight.log.isWhole() ? [] : this.apply(flight, { kind: 'log-broken' }, at)
    return [...broken, ...cut.flatMap((consumer) => this.apply(flight, { kind: 'consumer-cut', consumer }, at))]
  }

  private makeRoom(at: Moment): FlightAction[] {
    if (this.heldBytes <= this.maxHeldBytes) return []
    // Some room to spare: whoever comes next must not go through all flights again.
    const enoughBytes = this.maxHeldBytes * 0.9
    const done: FlightAction[] = []
    for (const flight of this.flights.values()) {
      if (this.heldBytes <= enoughBytes) return done
      if (isKeptForNobody(flight)) done.push(...this.apply(flight, { kind: 'evicted' }, at))
    }
    const byWeight = [...this.flights.values()].sort((a, b) => b.heldBytes - a.heldBytes)
    for (const spared of [(log: ReplayLog): number => log.frontBytes(), (): number => 0]) {
      for (const flight of byWeight) {
        if (this.heldBytes <= enoughBytes) return done
        const cut = flight.log.squeeze(spared(flight.log))
        this.weigh(flight)
        done.push(...this.afterCut(flight, cut, at))
      }
    }
    return done
  }

  private weigh(flight: Flight): void {
    const heldBytes = flight.log.heldBytes()
    this.heldBytes += heldBytes - flight.heldBytes
    flight.heldBytes = heldBytes
  }
}

function isKeptForNobody({ state }: Flight): boolean {
  return state.kind === 'lingering' || state.kind === 'unattended'
}

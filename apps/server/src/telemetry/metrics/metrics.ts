import type { DoneRequest, RequestObserver } from '../observer.ts'
import { createExposition, type Exposition } from './exposition.ts'
import type { Cell } from './instruments.ts'
import { createMetricSet, instrumentsOf, type MetricSet } from './metric-set.ts'
import { metricsObserver } from './metrics-observer.ts'

/** The figures of one server. */
export interface Metrics {
  /** Counts requests, attempts, tokens and ejections. */
  readonly observer: RequestObserver
  /** The configuration was read anew. */
  reloaded(result: 'applied' | 'rejected'): void
  /** A client's connection was closed at once: too many were open. */
  connectionDropped(): void
  /** Something broke inside lb, and was caught. */
  internalError(): void
  /** For `GET /metrics`. */
  exposition(): Promise<Exposition>
}

/** What the figures need to know of the rest. */
export interface MetricsPorts {
  readonly version: string
  /** Wall clock. */
  readonly epochMs: () => number
  readonly knownModels: Iterable<string>
  /** In US dollars; see usage and prices. Default: no price is known. */
  readonly costOf?: (done: DoneRequest) => number | undefined
  /** Asked at every scrape. */
  readonly now: () => PresentState
}

/** What is not counted but looked at. */
export interface PresentState {
  readonly providers: readonly { readonly id: string; readonly isUsable: boolean }[]
  readonly flights: { readonly flights: number; readonly heldBytes: number }
  /** Milliseconds. */
  readonly eventLoopLagMs: number
  readonly isOverloaded: boolean
  readonly isDraining: boolean
}

/** Makes the figures of one server. */
export function createMetrics(ports: MetricsPorts): Metrics {
  const set = createMetricSet()
  const { knownModels, costOf = () => undefined } = ports
  const print = createExposition(instrumentsOf(set))
  set.build.cell(ports.version).value = 1
  // Known series start at 0, so that the first increase is seen as one.
  set.reloads.cell('applied')
  set.reloads.cell('rejected')
  set.lastReload.cell().value = ports.epochMs() / 1000
  return {
    observer: metricsObserver(set, { knownModels, costOf }),
    reloaded(result) {
      add(set.reloads.cell(result))
      if (result === 'applied') set.lastReload.cell().value = ports.epochMs() / 1000
    },
    connectionDropped: () => add(set.connectionsDropped.cell()),
    internalError: () => add(set.internalErrors.cell()),
    exposition() {
      look(set, ports.now())
      return print()
    },
  }
}

function add(cell: Cell, amount = 1): void {
  cell.value += amount
}

function look(set: MetricSet, present: PresentState): void {
  set.providerUsable.clear()
  for (const { id, isUsable } of present.providers) set.providerUsable.cell(id).value = isUsable ? 1 : 0
  set.openFlights.cell().value = present.flights.flights
  set.heldBytes.cell().value = present.flights.heldBytes
  set.eventLoopLag.cell().value = present.eventLoopLagMs / 1000
  set.overloaded.cell().value = present.isOverloaded ? 1 : 0
  set.draining.cell().value = present.isDraining ? 1 : 0
}

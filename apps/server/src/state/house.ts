import type { Clock } from '../clock.ts'
import type { Counting } from '../counting/counting.ts'
import type { Flights } from '../flights/flights.ts'
import type { Log } from '../telemetry/log.ts'
import type { RequestObserver } from '../telemetry/observer.ts'
import type { Pools } from '../upstream/pools.ts'
import type { Usage } from '../usage/usage.ts'
import type { CompiledConfig } from './compiled-config.ts'
import type { Targets } from './targets.ts'

/** Everything that lives longer than one request. */
export interface House {
  readonly clock: Clock
  readonly roll: () => number
  readonly newId: (prefix: string) => string
  readonly log: Log
  readonly pools: Pools
  readonly targets: Targets
  readonly flights: Flights
  readonly usage: Usage
  readonly counting: Counting
  /** Everybody who wants to know what happens. */
  readonly observer: Required<RequestObserver>
  /** The configuration that a request which begins now uses, to its end. */
  current(): CompiledConfig
}

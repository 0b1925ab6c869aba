import type { Clock } from '../clock.ts'
import type { Flights } from '../flights/flights.ts'
import type { OAuth } from '../oauth/index.ts'
import type { PaceWatch } from '../ingress/pace.ts'
import type { Limits } from '../keys/limits.ts'
import type { Log } from '../telemetry/log.ts'
import type { Metrics } from '../telemetry/metrics/metrics.ts'
import type { RequestObserver } from '../telemetry/observer.ts'
import type { Traces } from '../telemetry/traces/traces.ts'
import type { Pools } from '../upstream/pools.ts'
import type { CompiledConfig } from './compiled-config.ts'
import type { Targets } from './targets.ts'

/** What can be told to end. */
export interface Stoppable {
  stop(): void
}

/** Everything that lives longer than one request. */
export interface House {
  readonly clock: Clock
  readonly roll: () => number
  readonly newId: (prefix: string) => string
  readonly log: Log
  readonly pools: Pools
  readonly targets: Targets
  readonly flights: Flights
  /** Bodies that are on their way in. */
  readonly paces: PaceWatch
  /** What the holders of keys have used up. */
  readonly limits: Limits
  /** Everybody who wants to know what happens. */
  readonly observer: Required<RequestObserver>
  /** The stored logins, while they are switched on. */
  oauth(): OAuth | undefined
  readonly metrics: Metrics
  /** `undefined`: nobody wants any. */
  readonly traces: Traces | undefined
  /** The requests that are being answered, in case they must be ended. */
  readonly running: Set<Stoppable>
  /** Something threw inside lb: logs and counts it. Whoever calls it ends what threw. */
  readonly internalError: (error: unknown) => void
  /** Whether the process is stopping: it finishes what runs, and is not ready for more. */
  isDraining(): boolean
  /** Whether the process is short of time or memory: new requests are refused, running ones go on. */
  isOverloaded(): boolean
  /** The configuration that a request which begins now uses, to its end. */
  current(): CompiledConfig
}

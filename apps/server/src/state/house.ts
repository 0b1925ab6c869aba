import type { Clock } from '../clock.ts'
import type { Flights } from '../flights/flights.ts'
import type { OAuth } from '../oauth/index.ts'
import type { PaceWatch } from '../ingress/pace.ts'
import type { Limits } from '../keys/limits.ts'
import type { Log } from '../telemetry/log.ts'
import type { RequestObserver } from '../telemetry/observer.ts'
import type { Pools } from '../upstream/pools.ts'
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
  /** Bodies that are on their way in. */
  readonly paces: PaceWatch
  /** What the holders of keys have used up. */
  readonly limits: Limits
  /** Everybody who wants to know what happens. */
  readonly observer: Required<RequestObserver>
  /** The stored logins, while they are switched on. */
  oauth(): OAuth | undefined
  /** The configuration that a request which begins now uses, to its end. */
  current(): CompiledConfig
}

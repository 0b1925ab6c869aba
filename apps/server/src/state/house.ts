import type { TransientMap } from '@lb/protocol'
import type { Bursts } from '../bursts.ts'
import type { Clock } from '../clock.ts'
import type { Counting } from '../counting/counting.ts'
import type { Flights } from '../flights/flights.ts'
import type { PaceWatch } from '../ingress/pace.ts'
import type { Limits } from '../keys/limits.ts'
import type { OAuth } from '../oauth/index.ts'
import type { Log } from '../telemetry/log.ts'
import type { Metrics } from '../telemetry/metrics/metrics.ts'
import type { RequestObserver } from '../telemetry/observer.ts'
import type { Traces } from '../telemetry/traces/traces.ts'
import type { Pools } from '../upstream/pools.ts'
import type { Usage } from '../usage/usage.ts'
import type { DecisionRecords } from './decision-records.ts'
import type { LiveConfig } from './live-config.ts'
import type { Reloader } from './reload.ts'
import type { Scoreboard } from './scoreboard.ts'
import type { Targets } from './targets.ts'

/** What can be told to end. */
export interface Stoppable {
  stop(): void
}

/** Everything that lives longer than one request; the configuration, too, which is replaced while requests run. */
export interface House extends LiveConfig {
  readonly clock: Clock
  readonly roll: () => number
  readonly newId: (prefix: string) => string
  readonly log: Log
  /** What a turn of the event loop brings, stage by stage. */
  readonly bursts: Bursts
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
  /** Who used what, and what it cost. */
  readonly usage: Usage
  /** Token counts, and estimates of them. */
  readonly counting: Counting
  readonly metrics: Metrics
  /** `undefined`: nobody wants any. */
  readonly traces: Traces | undefined
  /** How each provider has been doing. */
  readonly scoreboard: Scoreboard
  readonly reloader: Reloader
  /** Why the last requests went where they went. */
  readonly records: DecisionRecords
  /** The requests that are being answered, in case they must be ended. */
  readonly running: TransientMap<string, Stoppable>
  /** Something threw inside lb: logs and counts it. Whoever calls it ends what threw. */
  readonly internalError: (error: unknown) => void
  /** For `/health/ready`: whether new requests should be sent here. */
  phase(): Phase
  /** Whether the process is short of time or memory: new requests are refused, running ones go on. */
  isOverloaded(): boolean
  /** Calls `listener` when the operator asks to tidy up; `force`: whatever waits is to be given up, too. */
  onCleanup(listener: (force: boolean) => void): void
  cleanup(force: boolean): void
}

/** What the process is at. */
export type Phase = 'starting' | 'ready' | 'draining'

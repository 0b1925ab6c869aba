import type { Clock } from '../clock.ts'
import type { Log } from '../telemetry/log.ts'
import type { RequestObserver } from '../telemetry/observer.ts'
import type { Pools } from '../upstream/pools.ts'
import type { DecisionRecords } from './decision-records.ts'
import type { LiveConfig } from './live-config.ts'
import type { Reloader } from './reload.ts'
import type { Scoreboard } from './scoreboard.ts'
import type { Targets } from './targets.ts'

/** Everything that lives longer than one request; the configuration, too, which is replaced while requests run. */
export interface House extends LiveConfig {
  readonly clock: Clock
  readonly roll: () => number
  readonly newId: (prefix: string) => string
  readonly log: Log
  readonly pools: Pools
  readonly targets: Targets
  /** Everybody who wants to know what happens. */
  readonly observer: Required<RequestObserver>
  /** How each provider has been doing. */
  readonly scoreboard: Scoreboard
  readonly reloader: Reloader
  /** Why the last requests went where they went. */
  readonly records: DecisionRecords
  /** For `/health/ready`: whether new requests should be sent here. */
  phase(): Phase
  /** Calls `listener` when the operator asks to tidy up; `force`: whatever waits is to be given up, too. */
  onCleanup(listener: (force: boolean) => void): void
  cleanup(force: boolean): void
}

/** What the process is at. */
export type Phase = 'starting' | 'ready' | 'draining'

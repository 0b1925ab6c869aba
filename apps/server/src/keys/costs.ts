import type { DoneRequest } from '../telemetry/observer.ts'

/** Who knows what requests cost. Budgets count only while there is somebody who does. */
export interface Costs {
  /** US dollars, of all attempts; `undefined`: not known. */
  costOf(done: DoneRequest): number | undefined
  /** What a tenant has spent from a date on, in US dollars, also before a restart. */
  spentSince(tenant: string, epochMs: number): number
}

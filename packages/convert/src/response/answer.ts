import type { Json } from '@lb/protocol'
import type { Loss } from '../losses.ts'
import type { StreamError } from '../stream/report.ts'

/** A converted whole answer. */
export interface ConvertedAnswer<T> {
  readonly value: T
  readonly losses: readonly Loss[]
  /** What has no place in the client's dialect, by the upstream's names. */
  readonly aside: Readonly<Record<string, Json>>
}

/** An answer that was an error in spite of its status. */
export interface FailedAnswer extends StreamError {
  readonly losses: readonly Loss[]
}

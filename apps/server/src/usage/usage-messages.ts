import type { ListPrice, Priced } from './price-list.ts'
import type { UsageQuery } from './usage-query.ts'
import type { UsageRow } from './usage-row.ts'
import type { Spent, UsageSums } from './usage-sums.ts'

/** What the main thread asks the thread that keeps the books. */
export type UsageAsk =
  /** Where the books are from now on; `null`: none are kept. Nothing is opened before it is needed. */
  | { readonly kind: 'open'; readonly id: number; readonly path: string | null; readonly retentionMs: number }
  /** Write all of it or nothing. `batch` rises with every one of the same `process`. */
  | {
      readonly kind: 'write'
      readonly id: number
      readonly process: string
      readonly batch: number
      readonly rows: readonly UsageRow[]
    }
  | { readonly kind: 'price'; readonly id: number; readonly priced: Priced; readonly epochMs: number }
  | { readonly kind: 'sum'; readonly id: number; readonly query: UsageQuery }
  | { readonly kind: 'spent'; readonly id: number; readonly sinceMs: number; readonly beforeMs: number }
  | { readonly kind: 'close'; readonly id: number }

/** What a question is answered with. */
export interface UsageAnswers {
  readonly open: null
  readonly write: null
  readonly price: ListPrice | null
  readonly sum: UsageSums
  readonly spent: readonly Spent[]
  readonly close: null
}

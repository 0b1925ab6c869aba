import type { TokenCounts } from './token-counts.ts'

/** One entry of the books: tokens, whose they are and what they cost. */
export interface UsageEntry {
  /** Wall clock at the end of the request, epoch milliseconds. */
  readonly atMs: number
  /**
   * - `request`: a request, with what its answer used.
   * - `part`: what another model used for the same answer.
   * - `waste`: an attempt that failed and is charged all the same.
   * - `saved`: a request that was answered by another's call, with what it would have used.
   */
  readonly kind: 'request' | 'part' | 'waste' | 'saved'
  readonly account: Account
  /** The configured provider. Empty: nobody was asked. */
  readonly provider: string
  /** As the provider calls it. */
  readonly model: string
  /** The client did not get a whole answer, and did not leave by itself either. */
  readonly isFailed: boolean
  /** The upstream did not say all of it. */
  readonly isEstimated: boolean
  readonly counts: TokenCounts
  /** How much dearer than the list it was; see `surcharge`. */
  readonly factor: number
  /** In billionths of a US dollar; `null`: there is no price. `undefined`: it is being looked up, and the entry waits. */
  nanoUsd: number | null | undefined
}

/** Who an entry is about. */
export interface Account {
  readonly request: string
  /** The tenant: the holder of the client's key. */
  readonly key: string
  readonly endpoint: string
  /** The conversation by the client's own name for it. */
  readonly session: string | null
}

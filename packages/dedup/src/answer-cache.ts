import type { Ending } from './flight/flight.ts'
import { type RequestHeaders, saysNo, words } from './policy.ts'

/**
 * The opt-in answer cache: which answers are kept, how long they are good, and what they weigh. The key is the
 * fingerprint, so nobody gets what they could not have shared in flight.
 *
 * Rules of this file:
 * - Kept is only a whole, successful answer, byte for byte. A failure is never kept.
 * - An answer that was cut off by `max_tokens` is not kept when the key leaves `max_tokens` out: it would be served to
 *   somebody who asked for more.
 * - An entry's age is wall-clock time, so that a store may be shared between processes; an entry from the future is stale.
 */
export interface CachedAnswer {
  readonly status: number
  /** The headers worth replaying, see {@link cachedHeaders}. */
  readonly headers: readonly (readonly [name: string, value: string])[]
  /** The body as received: the events of a stream, or one JSON text. */
  readonly chunks: readonly Uint8Array[]
  readonly storedEpochMs: number
}

/** Where answers are kept. In memory an LRU map; a shared store can follow, hence the promises. */
export interface AnswerStore {
  /** The answer under `key`, if it is still there. A store that fails to say has none. */
  get(key: string): CachedAnswer | undefined | Promise<CachedAnswer | undefined>
  /** Keeps `answer` for at most `ttlMs`; `bytes` is what it counts against the store's limit. */
  set(
    key: string,
    answer: CachedAnswer,
    weight: { readonly ttlMs: number; readonly bytes: number },
  ): void | Promise<void>
}

/** `deduplication.cache`. */
export interface AnswerCachePolicy {
  readonly enabled: boolean
  /** How long an answer is good. @defaultValue 300,000 */
  readonly ttlMs: number
  /** @defaultValue 1,000 */
  readonly maxEntries: number
  /** All entries together, by {@link answerBytes}. @defaultValue 64 MiB */
  readonly maxBytes: number
}

/** What settings that say nothing mean: no cache. */
export const defaultAnswerCachePolicy: AnswerCachePolicy = {
  enabled: false,
  ttlMs: 300_000,
  maxEntries: 1000,
  maxBytes: 64 * 1024 * 1024,
}

/** Request header with which a client neither gets nor leaves a cached answer: `x-lb-cache: no`. */
export const CACHE_HEADER = 'x-lb-cache'

/** What a request allows. `x-lb-cache: no` and `cache-control: no-store` forbid both; `no-cache` asks for a new answer. */
export function cacheWishOf(headers: RequestHeaders): CacheWish {
  const control = words(headers, 'cache-control')
  const isPrivate = saysNo(headers, CACHE_HEADER) || control.includes('no-store')
  return { serve: !isPrivate && !control.includes('no-cache'), store: !isPrivate }
}

/** @see cacheWishOf */
export interface CacheWish {
  readonly serve: boolean
  readonly store: boolean
}

/** What is known about an answer that has just ended. */
export interface AnswerFacts {
  readonly status: number
  readonly ending: Ending
  /** The upstream's word for why it stopped; unset where there is none (`count_tokens`). */
  readonly stopReason?: string
  /** {@link answerBytes} of it. */
  readonly bytes: number
  /** Whether everybody who got it lets it be kept. */
  readonly wish: CacheWish
  /** Whether its key counts `max_tokens`. */
  readonly includeMaxTokens: boolean
}

/** Whether an answer is kept, and if not, why: for metrics and decision records. */
export type Admission = 'keep' | 'disabled' | 'opted-out' | 'failed' | 'truncated' | 'too-large'

/** Decides whether the cache keeps an answer. One answer may take an eighth of the room, so that it does not empty it. */
export function admit(answer: AnswerFacts, policy: AnswerCachePolicy): Admission {
  if (!policy.enabled) return 'disabled'
  if (!answer.wish.store) return 'opted-out'
  if (answer.status !== 200 || answer.ending.kind !== 'whole') return 'failed'
  if (!answer.includeMaxTokens && limitReasons.has(answer.stopReason)) return 'truncated'
  return answer.bytes > policy.maxBytes / 8 ? 'too-large' : 'keep'
}

/** How the dialects say that `max_tokens` ended an answer: Anthropic, Chat Completions, Responses. */
const limitReasons: ReadonlySet<string | undefined> = new Set(['max_tokens', 'length', 'max_output_tokens'])

/** The age of an entry at `epochMs` if it is still good, for the `age` header; else `undefined`. */
export function freshAgeMs(answer: CachedAnswer, epochMs: number, policy: AnswerCachePolicy): number | undefined {
  const ageMs = epochMs - answer.storedEpochMs
  return policy.enabled && ageMs >= 0 && ageMs < policy.ttlMs ? ageMs : undefined
}

/** The headers of an answer that are as true later as now. Limits, cookies and dates are not. */
export function cachedHeaders(headers: CachedAnswer['headers']): CachedAnswer['headers'] {
  return headers.filter(([name]) => keptHeaders.has(name.toLowerCase()))
}

const keptHeaders: ReadonlySet<string> = new Set(['content-type', 'content-encoding', 'request-id', 'x-request-id'])

/** What an answer weighs in memory: its bytes and the cost of keeping them. */
export function answerBytes({ headers, chunks }: Pick<CachedAnswer, 'headers' | 'chunks'>): number {
  const text = headers.reduce((sum, [name, value]) => sum + name.length + value.length, 0)
  return chunks.reduce((sum, chunk) => sum + chunk.length + ENTRY_COST_BYTES, text + ENTRY_COST_BYTES)
}

/** An object, its buffer and its view. */
const ENTRY_COST_BYTES = 128

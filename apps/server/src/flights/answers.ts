import type { ServerResponse } from 'node:http'
import {
  type AnswerCachePolicy,
  type AnswerStore,
  admit,
  answerBytes,
  type CachedAnswer,
  cachedHeaders,
  cacheWishOf,
  freshAgeMs,
} from '@lb/dedup'
import { LRUCache } from 'lru-cache'
import { pings } from '../egress/client-view.ts'
import { type AnswerEnding, clientOutlet } from '../egress/outlet.ts'
import type { ClientRequest } from '../ingress/client-request.ts'
import type { FlightHead } from './consumer.ts'

/** Keeps answers in memory, bounded by number and by bytes. */
export function memoryStore(policy: AnswerCachePolicy): AnswerStore {
  const answers = new LRUCache<string, CachedAnswer>({ max: policy.maxEntries, maxSize: policy.maxBytes })
  return {
    get: (key) => answers.get(key),
    set: (key, answer, { ttlMs, bytes }) => void answers.set(key, answer, { ttl: ttlMs, size: bytes }),
  }
}

/** An answer that a request may have instead of a call, and how old it is. */
export interface StoredAnswer {
  readonly answer: CachedAnswer
  readonly ageMs: number
}

/** @returns `undefined` when there is none, it is too old, or the client wants none. */
export async function storedAnswer(
  store: AnswerStore,
  key: string,
  headers: Readonly<Record<string, string>>,
  epochMs: number,
  policy: AnswerCachePolicy,
): Promise<StoredAnswer | undefined> {
  if (!cacheWishOf(headers).serve) return undefined
  const answer = await found(store, key)
  const ageMs = answer === undefined ? undefined : freshAgeMs(answer, epochMs, policy)
  return answer === undefined || ageMs === undefined ? undefined : { answer, ageMs }
}

/** Gives a client a kept answer. */
export function replayAnswer({ answer, ageMs }: StoredAnswer, { id }: ClientRequest, response: ServerResponse): void {
  const outlet = clientOutlet(response, { drained() {}, gone() {} })
  const age = String(Math.floor(ageMs / 1000))
  outlet.head(answer.status, [...answer.headers.flat(), 'x-lb-cache', 'hit', 'age', age, 'x-lb-request-id', id])
  for (const chunk of answer.chunks) outlet.write(chunk)
  outlet.end({ kind: 'whole', stopReason: undefined })
}

/** A store that fails has nothing: the answer is asked for then. */
async function found(store: AnswerStore, key: string): Promise<CachedAnswer | undefined> {
  try {
    return await store.get(key)
  } catch {
    return undefined
  }
}

async function keep(store: AnswerStore, key: string, answer: CachedAnswer, weight: Weight): Promise<void> {
  try {
    await store.set(key, answer, weight)
  } catch {
    // It is asked for again.
  }
}

type Weight = Parameters<AnswerStore['set']>[2]

/** Collects a flight's answer while it goes by, for the store. */
export interface AnswerCollector {
  take(bytes: Uint8Array): void
  /** What one more reader allows. */
  agree(headers: Readonly<Record<string, string>>): void
  /** The answer has ended: keeps it if it may be kept. */
  end(ending: AnswerEnding, head: FlightHead | undefined, epochMs: number): void
}

export interface Collecting {
  readonly store: AnswerStore
  readonly key: string
  readonly policy: AnswerCachePolicy
  /** Whether the key counts `max_tokens`. */
  readonly includeMaxTokens: boolean
}

export function createAnswerCollector({ store, key, policy, includeMaxTokens }: Collecting): AnswerCollector {
  let chunks: Uint8Array[] = []
  let bytes = 0
  let wish = { serve: true, store: true }
  return {
    take(chunk) {
      // Our own signs of life are no part of the answer.
      if (Object.values(pings).includes(chunk as Buffer)) return
      bytes += chunk.length
      if (bytes <= policy.maxBytes) chunks.push(chunk)
      else chunks = []
    },
    agree(headers) {
      const other = cacheWishOf(headers)
      wish = { serve: wish.serve && other.serve, store: wish.store && other.store }
    },
    end(ending, head, epochMs) {
      // What lb had to mend is no answer as it was received.
      if (ending.kind !== 'whole' || ending.isMended === true) return
      if (head === undefined || bytes > policy.maxBytes) return
      const headers = cachedHeaders(pairs(head.headers))
      const answer: CachedAnswer = { status: head.status, headers, chunks, storedEpochMs: epochMs }
      const weight = answerBytes(answer)
      const { stopReason } = ending
      const facts = { status: head.status, ending: { kind: 'whole' }, bytes: weight, wish, includeMaxTokens } as const
      const verdict = admit(stopReason === undefined ? facts : { ...facts, stopReason }, policy)
      if (verdict === 'keep') void keep(store, key, answer, { ttlMs: policy.ttlMs, bytes: weight })
    },
  }
}

function pairs(list: readonly string[]): [string, string][] {
  const found: [string, string][] = []
  for (let index = 0; index + 1 < list.length; index += 2)
    found.push([list[index] as string, list[index + 1] as string])
  return found
}

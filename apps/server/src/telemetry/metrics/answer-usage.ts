import type { CachedAnswer } from '@lb/dedup'
import { createSseDecoder, isJsonObject, type Json, type JsonObject, member, parseJson } from '@lb/protocol'
import { type TokenCounts, tokenCounts } from './token-counts.ts'

/** Kept answers are given many times, and read once. */
const known = new WeakMap<CachedAnswer, { readonly counts: TokenCounts | undefined }>()

/** What a kept answer used when it was new: out of its own bytes, stream or not, in any dialect. `undefined`: it does not say. */
export function tokensOfAnswer(answer: CachedAnswer): TokenCounts | undefined {
  const found = known.get(answer) ?? { counts: read(answer) }
  known.set(answer, found)
  return found.counts
}

function read(answer: CachedAnswer): TokenCounts | undefined {
  let usage: JsonObject = {}
  for (const text of textsOf(answer)) {
    const parsed = text.includes('"usage"') ? parseJson(text) : undefined
    if (parsed?.ok) usage = { ...usage, ...usageIn(parsed.value) }
  }
  return tokenCounts(usage)
}

/** The JSON texts of an answer: the data of its events, or all of it. */
function textsOf({ headers, chunks }: CachedAnswer): string[] {
  const isStream = headers.some(([name, value]) => name === 'content-type' && value.startsWith('text/event-stream'))
  if (!isStream) return [Buffer.concat(chunks).toString()]
  const decoder = createSseDecoder()
  const events = chunks.flatMap((chunk) => decoder.push(chunk).events)
  return [...events, ...decoder.end().events].flatMap(({ data }) => data ?? [])
}

/** Anthropic's first event has it inside of the message, and Responses' last one inside of the response. */
function usageIn(value: Json): JsonObject {
  const usage = [value, member(value, 'message'), member(value, 'response')].map((place) => member(place, 'usage'))
  return usage.find(isJsonObject) ?? {}
}

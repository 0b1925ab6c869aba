import { type Json, type JsonObject, numberMember } from '@lb/protocol'

/** What an answer used, in the buckets that have prices of their own. None is part of another. */
export interface TokenCounts {
  /** Neither read from a cache nor written to one. */
  readonly input: number
  readonly cacheRead: number
  readonly cacheWrite5m: number
  readonly cacheWrite1h: number
  /** With whatever was thought. */
  readonly output: number
}

/**
 * Token counts out of an upstream's own `usage`, in the shape of Anthropic, OpenAI Chat or OpenAI Responses. OpenAI counts
 * cached tokens into the input, Anthropic counts them apart.
 *
 * @returns `undefined` where the upstream told nothing.
 * @see https://platform.claude.com/docs/en/build-with-claude/prompt-caching#tracking-cache-performance
 * @see https://platform.openai.com/docs/api-reference/responses/object#responses/object-usage
 */
export function tokenCounts(usage: JsonObject): TokenCounts | undefined {
  const prompt = numberMember(usage, 'prompt_tokens')
  if (prompt !== undefined) return included(usage, prompt, 'prompt_tokens_details', 'completion_tokens')
  const input = numberMember(usage, 'input_tokens')
  if (usage['input_tokens_details'] !== undefined)
    return included(usage, input ?? 0, 'input_tokens_details', 'output_tokens')
  const output = numberMember(usage, 'output_tokens')
  if (input === undefined && output === undefined) return undefined
  const written = count(usage, 'cache_creation_input_tokens')
  const cacheWrite1h = Math.min(written, count(usage['cache_creation'], 'ephemeral_1h_input_tokens'))
  return {
    input: input ?? 0,
    cacheRead: count(usage, 'cache_read_input_tokens'),
    // Five minutes is the default lifetime; what is not said to live an hour is of that kind.
    cacheWrite5m: written - cacheWrite1h,
    cacheWrite1h,
    output: output ?? 0,
  }
}

/** Calls `add` for each kind that was used, with the value of the label `kind`. */
export function eachKind(counts: TokenCounts, add: (kind: string, tokens: number) => void): void {
  if (counts.input > 0) add('input', counts.input)
  if (counts.cacheRead > 0) add('cache_read', counts.cacheRead)
  if (counts.cacheWrite5m > 0) add('cache_write_5m', counts.cacheWrite5m)
  if (counts.cacheWrite1h > 0) add('cache_write_1h', counts.cacheWrite1h)
  if (counts.output > 0) add('output', counts.output)
}

/** OpenAI's way: the total of the input, and how much of it was cached. */
function included(usage: JsonObject, total: number, details: string, output: string): TokenCounts {
  const cached = numberMember(usage[details], 'cached_tokens') ?? count(usage, 'prompt_cache_hit_tokens')
  const cacheRead = Math.min(cached, total)
  const cacheWrite5m = Math.min(count(usage[details], 'cache_write_tokens'), total - cacheRead)
  return {
    input: total - cacheRead - cacheWrite5m,
    cacheRead,
    cacheWrite5m,
    cacheWrite1h: 0,
    output: count(usage, output),
  }
}

function count(object: Json | undefined, name: string): number {
  return Math.max(0, numberMember(object, name) ?? 0)
}

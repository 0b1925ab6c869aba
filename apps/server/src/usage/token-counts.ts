import { type Json, type JsonObject, member, numberMember, stringMember } from '@lb/protocol'

/** What an answer used, in whole tokens; every token is in exactly one bucket, save `thinking`. */
export interface TokenCounts {
  /** Neither read from a prompt cache nor written to one. */
  readonly input: number
  readonly cacheRead: number
  /** Written to the cache that lives for five minutes. */
  readonly cacheWrite5m: number
  /** Written to the cache that lives for an hour. */
  readonly cacheWrite1h: number
  readonly output: number
  /** The part of `output` that was thinking, where the vendor says so. */
  readonly thinking: number
  /** Searches that the vendor made and charges for, each. */
  readonly webSearches: number
}

/** Tokens that are charged at one model's price. */
export interface Billed {
  /** The vendor's name of the model; absent: the one that was asked for. */
  readonly model?: string
  readonly counts: TokenCounts
}

/** Nothing used. */
export const noTokens: TokenCounts = {
  input: 0,
  cacheRead: 0,
  cacheWrite5m: 0,
  cacheWrite1h: 0,
  output: 0,
  thinking: 0,
  webSearches: 0,
}

/**
 * What an answer's `usage` says was used, by the model that is charged for it. Reads Anthropic's names and both of OpenAI's.
 *
 * Mostly it is one entry. With compaction, advisors and fallbacks the vendor runs several passes, some by other models: then
 * the numbers at the top are those of the answer alone, and `iterations` lists everything that is charged.
 *
 * @returns nothing where the usage says nothing: an answer without counts is not one of zero tokens.
 * @see https://platform.claude.com/docs/en/build-with-claude/compaction
 */
export function billedOf(usage: JsonObject): readonly Billed[] {
  const { iterations } = usage
  if (!Array.isArray(iterations) || iterations.length < 2) {
    const counts = countsOf(usage)
    return counts === undefined ? [] : [{ counts }]
  }
  const byModel = new Map<string | undefined, TokenCounts>()
  const main = { ...noTokens, thinking: thinkingOf(usage), webSearches: webSearchesOf(usage) }
  byModel.set(undefined, main)
  for (const pass of iterations) {
    const counts = countsOf(pass)
    const model = stringMember(pass, 'model')
    if (counts === undefined) continue
    // Thinking and searches are told for the answer as a whole.
    const own = { ...counts, thinking: 0, webSearches: 0 }
    byModel.set(model, sumOf(byModel.get(model) ?? noTokens, own))
  }
  return [...byModel]
    .filter(([, counts]) => totalOf(counts) > 0 || counts.webSearches > 0)
    .map(([model, counts]) => (model === undefined ? { counts } : { model, counts }))
}

/** Tokens in and out. */
export function totalOf({ input, cacheRead, cacheWrite5m, cacheWrite1h, output }: TokenCounts): number {
  return input + cacheRead + cacheWrite5m + cacheWrite1h + output
}

/** The whole prompt, cached or not. */
export function promptOf({ input, cacheRead, cacheWrite5m, cacheWrite1h }: TokenCounts): number {
  return input + cacheRead + cacheWrite5m + cacheWrite1h
}

function sumOf(one: TokenCounts, other: TokenCounts): TokenCounts {
  return {
    input: one.input + other.input,
    cacheRead: one.cacheRead + other.cacheRead,
    cacheWrite5m: one.cacheWrite5m + other.cacheWrite5m,
    cacheWrite1h: one.cacheWrite1h + other.cacheWrite1h,
    output: one.output + other.output,
    thinking: one.thinking + other.thinking,
    webSearches: one.webSearches + other.webSearches,
  }
}

function countsOf(usage: Json): TokenCounts | undefined {
  const prompt = numberMember(usage, 'prompt_tokens')
  if (prompt !== undefined) return openAiCounts(usage, prompt, numberMember(usage, 'completion_tokens'), chatNames)
  const input = numberMember(usage, 'input_tokens')
  const output = numberMember(usage, 'output_tokens')
  if (input === undefined && output === undefined) return undefined
  const isResponses = member(usage, 'input_tokens_details') !== undefined
  return isResponses ? openAiCounts(usage, input ?? 0, output, responsesNames) : anthropicCounts(usage, input, output)
}

function anthropicCounts(usage: Json, input = 0, output = 0): TokenCounts {
  const written = whole(numberMember(usage, 'cache_creation_input_tokens'))
  const byLife = member(usage, 'cache_creation')
  const hour = whole(numberMember(byLife, 'ephemeral_1h_input_tokens'))
  const minutes = whole(numberMember(byLife, 'ephemeral_5m_input_tokens'))
  // The end of a stream repeats the sum, which server tools may have raised, but not how it is made up.
  const rest = Math.max(0, written - hour - minutes)
  const isHourly = hour > 0 && minutes === 0
  return {
    input: whole(input),
    cacheRead: whole(numberMember(usage, 'cache_read_input_tokens')),
    cacheWrite5m: isHourly ? minutes : minutes + rest,
    cacheWrite1h: isHourly ? hour + rest : hour,
    output: whole(output),
    thinking: thinkingOf(usage),
    webSearches: webSearchesOf(usage),
  }
}

interface OpenAiNames {
  readonly input: string
  readonly output: string
}

const chatNames: OpenAiNames = { input: 'prompt_tokens_details', output: 'completion_tokens_details' }
const responsesNames: OpenAiNames = { input: 'input_tokens_details', output: 'output_tokens_details' }

/** OpenAI counts what was cached into the prompt. Some gateways report more cached tokens than there are. */
function openAiCounts(usage: Json, prompt: number, completion: number | undefined, names: OpenAiNames): TokenCounts {
  const details = member(usage, names.input)
  const all = whole(prompt)
  const cacheRead = Math.min(all, whole(numberMember(details, 'cached_tokens')))
  const cacheWrite5m = Math.min(all - cacheRead, whole(numberMember(details, 'cache_write_tokens')))
  const output = whole(completion)
  const thinking = Math.min(output, whole(numberMember(member(usage, names.output), 'reasoning_tokens')))
  return { ...noTokens, input: all - cacheRead - cacheWrite5m, cacheRead, cacheWrite5m, output, thinking }
}

function thinkingOf(usage: Json): number {
  const thinking = whole(numberMember(member(usage, 'output_tokens_details'), 'thinking_tokens'))
  return Math.min(thinking, whole(numberMember(usage, 'output_tokens')))
}

function webSearchesOf(usage: Json): number {
  return whole(numberMember(member(usage, 'server_tool_use'), 'web_search_requests'))
}

/** A count as an upstream may send it: absent, negative, not whole, absurd. */
function whole(count: number | undefined): number {
  if (count === undefined || !(count > 0)) return 0
  return Math.min(Math.round(count), MOST_TOKENS)
}

/** More than any answer has; keeps a hostile upstream's numbers from spoiling all sums. */
const MOST_TOKENS = 1e10

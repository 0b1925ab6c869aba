import { type Anthropic, isJsonObject, type Json, member, numberMember } from '@lb/protocol'
import type { Loss } from '../losses.ts'
import { createNotes, type Notes } from '../notes.ts'

/**
 * Converts the usage of a Chat answer. Anthropic counts cache reads and writes apart from the input; Chat counts them in.
 *
 * Vendors disagree about the rest, and what they mean can be seen from their sums:
 * - xAI leaves reasoning out of `completion_tokens`: then prompt + completion + reasoning is the total.
 * - Gemini's compatible endpoint hides it in the total and names it nowhere.
 * - Cached and written tokens overlap at some gateways: neither may exceed what is left of the prompt.
 *
 * @param usage the `usage` object of an answer or a chunk. `undefined` or anything else: nothing is known.
 */
export function convertChatUsageToAnthropic(usage: Json | undefined): ConvertedUsage {
  const notes = createNotes()
  return { value: anthropicUsageOfChat(usage, notes), losses: notes.losses() }
}

/** A converted usage. */
export interface ConvertedUsage {
  readonly value: Anthropic.Usage
  readonly losses: readonly Loss[]
}

/** As {@link convertChatUsageToAnthropic}, for a conversion that takes its own notes. */
export function anthropicUsageOfChat(usage: Json | undefined, notes: Notes): Anthropic.Usage {
  if (!isJsonObject(usage)) {
    notes.loss('usage_missing', '/usage')
    return anthropicUsage({ input: 0, read: 0, written: 0, output: 0, thinking: undefined, tier: null })
  }
  if (!countNames.some((name) => numberMember(usage, name) !== undefined)) notes.loss('usage_missing', '/usage')
  const prompt = count(usage, 'prompt_tokens', 'input_tokens')
  const details = member(usage, 'prompt_tokens_details')
  const read =
    numberMember(details, 'cached_tokens') ??
    numberMember(usage, 'prompt_cache_hit_tokens') ??
    count(usage, 'cached_tokens')
  const written = numberMember(details, 'cache_write_tokens') ?? count(usage, 'cache_creation_input_tokens')
  const readClamped = Math.max(0, Math.min(read, prompt))
  const writtenClamped = Math.max(0, Math.min(written, prompt - readClamped))
  if (readClamped !== read || writtenClamped !== written) notes.loss('usage_adjusted', '/usage', 'cache')
  const { output, thinking } = outputOf(usage, prompt, notes)
  const input = prompt - readClamped - writtenClamped
  return anthropicUsage({ input, read: readClamped, written: writtenClamped, output, thinking, tier: null })
}

interface Output {
  readonly output: number
  readonly thinking: number | undefined
}

function outputOf(usage: Json, prompt: number, notes: Notes): Output {
  const completion = count(usage, 'completion_tokens', 'output_tokens')
  const total = numberMember(usage, 'total_tokens')
  const reasoning =
    numberMember(member(usage, 'completion_tokens_details'), 'reasoning_tokens') ??
    numberMember(usage, 'reasoning_tokens')
  if (reasoning !== undefined && reasoning > 0) {
    const isExcluded = total === prompt + completion + reasoning
    const output = isExcluded ? completion + reasoning : completion
    if (reasoning > output) notes.loss('usage_adjusted', '/usage', 'reasoning')
    return { output, thinking: Math.min(reasoning, output) }
  }
  const hidden = total === undefined ? 0 : total - prompt - completion
  if (reasoning !== undefined || hidden <= 0) return { output: completion, thinking: reasoning }
  notes.loss('usage_adjusted', '/usage', 'hidden reasoning')
  return { output: completion + hidden, thinking: hidden }
}

/** Some gateways count under the names of Anthropic and the Responses API. */
const countNames = ['prompt_tokens', 'completion_tokens', 'input_tokens', 'output_tokens'] as const

/** The number under the first of the names that has one. */
function count(usage: Json, ...names: readonly string[]): number {
  const counts = names.map((name) => numberMember(usage, name))
  return Math.max(0, counts.find((number) => number !== undefined) ?? 0)
}

interface Counts {
  readonly input: number
  readonly read: number
  readonly written: number
  readonly output: number
  readonly thinking: number | undefined
  readonly tier: Anthropic.Usage['service_tier']
}

/** The numbers as an Anthropic answer shows them: all members, also those that say nothing. */
export function anthropicUsage(counts: Counts): Anthropic.Usage {
  return {
    input_tokens: counts.input,
    output_tokens: counts.output,
    cache_creation_input_tokens: counts.written,
    cache_read_input_tokens: counts.read,
    cache_creation:
      counts.written === 0 ? null : { ephemeral_5m_input_tokens: counts.written, ephemeral_1h_input_tokens: 0 },
    output_tokens_details: counts.thinking === undefined ? null : { thinking_tokens: counts.thinking },
    server_tool_use: null,
    service_tier: counts.tier,
    inference_geo: null,
    speed: null,
  }
}

/** Of a usage, what the end of a stream repeats. */
export function deltaUsage(usage: Anthropic.Usage): Anthropic.DeltaUsage {
  const { input_tokens, output_tokens, cache_creation_input_tokens, cache_read_input_tokens, output_tokens_details } =
    usage
  return {
    input_tokens,
    output_tokens,
    cache_creation_input_tokens,
    cache_read_input_tokens,
    output_tokens_details,
    server_tool_use: usage.server_tool_use,
  }
}

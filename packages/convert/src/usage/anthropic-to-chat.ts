import type { Chat, Json } from '@lb/protocol'
import { isJsonObject, member, numberMember } from '@lb/protocol'

/** What an Anthropic answer cost, as far as it has said so. Later numbers replace earlier ones; `null` says nothing. */
export interface AnthropicCounts {
  readonly input: number
  readonly read: number
  readonly written: number
  readonly output: number
  readonly thinking: number | undefined
}

export const noCounts: AnthropicCounts = { input: 0, read: 0, written: 0, output: 0, thinking: undefined }

/** Reads the `usage` of an answer or an event over what was known. */
export function readAnthropicUsage(usage: Json | undefined, known: AnthropicCounts): AnthropicCounts {
  if (!isJsonObject(usage)) return known
  const count = (name: string, before: number): number => Math.max(0, numberMember(usage, name) ?? before)
  return {
    input: count('input_tokens', known.input),
    read: count('cache_read_input_tokens', known.read),
    written: count('cache_creation_input_tokens', known.written),
    output: count('output_tokens', known.output),
    thinking: numberMember(member(usage, 'output_tokens_details'), 'thinking_tokens') ?? known.thinking,
  }
}

/** Converts the usage of an Anthropic answer: Chat counts cache reads and writes into the prompt. */
export function convertAnthropicUsageToChat(usage: Json | undefined): Chat.Usage {
  return chatUsage(readAnthropicUsage(usage, noCounts))
}

/** The counts as a Chat answer shows them. */
export function chatUsage({ input, read, written, output, thinking }: AnthropicCounts): Chat.Usage {
  const prompt = input + read + written
  return {
    prompt_tokens: prompt,
    completion_tokens: output,
    total_tokens: prompt + output,
    prompt_tokens_details: { cached_tokens: read, cache_write_tokens: written },
    ...(thinking === undefined ? {} : { completion_tokens_details: { reasoning_tokens: thinking } }),
  }
}

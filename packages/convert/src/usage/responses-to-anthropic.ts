import { type Anthropic, isJsonObject, type Json, member, numberMember } from '@lb/protocol'
import { createNotes, type Notes } from '../notes.ts'
import { anthropicUsage, type ConvertedUsage } from './chat-to-anthropic.ts'

/**
 * Converts the usage of a Responses answer. Its input counts cache reads and writes in, its output counts reasoning in.
 *
 * @param usage the `usage` object of a response. `undefined` or anything else: nothing is known.
 */
export function convertResponsesUsageToAnthropic(usage: Json | undefined): ConvertedUsage {
  const notes = createNotes()
  return { value: anthropicUsageOfResponses(usage, notes), losses: notes.losses() }
}

/** As {@link convertResponsesUsageToAnthropic}, for a conversion that takes its own notes. */
export function anthropicUsageOfResponses(usage: Json | undefined, notes: Notes): Anthropic.Usage {
  if (!isJsonObject(usage)) {
    notes.loss('usage_missing', '/usage')
    return anthropicUsage({ input: 0, read: 0, written: 0, output: 0, thinking: undefined, tier: null })
  }
  const count = (of: Json | undefined, name: string): number => Math.max(0, numberMember(of, name) ?? 0)
  const input = count(usage, 'input_tokens')
  const output = count(usage, 'output_tokens')
  const details = usage['input_tokens_details']
  const read = Math.min(count(details, 'cached_tokens'), input)
  const written = Math.min(count(details, 'cache_write_tokens'), input - read)
  if (read + written !== count(details, 'cached_tokens') + count(details, 'cache_write_tokens')) {
    notes.loss('usage_adjusted', '/usage', 'cache')
  }
  const reasoning = numberMember(member(usage, 'output_tokens_details'), 'reasoning_tokens')
  const thinking = reasoning === undefined ? undefined : Math.max(0, Math.min(reasoning, output))
  return anthropicUsage({ input: input - read - written, read, written, output, thinking, tier: null })
}

import type { Anthropic } from '@lb/protocol'
import type { Notes } from '../notes.ts'

/**
 * Why a Chat answer ended, in Anthropic's words. Vendors write the reasons in their own ways, in either case, and many say
 * `stop` when they mean a call.
 */
export type FinishKind = 'stop' | 'call' | 'length' | 'refusal' | 'error' | 'overloaded' | 'unknown'

const kinds: ReadonlyMap<string, FinishKind> = new Map([
  ['stop', 'stop'],
  ['eos', 'stop'],
  ['end_turn', 'stop'],
  ['completed', 'stop'],
  ['stop_sequence', 'stop'],
  ['eos_token', 'stop'],
  ['complete', 'stop'],
  ['tool_calls', 'call'],
  ['function_call', 'call'],
  ['tool_use', 'call'],
  ['tool_call', 'call'],
  ['length', 'length'],
  ['max_tokens', 'length'],
  ['model_length', 'length'],
  ['model_context_window_exceeded', 'length'],
  ['max_output_tokens', 'length'],
  ['content_filter', 'refusal'],
  ['safety', 'refusal'],
  ['refusal', 'refusal'],
  ['recitation', 'refusal'],
  ['error_toxic', 'refusal'],
  ['guardrail_intervened', 'refusal'],
  // Google's compatible endpoint has all of its own words.
  ['blocklist', 'refusal'],
  ['prohibited_content', 'refusal'],
  ['spii', 'refusal'],
  ['image_safety', 'refusal'],
  ['model_armor', 'refusal'],
  ['malformed_function_call', 'error'],
  ['unexpected_tool_call', 'error'],
  ['malformed_response', 'error'],
  ['function_call_filter', 'error'],
  // Z.ai
  ['sensitive', 'refusal'],
  ['network_error', 'error'],
  ['error', 'error'],
  ['abort', 'error'],
  ['cancelled', 'error'],
  ['canceled', 'error'],
  ['timeout', 'error'],
  ['insufficient_system_resource', 'overloaded'],
])

/** The kind of a finish reason as an upstream wrote it: a word, or a word and what is behind it (`content_filter: SPII`). */
export function finishKind(reason: string): FinishKind {
  const [word = ''] = reason.toLowerCase().split(':')
  return kinds.get(word.replaceAll('-', '_')) ?? 'unknown'
}

/** Whether an answer that ended like this may have been cut off in the middle of a call. */
export function isCutOff(reason: string): boolean {
  const kind = finishKind(reason)
  return kind === 'length' || kind === 'refusal'
}

/** What the end of an answer can be told from. */
export interface FinishFacts {
  readonly reason: string
  /** The reason in the words of the vendor behind a gateway. */
  readonly native: string
  readonly hasCalls: boolean
  readonly hasRefusal: boolean
}

/** The stop reason for an answer that ended well enough to have one. */
export function stopReasonOf(facts: FinishFacts, notes: Notes): Anthropic.StopReason {
  const kind = finishKind(facts.reason)
  if (kind === 'length')
    return /context/i.test(facts.reason + facts.native) ? 'model_context_window_exceeded' : 'max_tokens'
  if (kind === 'refusal' || facts.hasRefusal) return 'refusal'
  if (kind === 'unknown') notes.loss('finish_unknown', '/choices/0/finish_reason', facts.reason)
  if (facts.hasCalls) return 'tool_use'
  if (kind === 'call') notes.loss('finish_without_call', '/choices/0/finish_reason')
  return 'end_turn'
}

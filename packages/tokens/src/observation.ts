import { type Json, member, numberMember } from '@lb/protocol'
import type { Pieces } from './pieces.ts'

/** Why an answer teaches nothing about a tokenizer; for metrics. */
export type Untaught =
  /** The request holds something that was costed by rule of thumb, or that only the vendor knows. */
  | 'doubtful-request'
  /** The vendor changed the context, ran tools of its own, or counted several passes. */
  | 'changed-upstream'
  /** No usage, or one of zero. */
  | 'no-usage'

/**
 * The input tokens that an answer says it was charged for, cached ones included, if they can be compared with an estimate
 * of its request.
 *
 * @param answer a Messages or Chat Completions answer, or an object put together from a stream: `usage`, and
 * `context_management` where there is one.
 */
export function observedTokens(answer: Json, pieces: Pieces): number | Untaught {
  if (!isTeaching(pieces)) return 'doubtful-request'
  const usage = member(answer, 'usage')
  if (wasChanged(answer, usage)) return 'changed-upstream'
  const counted = numberMember(usage, 'prompt_tokens') ?? anthropicTokens(usage)
  return counted > 0 ? counted : 'no-usage'
}

function anthropicTokens(usage: Json | undefined): number {
  const kinds = ['input_tokens', 'cache_creation_input_tokens', 'cache_read_input_tokens']
  return kinds.reduce((sum, kind) => sum + (numberMember(usage, kind) ?? 0), 0)
}

function wasChanged(answer: Json, usage: Json | undefined): boolean {
  const edits = member(member(answer, 'context_management'), 'applied_edits')
  const iterations = member(usage, 'iterations')
  const serverTools = Object.values(member(usage, 'server_tool_use') ?? {})
  return (
    (Array.isArray(edits) && edits.length > 0) ||
    (Array.isArray(iterations) && iterations.length > 1) ||
    serverTools.some((uses) => typeof uses === 'number' && uses > 0)
  )
}

/** Earlier thinking may have been dropped by the vendor; a little of it does not matter. */
function isTeaching({ doubts, texts, thinkingLength }: Pieces): boolean {
  const length = texts.reduce((sum, text) => sum + text.length, 0)
  // Whether the context was in fact edited, the answer says.
  return [...doubts].every((doubt) => doubt === 'edited' || (doubt === 'thinking' && thinkingLength <= length / 20))
}

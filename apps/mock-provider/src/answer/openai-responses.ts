import { type Json, type JsonObject, member } from '@lb/protocol'
import { hexOf, idOf } from './seeded.ts'
import type { SpokenCall, SpokenReply } from './spoken-reply.ts'
import { jsonEvent, type Phase, type StreamPart } from './stream-part.ts'

/**
 * A whole answer of the Responses API.
 *
 * @see https://platform.openai.com/docs/api-reference/responses/object
 */
export function responsesAnswer(reply: SpokenReply, request: Json | undefined): JsonObject {
  const items = itemsOf(reply).map((item) => item.whole)
  const cut = reply.stopReason === 'max_tokens'
  return {
    ...envelope(reply, request, cut ? 'incomplete' : 'completed', items),
    completed_at: reply.epochSeconds,
    incomplete_details: cut ? { reason: 'max_output_tokens' } : null,
    usage: responsesUsage(reply),
  }
}

/**
 * The events of a streamed answer: every item is opened, written in deltas and repeated whole when it is done; the last event
 * carries the whole answer. `sequence_number` counts all of them.
 *
 * @see https://platform.openai.com/docs/api-reference/responses-streaming
 */
export function responsesStream(reply: SpokenReply, request: Json | undefined): readonly StreamPart[] {
  const started = envelope(reply, request, 'in_progress', [])
  const whole = responsesAnswer(reply, request)
  const last = reply.stopReason === 'max_tokens' ? 'response.incomplete' : 'response.completed'
  const drafts: readonly Draft[] = [
    ['start', 'response.created', { response: started }],
    ['other', 'response.in_progress', { response: started }],
    ...itemsOf(reply).flatMap((item, output_index) => [
      draft('block-start', 'response.output_item.added', { output_index, item: item.opened }),
      ...item.written.map(([phase, type, data]) => draft(phase, type, { output_index, ...data })),
      draft('block-stop', 'response.output_item.done', { output_index, item: item.whole }),
    ]),
    ['end', last, { response: whole }],
  ]
  return drafts.map(([phase, type, data], sequence_number) =>
    jsonEvent(phase, type, { type, sequence_number, ...data }),
  )
}

type Draft = readonly [phase: Phase, type: string, data: JsonObject]

function draft(phase: Phase, type: string, data: JsonObject): Draft {
  return [phase, type, data]
}

/** One output item: as it is announced, the events between, as it is in the end. */
interface OutputItem {
  readonly opened: JsonObject
  readonly written: readonly Draft[]
  readonly whole: JsonObject
}

function itemsOf(reply: SpokenReply): readonly OutputItem[] {
  return [
    ...(reply.thinking.length > 0 ? [reasoningItem(reply)] : []),
    ...(reply.text.length > 0 ? [messageItem(reply)] : []),
    ...reply.calls.map(callItem),
  ]
}

function reasoningItem(reply: SpokenReply): OutputItem {
  const item_id = `rs_${hexOf(48, 'reasoning', reply.id)}`
  const text = reply.thinking.join('')
  const base = { id: item_id, type: 'reasoning' }
  const where = { item_id, summary_index: 0 }
  const encrypted_content = `mock${idOf(92, 'encrypted', reply.id)}`
  return {
    opened: { ...base, summary: [] },
    written: [
      ['other', 'response.reasoning_summary_part.added', { ...where, part: { type: 'summary_text', text: '' } }],
      ...reply.thinking.map((delta) => draft('thinking', 'response.reasoning_summary_text.delta', { ...where, delta })),
      ['other', 'response.reasoning_summary_text.done', { ...where, text }],
      ['other', 'response.reasoning_summary_part.done', { ...where, part: { type: 'summary_text', text } }],
    ],
    whole: { ...base, encrypted_content, summary: [{ type: 'summary_text', text }] },
  }
}

function messageItem(reply: SpokenReply): OutputItem {
  const item_id = `msg_${hexOf(48, 'message', reply.id)}`
  const text = reply.text.join('')
  const base = { id: item_id, type: 'message', role: 'assistant' }
  const where = { item_id, content_index: 0 }
  const part = (written: string): JsonObject => ({ type: 'output_text', annotations: [], logprobs: [], text: written })
  return {
    opened: { ...base, status: 'in_progress', content: [] },
    written: [
      ['other', 'response.content_part.added', { ...where, part: part('') }],
      ...reply.text.map((delta) => draft('text', 'response.output_text.delta', { ...where, delta, logprobs: [] })),
      ['other', 'response.output_text.done', { ...where, text, logprobs: [] }],
      ['other', 'response.content_part.done', { ...where, part: part(text) }],
    ],
    whole: { ...base, status: 'completed', content: [part(text)] },
  }
}

function callItem(call: SpokenCall): OutputItem {
  const item_id = `fc_${hexOf(48, 'call', call.id)}`
  const call_id = call.id.startsWith('call_') ? call.id : `call_${call.id}`
  const text = call.pieces.join('')
  const base = { id: item_id, type: 'function_call', call_id, name: call.name }
  const type = 'response.function_call_arguments'
  return {
    opened: { ...base, status: 'in_progress', arguments: '' },
    written: [
      ...call.pieces.map((delta) => draft('tool', `${type}.delta`, { item_id, delta })),
      ['other', `${type}.done`, { item_id, arguments: text }],
    ],
    whole: { ...base, status: 'completed', arguments: text },
  }
}

/** The request's own settings come back in the answer; what it left out comes back as its default. */
function envelope(
  reply: SpokenReply,
  request: Json | undefined,
  status: string,
  output: readonly JsonObject[],
): JsonObject {
  const echoed = (field: string, otherwise: Json): Json => member(request, field) ?? otherwise
  return {
    id: `resp_${hexOf(50, 'response', reply.id)}`,
    object: 'response',
    created_at: reply.epochSeconds,
    status,
    background: false,
    error: null,
    incomplete_details: null,
    instructions: echoed('instructions', null),
    max_output_tokens: echoed('max_output_tokens', null),
    metadata: echoed('metadata', {}),
    model: reply.model,
    output: [...output],
    parallel_tool_calls: echoed('parallel_tool_calls', true),
    previous_response_id: echoed('previous_response_id', null),
    reasoning: echoed('reasoning', { effort: null, summary: null }),
    service_tier: 'default',
    store: echoed('store', true),
    temperature: echoed('temperature', 1),
    text: echoed('text', { format: { type: 'text' }, verbosity: 'medium' }),
    tool_choice: echoed('tool_choice', 'auto'),
    tools: echoed('tools', []),
    top_p: echoed('top_p', 1),
    truncation: echoed('truncation', 'disabled'),
    usage: null,
  }
}

function responsesUsage(reply: SpokenReply): JsonObject {
  const { inputTokens, outputTokens, cacheReadTokens, cacheWriteTokens, thinkingTokens } = reply.usage
  const input = inputTokens + cacheReadTokens + cacheWriteTokens
  return {
    input_tokens: input,
    input_tokens_details: { cached_tokens: cacheReadTokens },
    output_tokens: outputTokens,
    output_tokens_details: { reasoning_tokens: thinkingTokens },
    total_tokens: input + outputTokens,
  }
}

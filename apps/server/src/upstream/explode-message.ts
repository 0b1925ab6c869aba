import { encodeSseEvent, isJsonObject, type Json, type JsonObject, stringifyJson, stringMember } from '@lb/protocol'

/**
 * The event stream of a whole Anthropic message, for upstreams that answer a stream request with JSON: each block comes in
 * one delta, in the order and with the members that it has.
 *
 * @param message read with `parseJsonKeeping(text, anthropicMessageKeep)`, the arguments of calls keep their spelling.
 * @see https://platform.claude.com/docs/en/build-with-claude/streaming
 */
export function explodeMessage(message: JsonObject): string {
  const { content, stop_reason = 'end_turn', stop_sequence = null, usage = {}, ...rest } = message
  // Clients take these from the last event, and forget what the first one said of them.
  const { stop_details = null, container = null } = rest
  const blocks = Array.isArray(content) ? content.filter(isJsonObject) : []
  const opening = { ...rest, content: [], stop_reason: null, stop_sequence: null, usage }
  return [
    event('message_start', { message: opening }),
    ...blocks.map(explodeBlock),
    event('message_delta', { delta: { stop_reason, stop_sequence, stop_details, container }, usage }),
    event('message_stop', {}),
  ].join('')
}

/** What a block looks like before its deltas, and the deltas. Blocks that have none come whole. */
const parts: Readonly<Record<string, (block: JsonObject) => { empty: JsonObject; deltas: JsonObject[] }>> = {
  text: (block) => ({
    empty: { ...block, text: '' },
    deltas: [{ type: 'text_delta', text: stringMember(block, 'text') ?? '' }],
  }),
  thinking: (block) => ({
    empty: { ...block, thinking: '', signature: '' },
    deltas: [
      { type: 'thinking_delta', thinking: stringMember(block, 'thinking') ?? '' },
      { type: 'signature_delta', signature: stringMember(block, 'signature') ?? '' },
    ],
  }),
  tool_use: (block) => ({
    empty: { ...block, input: {} },
    deltas: [{ type: 'input_json_delta', partial_json: stringifyJson(block['input'] ?? {}) }],
  }),
}

function explodeBlock(block: JsonObject, index: number): string {
  const type = stringMember(block, 'type') ?? ''
  const { empty, deltas } = (Object.hasOwn(parts, type) ? parts[type] : undefined)?.(block) ?? {
    empty: block,
    deltas: [],
  }
  return [
    event('content_block_start', { index, content_block: empty }),
    ...deltas.map((delta) => event('content_block_delta', { index, delta })),
    event('content_block_stop', { index }),
  ].join('')
}

function event(type: string, data: Record<string, Json>): string {
  return encodeSseEvent(type, stringifyJson({ type, ...data }))
}

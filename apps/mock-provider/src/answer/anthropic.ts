import { type Json, type JsonObject, member, parseJson } from '@lb/protocol'
import { idOf } from './seeded.ts'
import type { SpokenCall, SpokenReply } from './spoken-reply.ts'
import { jsonEvent, type Phase, type StreamPart } from './stream-part.ts'

/**
 * A whole answer of the Messages API.
 *
 * @see https://platform.claude.com/docs/en/api/messages
 */
export function anthropicMessage(reply: SpokenReply, request: Json | undefined): JsonObject {
  return {
    model: reply.model,
    id: `msg_${reply.id}`,
    type: 'message',
    role: 'assistant',
    content: [
      ...(reply.thinking.length > 0
        ? [{ type: 'thinking', thinking: reply.thinking.join(''), signature: signatureOf(reply) }]
        : []),
      ...(reply.text.length > 0 ? [{ type: 'text', text: reply.text.join('') }] : []),
      ...reply.calls.map((call) => toolUse(call, inputOf(call))),
    ],
    stop_reason: reply.stopReason,
    stop_sequence: reply.stopSequence,
    stop_details: null,
    usage: wholeUsage(reply, reply.usage.outputTokens),
    ...contextManagement(request),
  }
}

/**
 * The events of a streamed answer, in the order and with the fields of recorded ones: the first ping follows the first
 * block's start; a tool call's first piece is empty.
 *
 * @see https://platform.claude.com/docs/en/build-with-claude/streaming
 */
export function anthropicStream(reply: SpokenReply, request: Json | undefined): readonly StreamPart[] {
  const blocks = [
    ...(reply.thinking.length > 0 ? [thinkingBlock(reply)] : []),
    ...(reply.text.length > 0 ? [textBlock(reply)] : []),
    ...reply.calls.map(callBlock),
  ]
  const { input_tokens, cache_creation_input_tokens, cache_read_input_tokens } = wholeUsage(reply, 0)
  return [
    event('start', 'message_start', {
      message: {
        model: reply.model,
        id: `msg_${reply.id}`,
        type: 'message',
        role: 'assistant',
        content: [],
        stop_reason: null,
        stop_sequence: null,
        stop_details: null,
        usage: wholeUsage(reply, 1),
      },
    }),
    ...blocks.flatMap((block, index) => {
      const parts = block(index)
      return index === 0 ? [...parts.slice(0, 1), event('ping', 'ping', {}), ...parts.slice(1)] : parts
    }),
    event('stop', 'message_delta', {
      delta: { stop_reason: reply.stopReason, stop_sequence: reply.stopSequence, stop_details: null },
      usage: {
        input_tokens: input_tokens ?? 0,
        cache_creation_input_tokens: cache_creation_input_tokens ?? 0,
        cache_read_input_tokens: cache_read_input_tokens ?? 0,
        output_tokens: reply.usage.outputTokens,
        output_tokens_details: { thinking_tokens: reply.usage.thinkingTokens },
      },
      ...contextManagement(request),
    }),
    event('end', 'message_stop', {}),
  ]
}

/** A block, once it knows its index. */
type Block = (index: number) => readonly StreamPart[]

function thinkingBlock(reply: SpokenReply): Block {
  return (index) => [
    event('block-start', 'content_block_start', {
      index,
      content_block: { type: 'thinking', thinking: '', signature: '' },
    }),
    ...reply.thinking.map((thinking) => delta('thinking', index, { type: 'thinking_delta', thinking })),
    // The signature is no part of the text: half way through the thinking is half way through its words.
    delta('other', index, { type: 'signature_delta', signature: signatureOf(reply) }),
    event('block-stop', 'content_block_stop', { index }),
  ]
}

function textBlock(reply: SpokenReply): Block {
  return (index) => [
    event('block-start', 'content_block_start', { index, content_block: { type: 'text', text: '' } }),
    ...reply.text.map((text) => delta('text', index, { type: 'text_delta', text })),
    event('block-stop', 'content_block_stop', { index }),
  ]
}

function callBlock(call: SpokenCall): Block {
  return (index) => [
    event('block-start', 'content_block_start', { index, content_block: toolUse(call, {}) }),
    ...['', ...call.pieces].map((partial_json) => delta('tool', index, { type: 'input_json_delta', partial_json })),
    event('block-stop', 'content_block_stop', { index }),
  ]
}

function toolUse(call: SpokenCall, input: Json): JsonObject {
  const id = call.id.startsWith('toolu_') ? call.id : `toolu_${call.id}`
  return { type: 'tool_use', id, name: call.name, input, caller: { type: 'direct' } }
}

/** Arguments that are no JSON cannot be in a whole answer; the real API never sends them there either. */
function inputOf(call: SpokenCall): Json {
  const parsed = parseJson(call.pieces.join(''))
  return parsed.ok ? parsed.value : {}
}

function wholeUsage(reply: SpokenReply, outputTokens: number): JsonObject {
  const { inputTokens, cacheReadTokens, cacheWriteTokens, thinkingTokens } = reply.usage
  return {
    input_tokens: inputTokens,
    cache_creation_input_tokens: cacheWriteTokens,
    cache_read_input_tokens: cacheReadTokens,
    cache_creation: { ephemeral_5m_input_tokens: cacheWriteTokens, ephemeral_1h_input_tokens: 0 },
    output_tokens: outputTokens,
    ...(outputTokens > 1 ? { output_tokens_details: { thinking_tokens: thinkingTokens } } : {}),
    service_tier: 'standard',
  }
}

/** A mock's signature: well-formed base64 that no real API accepts. */
function signatureOf(reply: SpokenReply): string {
  return `mock${idOf(92, 'signature', reply.id)}`
}

function contextManagement(request: Json | undefined): JsonObject {
  return member(request, 'context_management') === undefined ? {} : { context_management: { applied_edits: [] } }
}

function delta(phase: Phase, index: number, delta: JsonObject): StreamPart {
  return event(phase, 'content_block_delta', { index, delta })
}

function event(phase: Phase, type: string, data: JsonObject): StreamPart {
  return jsonEvent(phase, type, { type, ...data })
}

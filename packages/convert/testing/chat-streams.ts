import type { Json, JsonObject } from '@lb/protocol'
import { type ChatClientContext, type ChatStreamEvent, createAnthropicToChatStream } from '../src/index.ts'
import { feed, type Outcome } from './streams.ts'

/** A context as a Chat request without anything special gives it. */
export function chatContext(changes: Partial<ChatClientContext> = {}): ChatClientContext {
  return {
    version: 1,
    model: 'gpt-test-1',
    seed: 'seed',
    renamedTools: {},
    customTools: [],
    includeUsage: true,
    createdEpochS: 7,
    ...changes,
  }
}

/** Converts an Anthropic stream given by its events. */
export function anthropicStream(
  events: readonly Json[],
  changes: Partial<ChatClientContext> = {},
  options: Parameters<typeof createAnthropicToChatStream>[1] = {},
): Outcome<ChatStreamEvent> {
  return feed(createAnthropicToChatStream(chatContext(changes), options), events, false)
}

export const messageStart = (more: JsonObject = {}): Json => ({
  type: 'message_start',
  message: {
    id: 'msg_1',
    type: 'message',
    role: 'assistant',
    model: 'claude',
    content: [],
    stop_reason: null,
    usage: { input_tokens: 5, output_tokens: 1, cache_read_input_tokens: 2 },
    ...more,
  },
})
export const blockStart = (index: number, content_block: JsonObject): Json => ({
  type: 'content_block_start',
  index,
  content_block,
})
export const blockDelta = (index: number, delta: JsonObject): Json => ({ type: 'content_block_delta', index, delta })
export const blockStop = (index: number): Json => ({ type: 'content_block_stop', index })
export const messageEnd = (stop_reason: string | null, delta: JsonObject = {}): Json => ({
  type: 'message_delta',
  delta: { stop_reason, stop_sequence: null, ...delta },
  usage: { output_tokens: 9 },
})
export const messageStop: Json = { type: 'message_stop' }
/** A whole block of text. */
export const textBlock = (index: number, ...pieces: readonly string[]): readonly Json[] => [
  blockStart(index, { type: 'text', text: '' }),
  ...pieces.map((text) => blockDelta(index, { type: 'text_delta', text })),
  blockStop(index),
]

/** A short form of Chat events, so that a stream can be read at a glance. */
export function briefChat(events: readonly ChatStreamEvent[]): readonly string[] {
  return events.map((event) => {
    if (event.type === 'comment') return `: ${event.text}`
    if (event.type === 'done') return 'done'
    if (event.type === 'error')
      return `error ${event.body.error.type} ${event.body.error.code}: ${event.body.error.message}`
    const [choice] = event.chunk.choices
    if (choice === undefined) return `usage ${event.chunk.usage?.prompt_tokens}+${event.chunk.usage?.completion_tokens}`
    return choice.finish_reason === null ? JSON.stringify(choice.delta) : `finish ${choice.finish_reason}`
  })
}

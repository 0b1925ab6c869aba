import type { Anthropic } from '@lb/protocol'
import { expect, test } from 'vitest'
import { type ChatStreamEvent, encodeChatEvents } from './chat-events.ts'
import { encodeAnthropicEvents } from './encode.ts'

test('Anthropic events have their type on a line of its own, and one line of JSON', () => {
  const delta = (said: Anthropic.Delta): Anthropic.Event => ({ type: 'content_block_delta', index: 3, delta: said })
  const events: readonly Anthropic.Event[] = [
    delta({ type: 'text_delta', text: 'a\n"\u2028\ud800' }),
    delta({ type: 'thinking_delta', thinking: 'b' }),
    delta({ type: 'input_json_delta', partial_json: '{"text":1}' }),
    { type: 'content_block_stop', index: 3 },
  ]
  const text = encodeAnthropicEvents(events)
  expect(text.split('\n\n').slice(0, -1)).toEqual(
    events.map((event) => `event: ${event.type}\ndata: ${JSON.stringify(event)}`),
  )
  expect(encodeAnthropicEvents([])).toBe('')
})

test('Chat events are data, comments and the end mark; an error is data as well', () => {
  const chunk = { id: 'c', choices: [] }
  const body = { error: { message: 'no', type: 'server_error', param: null, code: null } }
  const events = [
    { type: 'chunk', chunk },
    { type: 'comment', text: 'ping' },
    { type: 'error', body },
    { type: 'done' },
  ] as unknown as readonly ChatStreamEvent[]
  expect(encodeChatEvents(events)).toBe(
    `data: ${JSON.stringify(chunk)}\n\n: ping\n\ndata: ${JSON.stringify(body)}\n\ndata: [DONE]\n\n`,
  )
  expect(encodeChatEvents([])).toBe('')
})

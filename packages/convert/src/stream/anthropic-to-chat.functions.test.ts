import { expect, test } from 'vitest'
import {
  anthropicStream,
  blockDelta,
  blockStart,
  blockStop,
  briefChat,
  chatContext,
  messageEnd,
  messageStart,
  messageStop,
  textBlock,
} from '../../testing/chat-streams.ts'
import { readWithOpenAiSdk } from '../../testing/sdk.ts'
import { convertAnthropicResponseToChat } from '../response/anthropic-to-chat.ts'
import { encodeChatEvents } from './chat-events.ts'

const context = { legacyFunctions: true, renamedTools: { short: 'a_long_name' }, includeUsage: false }
const call = (index: number, id: string) => [
  blockStart(index, { type: 'tool_use', id, name: 'short', input: {} }),
  blockDelta(index, { type: 'input_json_delta', partial_json: '{"a":' }),
  blockDelta(index, { type: 'input_json_delta', partial_json: '1}' }),
  blockStop(index),
]
const events = [messageStart(), ...textBlock(0, 'so'), ...call(1, 't1'), messageEnd('tool_use'), messageStop]

test('a client that declared functions gets its call where it looks for it', () => {
  const { events: said, report } = anthropicStream(events, context)
  expect(briefChat(said)).toEqual([
    '{"role":"assistant","content":""}',
    '{"content":"so"}',
    '{"function_call":{"name":"a_long_name","arguments":""}}',
    '{"function_call":{"arguments":"{\\"a\\":"}}',
    '{"function_call":{"arguments":"1}"}}',
    'finish function_call',
    'done',
  ])
  expect(report.losses).toEqual([])
})

test('the official SDK puts it together', async () => {
  const sse = encodeChatEvents(anthropicStream(events, context).events)
  const { choices } = await readWithOpenAiSdk(sse)
  expect(choices[0]).toMatchObject({
    finish_reason: 'function_call',
    message: { content: 'so', function_call: { name: 'a_long_name', arguments: '{"a":1}' } },
  })
})

test('a whole answer says the same, with no content where there is none', () => {
  const tool = { type: 'tool_use', id: 't1', name: 'f', input: { a: 1 } }
  const message = { type: 'message', id: 'm', content: [tool], stop_reason: 'tool_use', usage: { output_tokens: 1 } }
  const converted = convertAnthropicResponseToChat(message, chatContext(context))
  expect(converted.ok && converted.value.value.choices[0]).toEqual({
    index: 0,
    message: {
      role: 'assistant',
      content: null,
      refusal: null,
      function_call: { name: 'f', arguments: '{"a":1}' },
    },
    logprobs: null,
    finish_reason: 'function_call',
  })
})

test('there is room for one call: the others are reported', () => {
  const two = [messageStart(), ...call(0, 't1'), ...call(1, 't2'), messageEnd('tool_use'), messageStop]
  const { events: said, report } = anthropicStream(two, context)
  expect(briefChat(said).filter((line) => line.includes('name'))).toHaveLength(1)
  expect(report.losses).toEqual([{ code: 'call_dropped', path: '/content/1', count: 1 }])
  expect(report.aside).toHaveProperty('tool_use')
})

import type { Anthropic } from '@lb/protocol'
import { expect, test } from 'vitest'
import { contextFor } from '../../testing/context.ts'
import { named } from '../../testing/requests.ts'
import type { ChatStreamEvent } from '../stream/chat-events.ts'
import { foldAnthropicEvents } from './fold-anthropic.ts'
import { foldChatEvents } from './fold-chat.ts'
import { convertResponsesResponseToAnthropic } from './responses-to-anthropic.ts'

test('a stream without a beginning folds to an empty message', () => {
  expect(foldAnthropicEvents([])).toMatchObject({ id: '', content: [], stop_reason: null, usage: { input_tokens: 0 } })
})

test('blocks that nobody fills stay as they began, and pings say nothing', () => {
  const start = {
    type: 'content_block_start',
    index: 0,
    content_block: { type: 'redacted_thinking', data: 'x' },
  } as const
  const citation = { type: 'citations_delta', citation: {} } as unknown as Anthropic.Delta
  const events: readonly Anthropic.Event[] = [
    { type: 'ping' },
    start,
    { type: 'content_block_delta', index: 0, delta: citation },
    { type: 'content_block_delta', index: 0, delta: { type: 'signature_delta', signature: 's' } },
    { type: 'content_block_stop', index: 0 },
    { type: 'message_stop' },
  ]
  expect(foldAnthropicEvents(events).content).toEqual([{ type: 'redacted_thinking', data: 'x' }])
  expect(foldAnthropicEvents([{ type: 'content_block_stop', index: 0 }]).content).toEqual([])
  const signature = {
    type: 'content_block_delta',
    index: 0,
    delta: { type: 'signature_delta', signature: 's' },
  } as const
  expect(foldAnthropicEvents([signature]).content).toEqual([])
})

test('arguments that are no beginning of JSON are kept as text', () => {
  const block = { type: 'tool_use', id: 't', name: 'A', input: {}, caller: { type: 'direct' } } as const
  const folded = foldAnthropicEvents([
    { type: 'content_block_start', index: 0, content_block: block },
    { type: 'content_block_delta', index: 0, delta: { type: 'input_json_delta', partial_json: '}' } },
    { type: 'content_block_stop', index: 0 },
  ])
  expect(JSON.stringify(folded.content)).toContain('"input":{"_raw":"}"}')
})

test('no chunks fold to an empty completion', () => {
  expect(foldChatEvents([{ type: 'comment', text: 'ping' }, { type: 'done' }])).toEqual({
    id: '',
    object: 'chat.completion',
    created: 0,
    model: '',
    choices: [
      { index: 0, message: { role: 'assistant', content: '', refusal: null }, logprobs: null, finish_reason: 'stop' },
    ],
  })
})

test('a whole Responses answer is an Anthropic message, or the error that it is', () => {
  const context = contextFor(named('openai-responses'))
  const output = [{ type: 'message', id: 'm', role: 'assistant', content: [{ type: 'output_text', text: 'hi' }] }]
  const body = { id: 'resp_1', status: 'completed', model: 'up', output, usage: { input_tokens: 1, output_tokens: 2 } }
  expect(convertResponsesResponseToAnthropic(body, context)).toMatchObject({
    ok: true,
    value: { value: { content: [{ type: 'text', text: 'hi' }], stop_reason: 'end_turn' }, losses: [] },
  })
  const failed = { id: 'resp_1', status: 'failed', output: [], error: { code: 'server_error', message: 'broken' } }
  expect(convertResponsesResponseToAnthropic(failed, context)).toMatchObject({
    ok: false,
    error: { isPreStream: true, status: 500, body: { error: { message: 'broken' } } },
  })
})

test('a Responses answer that is the last event of a stream is read as that', () => {
  const context = contextFor(named('openai-responses'))
  const output = [{ type: 'message', id: 'm', role: 'assistant', content: [{ type: 'output_text', text: 'hi' }] }]
  const usage = { input_tokens: 1, output_tokens: 2 }
  const response = { id: 'resp_1', status: 'completed', model: 'up', output, usage }
  expect(convertResponsesResponseToAnthropic({ type: 'response.completed', response }, context)).toMatchObject({
    ok: true,
    value: { value: { content: [{ type: 'text', text: 'hi' }], stop_reason: 'end_turn' }, losses: [] },
  })
})

test.each([
  [{ error: { message: 'no such luck', code: 'rate_limit_exceeded' } }, 429, 'no such luck'],
  [{ type: 'error', message: 'no such luck', code: 'server_error' }, 500, 'no such luck'],
  [{ id: 'resp_1', status: 'in_progress', output: [] }, 500, 'in_progress'],
  [{ id: 'resp_1', status: 'completed' }, 500, 'ended early'],
  [{}, 500, 'ended early'],
  ['page', 500, 'ended early'],
])('%j is no Responses answer, in spite of its status (case 8)', (body, status, message) => {
  const converted = convertResponsesResponseToAnthropic(body, contextFor(named('openai-responses')))
  expect(converted).toMatchObject({ ok: false, error: { isPreStream: true, status } })
  expect(converted.ok ? '' : converted.error.body.error.message).toContain(message)
})

test('pieces of calls and reasoning are put together, whatever a piece leaves out', () => {
  const delta = (delta: object, finish_reason: string | null = null): ChatStreamEvent =>
    ({ type: 'chunk', chunk: { choices: [{ index: 0, delta, finish_reason }] } }) as unknown as ChatStreamEvent
  const { choices } = foldChatEvents([
    delta({ tool_calls: [{ index: 0, function: {} }] }),
    delta({ tool_calls: [{ index: 0, function: { arguments: '{}' } }, { index: 1 }] }),
    delta({ tool_calls: [{ index: 2, custom: {} }] }),
    delta({ reasoning_details: [{ type: 'reasoning.text', index: 0, signature: 's' }] }),
    delta({ reasoning_details: [{ type: 'reasoning.text', index: 0, format: 'f' }] }, 'tool_calls'),
  ])
  expect(choices[0]).toEqual({
    index: 0,
    message: {
      role: 'assistant',
      content: null,
      refusal: null,
      tool_calls: [
        { id: '', type: 'function', function: { name: '', arguments: '{}' } },
        { id: '', type: 'function', function: { name: '', arguments: '' } },
        { id: '', type: 'custom', custom: { name: '', input: '' } },
      ],
      reasoning_details: [{ type: 'reasoning.text', index: 0, signature: 's', format: 'f', text: '' }],
    },
    logprobs: null,
    finish_reason: 'tool_calls',
  })
})

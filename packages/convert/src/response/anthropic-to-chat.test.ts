import { anthropicMessageKeep, type Json, type JsonObject, parseJsonKeeping } from '@lb/protocol'
import { describe, expect, test } from 'vitest'
import { chatContext } from '../../testing/chat-streams.ts'
import type { ChatClientContext } from '../context.ts'
import { convertAnthropicResponseToChat } from './anthropic-to-chat.ts'

const message = (content: readonly Json[], more: JsonObject = {}): JsonObject => ({
  id: 'msg_1',
  type: 'message',
  role: 'assistant',
  model: 'claude',
  content: [...content],
  stop_reason: 'end_turn',
  stop_sequence: null,
  usage: { input_tokens: 5, output_tokens: 2, cache_read_input_tokens: 4 },
  ...more,
})
const converted = (body: JsonObject | string, changes: Partial<ChatClientContext> = {}) => {
  const tree = parseJsonKeeping(typeof body === 'string' ? body : JSON.stringify(body), anthropicMessageKeep)
  if (!tree.ok) throw new Error(tree.error.message)
  const result = convertAnthropicResponseToChat(tree.value, chatContext(changes))
  if (!result.ok) throw new Error(result.error.body.error.message)
  const { value, losses, aside } = result.value
  return {
    value,
    said: value.choices[0]?.message,
    finish: value.choices[0]?.finish_reason,
    losses: losses.map(({ code }) => code),
    aside,
  }
}

test('an answer is a completion with one choice', () => {
  expect(converted(message([{ type: 'text', text: 'hi' }])).value).toEqual({
    id: 'chatcmpl-msg_1',
    object: 'chat.completion',
    created: 7,
    model: 'gpt-test-1',
    choices: [
      {
        index: 0,
        message: { role: 'assistant', content: 'hi', refusal: null },
        logprobs: null,
        finish_reason: 'stop',
      },
    ],
    usage: {
      prompt_tokens: 9,
      completion_tokens: 2,
      total_tokens: 11,
      prompt_tokens_details: { cached_tokens: 4, cache_write_tokens: 0 },
    },
  })
})

describe('calls', () => {
  test('say their arguments word for word (case 48)', () => {
    const input = '{"n":12345678901234567890, "m":1e400,"a":1,"a":2,"s":"\\ud800"}'
    const body = JSON.stringify(
      message([{ type: 'tool_use', id: 't1', name: 'Bash', input: {} }], { stop_reason: 'tool_use' }),
    )
    const { said, finish } = converted(body.replace('"input":{}', `"input":${input}`))
    expect(said).toEqual({
      role: 'assistant',
      content: null,
      refusal: null,
      tool_calls: [{ id: 't1', type: 'function', function: { name: 'Bash', arguments: input } }],
    })
    expect(finish).toBe('tool_calls')
  })

  test('are counted among themselves, with their old names and kinds', () => {
    const { said } = converted(
      message([
        { type: 'text', text: 'so' },
        { type: 'tool_use', id: 't1', name: 'short', input: {} },
        { type: 'tool_use', id: 't2', name: 'Shell', input: { input: 'ls' } },
      ]),
      { renamedTools: { short: 'a very long name' }, customTools: ['Shell'] },
    )
    expect(said?.content).toBe('so')
    expect(said?.tool_calls).toEqual([
      { id: 't1', type: 'function', function: { name: 'a very long name', arguments: '{}' } },
      { id: 't2', type: 'custom', custom: { name: 'Shell', input: 'ls' } },
    ])
  })
})

test('reasoning is text for readers, and whole entries for the way back', () => {
  const { said } = converted(
    message([
      { type: 'thinking', thinking: 'hm', signature: 'EqQB' },
      { type: 'redacted_thinking', data: 'Em' },
      { type: 'text', text: 'a' },
    ]),
  )
  expect(said?.reasoning_content).toBe('hm')
  expect(said?.reasoning_details).toEqual([
    { type: 'reasoning.text', text: 'hm', signature: 'EqQB', format: 'anthropic-claude-v1', index: 0 },
    { type: 'reasoning.encrypted', data: 'Em', format: 'anthropic-claude-v1', index: 1 },
  ])
})

test('a refusal has no content (case 26)', () => {
  const { said, finish } = converted(message([], { stop_reason: 'refusal' }))
  expect([said?.content, finish]).toEqual([null, 'content_filter'])
})

test('a refusal that is explained says so where clients look for it (case 26)', () => {
  const details = { type: 'refusal', category: null, explanation: 'against the rules' }
  const { said, finish } = converted(message([], { stop_reason: 'refusal', stop_details: details }))
  expect([said?.content, said?.refusal, finish]).toEqual([null, 'against the rules', 'content_filter'])
})

test('a paused turn ends as if it was too long, and says so (case 26)', () => {
  expect(converted(message([{ type: 'text', text: 'a' }], { stop_reason: 'pause_turn' }))).toMatchObject({
    finish: 'length',
    losses: ['pause_as_length'],
  })
})

test.each([
  [{ type: 'error', error: { type: 'overloaded_error', message: 'Overloaded' } }, 503, 'Overloaded'],
  [{}, 500, ''],
  ['page', 500, ''],
])('%j is an error in spite of its status', (body, status, said) => {
  const result = convertAnthropicResponseToChat(body, chatContext())
  if (result.ok) throw new Error('this was to fail')
  expect(result.error).toMatchObject({ isPreStream: true, status })
  expect(result.error.body.error.message).toContain(said)
})

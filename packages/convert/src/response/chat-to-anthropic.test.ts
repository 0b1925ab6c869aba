import { type Json, stringifyJson } from '@lb/protocol'
import { describe, expect, test } from 'vitest'
import { contextFor } from '../../testing/context.ts'
import { plainProfile } from '../../testing/streams.ts'
import type { ConversionContext } from '../context.ts'
import { convertChatResponseToAnthropic } from './chat-to-anthropic.ts'

const usage = { prompt_tokens: 3, completion_tokens: 2, total_tokens: 5 }
const completion = (message: Json, finish_reason = 'stop', more: { readonly [name: string]: Json } = {}): Json => ({
  id: 'chatcmpl-1',
  object: 'chat.completion',
  created: 1,
  model: 'up',
  choices: [{ index: 0, message, finish_reason }],
  usage,
  ...more,
})
const converted = (body: Json, changes: Partial<ConversionContext> = {}, options = {}) => {
  const result = convertChatResponseToAnthropic(body, contextFor(plainProfile, changes), options)
  if (!result.ok) throw new Error(result.error.body.error.message)
  const { value, losses, aside } = result.value
  return {
    message: JSON.parse(stringifyJson(value)),
    json: stringifyJson(value),
    losses: losses.map(({ code }) => code),
    aside,
  }
}
const failed = (body: Json) => {
  const result = convertChatResponseToAnthropic(body, contextFor(plainProfile))
  if (result.ok) throw new Error('this was to fail')
  return result.error
}
const call = (text: Json, name = 'Bash'): Json => ({
  tool_calls: [{ id: 't1', type: 'function', function: { name, arguments: text } }],
})

test('an answer has all members, also those that say nothing', () => {
  expect(converted(completion({ role: 'assistant', content: 'hi' }))).toMatchObject({
    message: {
      id: 'msg_chatcmpl-1',
      type: 'message',
      role: 'assistant',
      model: 'claude-test-1',
      content: [{ type: 'text', text: 'hi', citations: null }],
      stop_reason: 'end_turn',
      stop_sequence: null,
      stop_details: null,
      container: null,
      diagnostics: null,
      usage: { input_tokens: 3, output_tokens: 2, cache_read_input_tokens: 0, service_tier: null },
    },
    losses: [],
  })
  expect(converted(completion({ content: 'hi' }), {}, { showModel: 'upstream' }).message.model).toBe('up')
})

test('reasoning, text and calls stand in this order', () => {
  const { message } = converted(
    completion({ content: 'so', reasoning_content: 'hm', ...(call('{}') as object) }, 'stop'),
  )
  expect(message.content.map(({ type }: { type: string }) => type)).toEqual(['thinking', 'text', 'tool_use'])
  expect(message.stop_reason).toBe('tool_use')
  expect(message.content[0].signature).toMatch(/^lb1\./)
  expect(message.content[2].caller).toEqual({ type: 'direct' })
})

describe('arguments of calls (cases 22, 48)', () => {
  test.each([
    ['{"n":12345678901234567890,"m":1e400,"o":1.0}', '{"n":12345678901234567890,"m":1e400,"o":1.0}'],
    ['{"b":1,"a":2,"b":3}', '{"b":1,"a":2,"b":3}'],
    ['{"s":"\\ud800"}', '{"s":"\\ud800"}'],
    ['', '{}'],
    ['  ', '{}'],
    [{ a: 1 }, '{"a":1}'],
    [null, '{}'],
  ])('%j are %s', (text, input) => {
    expect(converted(completion(call(text))).json).toContain(`"input":${input}`)
  })

  test('that are no object are kept for the client to see', () => {
    const wrapped = (text: string) => {
      const { message, losses } = converted(completion(call(text)))
      return [message.content[0].input, ...losses]
    }
    expect(wrapped('[1]')).toEqual([{ value: [1] }, 'tool_arguments_wrapped'])
    expect(wrapped('ls -l')).toEqual([{ _raw: 'ls -l' }, 'tool_arguments_invalid'])
  })

  test('that were cut off are as much as is surely whole, and the reason is the limit (case 11)', () => {
    const { message } = converted(completion(call('{"path":"a","text":"lo'), 'length'))
    expect(message).toMatchObject({ stop_reason: 'max_tokens', content: [{ input: { path: 'a' } }] })
  })
})

test('a refusal is text, with a reason of its own (case 20)', () => {
  expect(converted(completion({ content: null, refusal: 'no' })).message).toMatchObject({
    content: [{ type: 'text', text: 'no' }],
    stop_reason: 'refusal',
    stop_details: { type: 'refusal', category: null, explanation: null },
  })
  expect(converted(completion({ content: 'yes', refusal: '' })).message.stop_reason).toBe('end_turn')
})

test('an answer without content is reported, not filled', () => {
  expect(converted(completion({ content: '' }))).toMatchObject({ message: { content: [] }, losses: ['empty_response'] })
})

test('an answer without usage has zeros, and says so (case 17)', () => {
  const { message, losses } = converted({ ...(completion({ content: 'a' }) as object), usage: null })
  expect([message.usage.input_tokens, message.usage.output_tokens]).toEqual([0, 0])
  expect(losses).toEqual(['usage_missing'])
})

test.each([
  [{ error: { message: 'slow', code: 429 } }, 429, 'rate_limit_error', 'slow'],
  [{ choices: [] }, 500, 'api_error', ''],
  [{}, 500, 'api_error', ''],
  ['page', 500, 'api_error', ''],
])('%j is an error in spite of its status (case 10)', (body, status, type, message) => {
  const { body: said, ...error } = failed(body)
  expect(error).toMatchObject({ isPreStream: true, status })
  expect(said.error.type).toBe(type)
  expect(said.error.message).toContain(message)
})

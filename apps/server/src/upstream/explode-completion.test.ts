import type { JsonObject } from '@lb/protocol'
import { expect, test } from 'vitest'
import { explodeCompletion } from './explode-completion.ts'

test('a whole completion becomes the stream that it stands for, with every member that it has', () => {
  const call = { id: 'c1', type: 'function', function: { name: 'f', arguments: '{"n":1.0}' } }
  const message = { role: 'assistant', content: 'hi', reasoning_content: 'hm', tool_calls: [call] }
  const choices = [{ index: 0, message, logprobs: null, finish_reason: 'tool_calls' }]
  const stream = explodeCompletion({
    id: 'x',
    object: 'chat.completion',
    model: 'm',
    novelty: 1,
    choices,
    usage: { a: 1 },
  })
  const events = stream.split('\n\n').slice(0, -1)
  expect(events.at(-1)).toBe('data: [DONE]')
  const head = { id: 'x', object: 'chat.completion.chunk', model: 'm', novelty: 1 }
  expect(events.slice(0, -1).map((event) => JSON.parse(event.slice(6)))).toEqual([
    {
      ...head,
      choices: [
        { index: 0, logprobs: null, delta: { ...message, tool_calls: [{ index: 0, ...call }] }, finish_reason: null },
      ],
    },
    { ...head, choices: [{ index: 0, delta: {}, finish_reason: 'tool_calls' }], usage: { a: 1 } },
  ])
})

const eventsOf = (choices: JsonObject[]): JsonObject[] =>
  explodeCompletion({ choices })
    .split('\n\n')
    .slice(0, -2)
    .map((event) => JSON.parse(event.slice(6)).choices[0])

test('choices without a number are one answer: the text in one, the calls in the next (GitHub Copilot)', () => {
  const call = (id: string): JsonObject => ({ id, type: 'function', function: { name: 'f', arguments: '{}' } })
  const choices = [
    { message: { role: 'assistant', content: 'so' }, finish_reason: 'tool_calls' },
    { message: { role: 'assistant', content: null, tool_calls: [call('a')] }, finish_reason: 'tool_calls' },
    { message: { role: 'assistant', tool_calls: [call('b')] }, finish_reason: 'stop' },
  ]
  expect(eventsOf(choices)).toEqual([
    { index: 0, delta: { role: 'assistant', content: 'so' }, finish_reason: null },
    {
      index: 0,
      delta: { role: 'assistant', content: null, tool_calls: [{ index: 0, ...call('a') }] },
      finish_reason: null,
    },
    { index: 0, delta: { role: 'assistant', tool_calls: [{ index: 1, ...call('b') }] }, finish_reason: null },
    { index: 0, delta: {}, finish_reason: 'tool_calls' },
  ])
})

test('choices with numbers are as many answers, which end each for itself', () => {
  const message = (content: string): JsonObject => ({ role: 'assistant', content })
  const choices = [
    { index: 0, message: message('a'), finish_reason: 'stop' },
    { index: 1, message: message('b'), finish_reason: 'length' },
  ]
  expect(eventsOf(choices)).toEqual([
    { index: 0, delta: message('a'), finish_reason: null },
    { index: 1, delta: message('b'), finish_reason: null },
    { index: 0, delta: {}, finish_reason: 'stop' },
    { index: 1, delta: {}, finish_reason: 'length' },
  ])
})

test('odd ones become a stream, too', () => {
  expect(explodeCompletion({ choices: [{ message: 7 }, 8] })).toContain('[DONE]')
  expect(explodeCompletion({})).toBe('data: {"object":"chat.completion.chunk","choices":[]}\n\ndata: [DONE]\n\n')
})

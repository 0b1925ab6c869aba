import type { Json } from '@lb/protocol'
import { describe, expect, test } from 'vitest'
import { contextFor } from '../../testing/context.ts'
import {
  added,
  args,
  call,
  completed,
  created,
  done,
  message,
  reasoning,
  signatures,
  summary,
  text,
} from '../../testing/responses-events.ts'
import { brief, responsesStream } from '../../testing/streams.ts'
import { decodeCarrier } from '../carrier.ts'
import { namedProfiles } from '../index.ts'
import { createResponsesToAnthropicStream } from './responses-to-anthropic.ts'

function never(): never {
  throw new Error('the profile is there')
}

test('reasoning, text and a call become blocks in their order', () => {
  const outcome = responsesStream([
    created,
    added(0, reasoning([])),
    summary(0, 'hm'),
    done(0, reasoning(['hm'], { encrypted_content: 'opaque' })),
    added(1, message()),
    text(1, 'Hel'),
    text(1, 'lo'),
    done(1, message('Hello')),
    added(2, call('')),
    args(2, '{"x"'),
    args(2, ':1}'),
    done(2, call('{"x":1}')),
    completed(),
  ])
  expect(brief(outcome.events)).toEqual([
    'start',
    '0 thinking',
    '0 + hm',
    '0 + signature lb1.',
    '0 .',
    '1 text',
    '1 + Hel',
    '1 + lo',
    '1 .',
    '2 tool_use call_1 Bash',
    '2 + {"x"',
    '2 + :1}',
    '2 .',
    'end tool_use',
    'stop',
  ])
  expect(outcome.events[0]).toMatchObject({ message: { id: 'msg_resp_1', model: 'claude-test-1' } })
  expect(outcome.report).toMatchObject({ phase: 'finished', losses: [], isSatisfied: false })
  expect(outcome.report.usage).toMatchObject({
    input_tokens: 7,
    cache_read_input_tokens: 3,
    output_tokens: 4,
    output_tokens_details: { thinking_tokens: 1 },
  })
  expect(decodeCarrier(signatures(outcome.events)[0] ?? '')).toEqual({
    v: 1,
    p: 'openai-responses',
    k: 'item',
    d: { id: 'rs_1', summary: [2], encrypted_content: 'opaque' },
  })
})

describe('reasoning', () => {
  test('parts are a blank line apart, and their lengths are carried', () => {
    const outcome = responsesStream([
      summary(0, 'ab'),
      summary(0, 'c', 1),
      done(0, reasoning(['ab', 'c'], { encrypted_content: 'x' })),
      completed(),
    ])
    expect(brief(outcome.events).slice(1, 4)).toEqual(['0 thinking', '0 + ab', '0 + \n\nc'])
    expect(decodeCarrier(signatures(outcome.events)[0] ?? '')?.d).toEqual({
      id: 'rs_1',
      summary: [2, 1],
      encrypted_content: 'x',
    })
  })

  test('a reasoning without a word still is a block when it has to come back', () => {
    const outcome = responsesStream([
      done(0, reasoning([], { encrypted_content: 'x' })),
      done(1, message('t')),
      completed(),
    ])
    expect(brief(outcome.events).slice(1, 6)).toEqual(['0 thinking', '0 + signature lb1.', '0 .', '1 text', '1 + t'])
    expect(brief(responsesStream([done(0, reasoning([])), done(1, message('t')), completed()]).events)[1]).toBe(
      '0 text',
    )
    expect(brief(responsesStream([done(0, reasoning([], { encrypted_content: '' })), completed()]).events)).toEqual([
      'start',
      'end end_turn',
      'stop',
    ])
  })

  test('of two forms of one reasoning the first is read', () => {
    const full = { type: 'response.reasoning_text.delta', output_index: 0, content_index: 0, delta: 'full' }
    const both = reasoning(['short'], { content: [{ type: 'reasoning_text', text: 'full' }] })
    expect(brief(responsesStream([full, summary(0, 'short'), done(0, both), completed()]).events).slice(1, 4)).toEqual([
      '0 thinking',
      '0 + full',
      '0 + signature lb1.',
    ])
    expect(brief(responsesStream([done(0, both), completed()]).events)[2]).toBe('0 + short')
  })

  test('plain reasoning of open models is carried as an item with its content', () => {
    const outcome = responsesStream([
      done(0, reasoning([], { content: [{ type: 'reasoning_text', text: 'full' }] })),
      completed(),
    ])
    expect(decodeCarrier(signatures(outcome.events)[0] ?? '')?.d).toEqual({ id: 'rs_1', content: [4] })
  })

  test('without anything to carry, the signature says whose text it is', () => {
    const outcome = responsesStream([done(0, reasoning(['r'])), completed()])
    expect(decodeCarrier(signatures(outcome.events)[0] ?? '')).toEqual({ v: 1, p: 'openai-responses', k: 'text' })
    const nameless = responsesStream([done(0, { ...reasoning(['r'], { encrypted_content: 'x' }), id: 3 }), completed()])
    expect(decodeCarrier(signatures(nameless.events)[0] ?? '')?.k).toBe('text')
  })

  test('a client that does not see it carries the texts', () => {
    const outcome = responsesStream([done(0, reasoning(['ab'], { encrypted_content: 'x' })), completed()], {
      showThinking: false,
    })
    expect(brief(outcome.events).slice(1, 4)).toEqual(['0 thinking', '0 + signature lb1.', '0 .'])
    expect(decodeCarrier(signatures(outcome.events)[0] ?? '')?.d).toEqual({
      id: 'rs_1',
      summary: ['ab'],
      encrypted_content: 'x',
    })
  })

  test('a message that begins while a reasoning is open waits for its end, where its signature is', () => {
    const outcome = responsesStream([
      summary(0, 'r'),
      text(1, 'x'),
      done(0, reasoning(['r'], { encrypted_content: 'e' })),
      done(1, message('x')),
      completed(),
    ])
    expect(brief(outcome.events).slice(1, 7)).toEqual([
      '0 thinking',
      '0 + r',
      '0 + signature lb1.',
      '0 .',
      '1 text',
      '1 + x',
    ])
    expect(decodeCarrier(signatures(outcome.events)[0] ?? '')?.k).toBe('item')
  })

  test('a reasoning that is never done ends with the answer', () => {
    expect(brief(responsesStream([summary(0, 'r'), text(1, 'x'), completed()]).events).slice(1, 6)).toEqual([
      '0 thinking',
      '0 + r',
      '0 + signature lb1.',
      '0 .',
      '1 text',
    ])
  })
})

test('startOn first-chunk begins with the first event', () => {
  const stream = createResponsesToAnthropicStream(contextFor(namedProfiles['openai-responses'] ?? never()), {
    startOn: 'first-chunk',
  })
  expect(brief(stream.push(created))).toEqual(['start'])
})

test('stop sequences are looked for in the text, and nothing behind counts', () => {
  const emulated = { stopSequences: ['END'], emulateStop: true }
  const outcome = responsesStream(
    [
      text(0, 'a E'),
      text(0, 'ND b'),
      done(0, message('a END b')),
      added(1, call('')),
      args(1, '{}'),
      done(1, call('{}')),
      summary(2, 'r'),
      done(2, reasoning(['r'], { encrypted_content: 'x' })),
      completed(),
    ],
    emulated,
  )
  expect(brief(outcome.events)).toEqual(['start', '0 text', '0 + a ', '0 .', 'end stop_sequence END', 'stop'])
  expect(outcome.report.isSatisfied).toBe(true)
  const cancelled = responsesStream([text(0, 'aEND')], emulated)
  expect(brief(cancelled.events).at(-2)).toBe('end stop_sequence END')
})

test('gaps in the numbers are reported, and unknown events outside the API', () => {
  const outcome = responsesStream([
    { type: 'response.created', sequence_number: 0, response: {} },
    { type: 'response.some_new_event', sequence_number: 1 },
    { type: 'keepalive', sequence_number: 3 },
    3,
    completed([message('x')]),
  ])
  expect(outcome.report.losses).toEqual([
    { code: 'event_missing', path: '', count: 1 },
    { code: 'event_unexpected', path: '', detail: 'keepalive', count: 1 },
    { code: 'event_unexpected', path: '', detail: '', count: 1 },
  ])
})

test('events whose parts are missing or of the wrong kind are taken for empty ones', () => {
  const odd: readonly Json[] = [
    { type: 'response.output_item.added', item: 'x' },
    { type: 'response.output_item.done', output_index: 5, item: { type: 'message', content: 'x' } },
    { type: 'response.output_item.done', output_index: 6, item: { type: 'message', content: [3, { text: 4 }] } },
    { type: 'response.output_item.done', output_index: 7, item: { type: 'function_call' } },
    { type: 'response.output_text.delta' },
    { type: 'response.completed', response: { output: [3], usage: 4 } },
  ]
  expect(brief(responsesStream(odd).events)).toEqual(['start', 'end end_turn', 'stop'])
})

import { describe, expect, test } from 'vitest'
import { createAnthropicRelay } from './anthropic-relay.ts'
import type { StreamStep } from './stream-reader.ts'

const event = (type: string, data: object = {}): string =>
  `event: ${type}\ndata: ${JSON.stringify({ type, ...data })}\n\n`
const opening = event('message_start', { message: { id: 'msg_1', usage: { input_tokens: 7, output_tokens: 1 } } })
const blockStart = event('content_block_start', { index: 0, content_block: { type: 'text', text: '' } })
const delta = event('content_block_delta', { index: 0, delta: { type: 'text_delta', text: 'hi' } })
const blockStop = event('content_block_stop', { index: 0 })
const stop = event('message_delta', {
  delta: { stop_reason: 'end_turn' },
  usage: { output_tokens: 9, input_tokens: null },
})
const end = event('message_stop')
const ping = event('ping')

/** What a stream that comes in these pieces, and then ends, is read as; bytes shown as text. */
function read(...pieces: string[]): object[] {
  const relay = createAnthropicRelay({ credential: 'key', maxEventBytes: 1000 })
  const steps = pieces.flatMap((piece) => [...relay.push(Buffer.from(piece))])
  return [...steps, ...relay.end()].map(texts)
}
/** Bytes as text, so that a failing test can be read. */
function texts(step: object): object {
  return Object.fromEntries(
    Object.entries(step).map(([key, value]) => [
      key,
      value instanceof Uint8Array ? Buffer.from(value).toString() : value,
    ]),
  )
}
const failed = (kind: string, more: object = {}): object =>
  expect.objectContaining({ step: 'failed', failure: expect.objectContaining({ kind }), ...more })

describe('a whole answer', () => {
  test('passes byte for byte, with its first content marked and its usage told', () => {
    expect(read(opening, ping, blockStart, delta, delta, blockStop, stop, end)).toEqual([
      { step: 'opening', bytes: opening },
      { step: 'body', bytes: ping, content: false },
      { step: 'body', bytes: blockStart, content: false },
      { step: 'body', bytes: delta, content: true },
      { step: 'body', bytes: delta, content: false },
      { step: 'block-completed' },
      { step: 'body', bytes: blockStop, content: false },
      { step: 'body', bytes: stop, content: false },
      { step: 'body', bytes: end, content: false },
      { step: 'ended', stopReason: 'end_turn', usage: { input_tokens: 7, output_tokens: 9 } },
    ])
  })

  test('that comes in one piece is one body', () => {
    const body = ping + blockStart + delta + blockStop + stop + end
    expect(read(opening + body)).toEqual([
      { step: 'opening', bytes: opening },
      { step: 'block-completed' },
      { step: 'body', bytes: body, content: true },
      expect.objectContaining({ step: 'ended' }),
    ])
  })

  test('without any event lines is read by the type inside', () => {
    const bare = (text: string): string => text.replace(/^event: .*\n/gm, '')
    expect(read(bare(opening), bare(delta + stop + end)).map((step) => (step as StreamStep).step)).toEqual([
      'opening',
      'body',
      'ended',
    ])
  })

  test('without content has its stop reason for content', () => {
    expect(read(opening, stop + end)).toContainEqual({ step: 'body', bytes: stop + end, content: true })
  })

  test('is over at its end: what follows is not shown', () => {
    expect(read(opening + delta + stop + end + delta).at(-1)).toMatchObject({ step: 'ended' })
    expect(
      read(opening, delta + stop + end, delta).filter((step) => (step as StreamStep).step === 'body'),
    ).toHaveLength(1)
  })

  test('with unknown events passes them', () => {
    expect(read(opening, `${event('novelty')}: comment\n\n`)).toContainEqual({
      step: 'body',
      bytes: `${event('novelty')}: comment\n\n`,
      content: false,
    })
  })

  test('whose last blank line is missing is whole', () => {
    expect(read(opening + delta + stop, 'event: message_stop\ndata: {"type":"message_stop"}')).toMatchObject([
      { step: 'opening' },
      { step: 'body' },
      { step: 'body', bytes: `${end}` },
      { step: 'ended' },
    ])
  })
})

test('a line end that is cut behind the last event is waited for', () => {
  const crlf = (text: string): string => text.replaceAll('\n', '\r\n')
  const whole = crlf(opening + delta + stop + end)
  const steps = read(whole.slice(0, -1), '\n') as StreamStep[]
  expect(steps.map((step) => ('bytes' in step ? step.bytes : '')).join('')).toBe(whole)
  expect(steps.at(-1)).toMatchObject({ step: 'ended' })
  // A stream of CR alone ends with its connection.
  expect(read(whole.replaceAll('\n', '')).at(-1)).toMatchObject({ step: 'ended' })
})

describe('an upstream that breaks off', () => {
  test('between events: what was whole is shown, and the cut is told', () => {
    expect(read(opening, delta)).toEqual([
      { step: 'opening', bytes: opening },
      { step: 'body', bytes: delta, content: true },
      failed('stream-cut'),
    ])
  })

  test('inside an event: the half event is never shown', () => {
    expect(read(opening, delta + delta.slice(0, 30))).toEqual([
      expect.anything(),
      { step: 'body', bytes: delta, content: true },
      failed('stream-cut'),
    ])
  })

  test('after the stop reason: the content is whole, and the end is there to be supplied', () => {
    expect(read(opening, delta + stop)).toEqual([
      expect.anything(),
      { step: 'body', bytes: delta + stop, content: true },
      failed('end-missing', { closing: end, usage: { input_tokens: 7, output_tokens: 9 } }),
    ])
  })

  test('before anything: an empty answer', () => {
    expect(read()).toEqual([failed('bad-response')])
    expect(read(': comment\n\n').at(-1)).toEqual(failed('bad-response'))
  })
})

describe('an error event', () => {
  const overloaded = event('error', { error: { type: 'overloaded_error', message: 'Overloaded' } })

  test('means what the same error means as a status, and keeps its own words', () => {
    expect(read(overloaded)).toEqual([failed('overloaded', { event: overloaded })])
    expect(read(opening, overloaded)).toEqual([expect.anything(), failed('overloaded')])
  })

  test('after content: the content before it is shown first', () => {
    expect(read(opening, delta + overloaded + delta)).toEqual([
      expect.anything(),
      { step: 'body', bytes: delta, content: true },
      failed('overloaded', { event: overloaded, usage: { input_tokens: 7, output_tokens: 1 } }),
    ])
  })

  test('whose body is no JSON is an error still', () => {
    expect(read('event: error\ndata: upstream exploded\n\n')).toEqual([failed('server-error')])
  })
})

describe('what is no answer', () => {
  test('content without an opening', () => {
    expect(read(delta)).toEqual([failed('bad-response')])
    expect(read(blockStart)).toEqual([failed('bad-response')])
    expect(read(end)).toEqual([failed('bad-response')])
  })

  test('two openings', () => {
    expect(read(opening, opening)).toEqual([{ step: 'opening', bytes: opening }, failed('bad-response')])
    expect(read(opening, delta + opening + delta).at(-1)).toEqual(failed('bad-response'))
  })

  test('an event without an end', () => {
    expect(read(opening, 'data: '.padEnd(1001))).toEqual([expect.anything(), failed('response-too-large')])
  })
})

describe('an answer that takes over after another attempt’s opening', () => {
  test('closes with its own counts, input included', () => {
    const relay = createAnthropicRelay({ credential: 'key', maxEventBytes: 1000 })
    relay.push(Buffer.from(opening))
    relay.replaceOpening()
    const steps = relay.push(Buffer.from(delta + stop + end))
    const closing = event('message_delta', {
      delta: { stop_reason: 'end_turn' },
      usage: { input_tokens: 7, output_tokens: 9 },
    })
    expect(steps.map(texts)).toMatchObject([
      { step: 'body', bytes: delta, content: true },
      { step: 'body', bytes: closing, content: false },
      { step: 'body', bytes: end },
      { step: 'ended' },
    ])
  })
})

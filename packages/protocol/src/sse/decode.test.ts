import { describe, expect, test } from 'vitest'
import { createSseDecoder, type SseEvent } from './decode.ts'

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)

/** Decodes a whole stream given in pieces. */
function decode(...pieces: string[]): { events: SseEvent[]; truncated: boolean } {
  const decoder = createSseDecoder()
  const events = pieces.flatMap((piece) => decoder.push(bytes(piece)).events)
  const end = decoder.end()
  return { events: [...events, ...end.events], truncated: end.truncated }
}

describe('an event', () => {
  test('has its name and its data', () => {
    expect(decode('event: ping\ndata: {"type":"ping"}\n\n')).toEqual({
      events: [{ event: 'ping', data: '{"type":"ping"}' }],
      truncated: false,
    })
  })

  test('needs no name', () => {
    expect(decode('data: [DONE]\n\n').events).toEqual([{ data: '[DONE]' }])
  })

  test('joins several data lines with a line feed', () => {
    expect(decode('data: a\ndata:\ndata: b\n\n').events).toEqual([{ data: 'a\n\nb' }])
  })

  test('loses exactly one space behind the colon', () => {
    expect(decode('data:a\n\ndata: b\n\ndata:  c\n\n').events.map((event) => event.data)).toEqual(['a', 'b', ' c'])
  })

  test('has empty data when its data line has no colon', () => {
    expect(decode('data\n\n').events).toEqual([{ data: '' }])
  })

  test('keeps its id and drops retry and unknown fields', () => {
    expect(decode('id: 7\nretry: 10\nfoo: bar\ndata: x\n\n').events).toEqual([{ id: '7', data: 'x' }])
  })

  test('takes the last of several names', () => {
    expect(decode('event: a\nevent: b\ndata: x\n\n').events).toEqual([{ event: 'b', data: 'x' }])
  })
})

describe('line ends', () => {
  const expected = [{ event: 'a', data: '1' }, { data: '2' }]

  test.each([
    ['LF', '\n'],
    ['CRLF', '\r\n'],
    ['CR', '\r'],
  ])('%s', (_, end) => {
    const text = ['event: a', 'data: 1', '', 'data: 2', '', ''].join(end)
    expect(decode(text)).toEqual({ events: expected, truncated: false })
  })

  test('mixed in one stream', () => {
    expect(decode('event: a\r\ndata: 1\r\r\ndata: 2\n\r\n').events).toEqual(expected)
  })

  test('a CRLF that the network cuts is one line end', () => {
    expect(decode('data: 1\r', '\n\r', '\ndata: 2\r', '\n', '\r\n').events).toEqual([{ data: '1' }, { data: '2' }])
  })

  test('CR alone hands out the last event at once, without waiting for a line feed', () => {
    expect(createSseDecoder().push(bytes('data: 1\r\r')).events).toEqual([{ data: '1' }])
  })
})

describe('what is not an event', () => {
  test('a comment is a sign of life without data', () => {
    expect(decode(': OPENROUTER PROCESSING\n\n').events).toEqual([{}])
  })

  test('blank lines alone are nothing', () => {
    expect(decode('\n\n\r\n\n')).toEqual({ events: [], truncated: false })
  })

  test('a byte order mark at the start is skipped, later it is text', () => {
    expect(decode('\ufeffdata: 1\n\ndata: \ufeff2\n\n').events).toEqual([{ data: '1' }, { data: '\ufeff2' }])
  })
})

describe('the end', () => {
  test('an event without its last blank line is given and reported', () => {
    expect(decode('data: 1\n\ndata: 2\n')).toEqual({ events: [{ data: '1' }, { data: '2' }], truncated: true })
  })

  test('a cut character becomes U+FFFD', () => {
    const decoder = createSseDecoder()
    decoder.push(bytes('data: ü').subarray(0, 7))
    expect(decoder.end()).toEqual({ events: [{ data: '\ufffd' }], truncated: true })
  })

  test('left-over line ends are no truncation', () => {
    expect(decode('data: 1\n\n\n').truncated).toBe(false)
  })
})

describe('the size limit', () => {
  test('an event without an end overflows and is dropped, and so is all that follows', () => {
    const decoder = createSseDecoder({ maxEventLength: 10 })
    expect(decoder.push(bytes('data: 1234')).overflow).toBe(false)
    expect(decoder.push(bytes('5'))).toEqual({ events: [], overflow: true })
    expect(decoder.push(bytes('\n\ndata: 1\n\n'))).toEqual({ events: [], overflow: true })
    expect(decoder.end()).toEqual({ events: [], truncated: true })
  })

  test('many short lines of one event overflow too', () => {
    const decoder = createSseDecoder({ maxEventLength: 20 })
    expect(decoder.push(bytes('data: 1\ndata: 2\n')).overflow).toBe(false)
    expect(decoder.push(bytes('data: 3\n')).overflow).toBe(true)
  })

  test('an event that comes whole overflows too; the ones before it are given', () => {
    const decoder = createSseDecoder({ maxEventLength: 13 })
    const pushed = decoder.push(bytes('data: 1\n\ndata: 1234567\n\ndata: 2\n\n'))
    expect(pushed).toEqual({ events: [{ data: '1' }], overflow: true })
  })

  test('an event of just the limit passes', () => {
    const decoder = createSseDecoder({ maxEventLength: 11 })
    expect(decoder.push(bytes('data: 1234')).overflow).toBe(false)
    expect(decoder.push(bytes('\n\n'))).toEqual({ events: [{ data: '1234' }], overflow: false })
  })
})

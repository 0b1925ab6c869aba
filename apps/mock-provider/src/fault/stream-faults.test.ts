import { createSseDecoder } from '@lb/protocol'
import { expect, test } from 'vitest'
import type { Answer } from '../script/answer.ts'
import { planOf, responseOf } from '../testing/plan-of.ts'
import { eventsOf } from '../testing/raw-client.ts'
import { type StreamFault, streamFaultNames, streamFaults } from './stream-faults.ts'

const CHAT = '/v1/chat/completions'

/** What each preset means, read from its plan for a streamed request. Every name has a row, or this does not compile. */
const MEANINGS: { readonly [N in StreamFault]: (name: N) => void } = {
  'half-close-mid-text': (name) => breaksMidText(name, 'half-close'),
  'error-first': (name) => {
    const { status, body, complete } = responseOf({ fault: name })
    expect([status, complete, eventsOf(body)]).toEqual([200, true, ['error']])
    expect(body.toString()).toContain('"type":"overloaded_error"')
    expect(responseOf({ fault: name }, CHAT).body.toString()).toMatch(/^data: \{"error":\{"message":"Overloaded"/)
  },
  'error-after-message-start': (name) => {
    expect(eventsOf(responseOf({ fault: name }).body)).toEqual(['message_start', 'error'])
  },
  'error-mid-text': (name) => endsInErrorAfter(name, 'text_delta'),
  'error-mid-thinking': (name) => endsInErrorAfter(name, 'thinking_delta'),
  'error-mid-tool-use': (name) => endsInErrorAfter(name, 'input_json_delta'),
  'error-after-block': (name) => {
    const events = eventsOf(responseOf({ fault: name }).body)
    expect(events.slice(-2)).toEqual(['content_block_stop', 'error'])
    expect(events.filter((event) => event === 'content_block_stop').length).toBe(1)
  },
  'api-error-mid-text': (name) => {
    expect(responseOf({ fault: name }).body.toString()).toMatch(/event: error\ndata: .*"type":"api_error".*\n\n$/)
  },
  'no-message-stop': (name) => {
    const { body, complete } = responseOf({ fault: name })
    expect([eventsOf(body).at(-1), complete]).toEqual(['message_delta', true])
    expect(responseOf({ fault: name }, CHAT).body.toString()).not.toContain('[DONE]')
  },
  'end-after-message-start': (name) => {
    const { body, complete } = responseOf({ fault: name })
    expect([eventsOf(body), complete]).toEqual([['message_start'], true])
  },
  'end-mid-text': (name) => breaksMidText(name, 'keep', true),
  'end-mid-tool-use': (name) => {
    const { body, complete } = responseOf({ fault: name })
    expect([eventsOf(body).at(-1), complete]).toEqual(['content_block_delta', true])
    expect(body.toString()).toContain('input_json_delta')
  },
  'end-before-stop-reason': (name) => {
    expect(eventsOf(responseOf({ fault: name }).body).at(-1)).toBe('content_block_stop')
  },
  'empty-stream': (name) => {
    const { headers, body, complete } = responseOf({ fault: name })
    expect([headers['content-type'], body.length, complete]).toEqual(['text/event-stream; charset=utf-8', 0, true])
  },
  'close-after-message-start': (name) => {
    const { body, complete, end } = responseOf({ fault: name })
    expect([eventsOf(body), complete, end]).toEqual([['message_start'], false, 'close'])
  },
  'close-mid-text': (name) => breaksMidText(name, 'close'),
  'reset-after-head': (name) => nothingAfterHead(name, 'reset'),
  'reset-after-message-start': (name) => {
    const { body, end } = responseOf({ fault: name })
    expect([eventsOf(body), end]).toEqual([['message_start'], 'reset'])
  },
  'reset-mid-text': (name) => breaksMidText(name, 'reset'),
  'reset-mid-thinking': (name) => breaksIn(name, 'thinking_delta', 'reset'),
  'reset-mid-tool-use': (name) => breaksIn(name, 'input_json_delta', 'reset'),
  'stall-after-head': (name) => nothingAfterHead(name, 'stall'),
  'stall-after-message-start': (name) => {
    const { body, end } = responseOf({ fault: name })
    expect([eventsOf(body), end]).toEqual([['message_start'], 'stall'])
  },
  'stall-mid-text': (name) => breaksMidText(name, 'stall'),
  'stall-mid-thinking': (name) => breaksIn(name, 'thinking_delta', 'stall'),
  'stall-mid-tool-use': (name) => breaksIn(name, 'input_json_delta', 'stall'),
  'pings-only': (name) => {
    const plan = planOf({ fault: name })
    expect(plan.end).toMatchObject({ kind: 'pings', everyMs: 1000 })
    expect(responseOf({ fault: name }).body.length).toBe(0)
    const chat = planOf({ fault: name }, CHAT)
    expect(chat.end.kind === 'pings' && Buffer.from(chat.end.bytes).toString()).toContain(': ping')
  },
  'pings-after-message-start': (name) => {
    const { body, end } = responseOf({ fault: name })
    expect([eventsOf(body), end]).toEqual([['message_start'], 'pings'])
  },
  'pings-mid-text': (name) => breaksMidText(name, 'pings'),
  'split-every-byte': (name) => {
    const { chunks } = responseOf({ fault: name })
    expect(chunks.every((chunk) => chunk.length === 1)).toBe(true)
    sameEventsAsUnsplit(name)
  },
  'split-randomly': (name) => {
    const sizes = new Set(responseOf({ fault: name }).chunks.map((chunk) => chunk.length))
    expect(sizes.size).toBeGreaterThan(20)
    expect(Math.max(...sizes)).toBeLessThanOrEqual(64)
    sameEventsAsUnsplit(name)
  },
  'split-characters': (name) => {
    // A lead byte ends its chunk: the character's other bytes come in the next one.
    const { chunks } = responseOf({ fault: name })
    const insides = chunks.flatMap((chunk) => [...chunk.subarray(0, -1)]).filter((byte) => byte >= 0xc0)
    expect(insides).toEqual([])
    sameEventsAsUnsplit(name)
  },
  'split-wire': (name) => {
    const writes = planOf({ fault: name }).steps.flatMap((step) => (step.kind === 'bytes' ? [step.bytes.length] : []))
    expect(Math.max(...writes)).toBe(7)
    sameEventsAsUnsplit(name)
  },
  'line-ends-crlf': (name) => {
    expect(responseOf({ fault: name }).body.toString()).toMatch(/^event: message_start\r\ndata: .*\r\n\r\n/)
    sameEventsAsUnsplit(name)
  },
  'line-ends-cr': (name) => {
    expect(responseOf({ fault: name }).body.includes('\n')).toBe(false)
    sameEventsAsUnsplit(name)
  },
  'byte-order-mark': (name) => {
    expect([...responseOf({ fault: name }).body.subarray(0, 3)]).toEqual([0xef, 0xbb, 0xbf])
    sameEventsAsUnsplit(name)
  },
  'multi-line-data': (name) => {
    expect(responseOf({ fault: name }).body.toString()).toMatch(
      /^data: \{"type":"content_block_delta",\ndata: .*\ndata: \}$/m,
    )
    const datas = decoded({ fault: name }).map((event) => JSON.parse(event.data))
    expect(datas).toEqual(undisturbed(name).map((event) => JSON.parse(event.data)))
  },
  comments: (name) => {
    expect(
      responseOf({ fault: name })
        .body.toString()
        .match(/^: a comment$/gm)?.length,
    ).toBe(decoded({ fault: name }).length)
    sameEventsAsUnsplit(name)
  },
  'no-event-lines': (name) => {
    expect(responseOf({ fault: name }).body.toString()).not.toMatch(/^event:/m)
    expect(decoded({ fault: name }).map((event) => event.data)).toEqual(undisturbed(name).map((event) => event.data))
  },
  'no-space-after-colon': (name) => {
    expect(responseOf({ fault: name }).body.toString()).toMatch(/^event:message_start\ndata:\{/)
    sameEventsAsUnsplit(name)
  },
  'endless-event': (name) => {
    const fill = planOf({ fault: name }).steps.find((step) => step.kind === 'fill')
    expect(fill?.kind === 'fill' && fill.bytes.length * fill.times).toBeGreaterThan(100 * 1024 * 1024)
    expect(fill?.kind === 'fill' && Buffer.from(fill.bytes.subarray(8, -2)).includes('\n')).toBe(false)
  },
  'invalid-json-event': (name) => {
    const broken = decoded({ fault: name }).filter((event) => !isJson(event.data))
    expect(broken.length).toBe(1)
  },
  'unknown-events': (name) => {
    expect(eventsOf(responseOf({ fault: name }).body).filter((event) => event === 'weather_report').length).toBe(2)
  },
  'extra-fields': (name) => expect(responseOf({ fault: name }).body.toString()).toContain('"mood":"good"'),
  'duplicate-message-start': (name) => {
    expect(eventsOf(responseOf({ fault: name }).body).slice(0, 2)).toEqual(['message_start', 'message_start'])
  },
  'duplicate-index': (name) => expect(startedIndices(name)).toEqual([0, 0]),
  'index-out-of-order': (name) => expect(startedIndices(name)).toEqual([0, 5]),
  'delta-without-block': (name) => {
    expect(eventsOf(responseOf({ fault: name }).body).slice(0, 3)).toEqual([
      'message_start',
      'content_block_delta',
      'content_block_start',
    ])
  },
  'done-missing': (name) => expect(eventsOf(responseOf({ fault: name }, CHAT).body).includes('[DONE]')).toBe(false),
  'done-doubled': (name) => {
    expect(eventsOf(responseOf({ fault: name }, CHAT).body).slice(-2)).toEqual(['[DONE]', '[DONE]'])
  },
}

test.each(streamFaultNames)('%s means what its name says', (name) => {
  MEANINGS[name](name as never)
})

test.each(streamFaultNames)('%s, not streamed, is a whole error or a cut body, or a good answer', (name) => {
  const answer = planOf({ fault: name }, '/v1/messages', false)
  const endsEarly = streamFaults[name].answer.edits?.some((edit) => edit.end !== undefined) ?? false
  const insertsError =
    streamFaults[name].answer.edits?.some((edit) => edit.insert?.some((event) => 'error' in event)) ?? false
  const { status } = responseOf({ fault: name }, '/v1/messages', false)
  expect(status).toBe(insertsError ? (name === 'api-error-mid-text' ? 500 : 529) : 200)
  if (!endsEarly) expect(answer.end).toEqual({ kind: 'keep', resetOnReuse: false })
})

function breaksMidText(name: StreamFault, end: string, complete = false): void {
  breaksIn(name, 'text_delta', end, complete)
}

/** Some deltas of the kind came, not all of them, and no closing event. */
function breaksIn(name: StreamFault, delta: string, end: string, complete = false): void {
  const response = responseOf({ fault: name })
  const whole = responseOf({ ...streamFaults[name].answer, edits: [] })
  const seen = countOf(response.body, delta)
  expect(seen).toBeGreaterThan(0)
  expect(seen).toBeLessThan(countOf(whole.body, delta))
  expect([response.end, response.complete]).toEqual([end, complete])
  expect(whole.body.subarray(0, response.body.length)).toEqual(response.body)
}

function endsInErrorAfter(name: StreamFault, delta: string): void {
  const { body, complete } = responseOf({ fault: name })
  expect([eventsOf(body).at(-1), complete]).toEqual(['error', true])
  expect(countOf(body, delta)).toBeGreaterThan(0)
  expect(eventsOf(body).includes('message_stop')).toBe(false)
  expect(eventsOf(body).at(-2)).toBe('content_block_delta')
}

function nothingAfterHead(name: StreamFault, end: string): void {
  const response = responseOf({ fault: name })
  expect([response.status, response.body.length, response.complete, response.end]).toEqual([200, 0, false, end])
}

function countOf(body: Buffer, word: string): number {
  return body.toString().split(`"${word}"`).length - 1
}

function startedIndices(name: StreamFault): readonly number[] {
  return decoded({ fault: name })
    .map((event) => JSON.parse(event.data))
    .filter((data) => data.type === 'content_block_start')
    .map((data) => data.index)
}

interface DecodedEvent {
  readonly event: string | undefined
  readonly data: string
}

/** The events that lb's own decoder reads; comments are none. */
function decoded(answer: Answer): readonly DecodedEvent[] {
  const { events } = createSseDecoder().push(responseOf(answer).body)
  return events.flatMap(({ event, data }) => (data === undefined ? [] : [{ event, data }]))
}

/** The events of the preset's reply, without the preset's fault. */
function undisturbed(name: StreamFault): readonly DecodedEvent[] {
  const { reply } = streamFaults[name].answer
  return decoded(reply === undefined ? {} : { reply })
}

/** Whatever the form, the decoder of lb reads the same events. */
function sameEventsAsUnsplit(name: StreamFault): void {
  expect(decoded({ fault: name })).toEqual(undisturbed(name))
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}

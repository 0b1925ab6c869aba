import fc from 'fast-check'
import { expect, test } from 'vitest'
import { createSseCutter } from './cut.ts'
import { createSseDecoder, type SseEvent } from './decode.ts'
import { encodeSseComment, encodeSseData, encodeSseEvent } from './encode.ts'

const lineEnd = fc.constantFrom('\n', '\r\n', '\r')
const line = fc.oneof(
  fc.string({ unit: 'binary' }).map((text) => `data: ${text.replace(/[\r\n]/g, '')}`),
  fc.constantFrom('event: ping', ': comment', 'id: 1', 'retry', 'data', '', ''),
)
/** Any text made of SSE lines with mixed line ends, some of it blank, some of it cut off at the end. */
const stream = fc
  .array(fc.tuple(line, lineEnd), { maxLength: 40 })
  .map((lines) => new TextEncoder().encode(lines.map(([text, end]) => text + end).join('')))
const cuts = fc.array(fc.nat({ max: 500 }), { maxLength: 30 })

function pieces(whole: Uint8Array, at: readonly number[]): Uint8Array[] {
  const sorted = [...new Set(at.map((cut) => Math.min(cut, whole.length)))].sort((a, b) => a - b)
  return [...sorted, whole.length].map((end, index) => whole.subarray(sorted[index - 1] ?? 0, end))
}

function decodeAll(parts: readonly Uint8Array[]): { events: SseEvent[]; truncated: boolean } {
  const decoder = createSseDecoder()
  const events = parts.flatMap((part) => [...decoder.push(part).events])
  const end = decoder.end()
  return { events: [...events, ...end.events], truncated: end.truncated }
}

test('any cutting of the bytes gives the same events', () => {
  fc.assert(
    fc.property(stream, cuts, (whole, at) => {
      expect(decodeAll(pieces(whole, at))).toEqual(decodeAll([whole]))
    }),
    { numRuns: 1000 },
  )
})

test('byte by byte gives the same events', () => {
  fc.assert(
    fc.property(stream, (whole) => {
      expect(decodeAll([...whole].map((byte) => Uint8Array.of(byte)))).toEqual(decodeAll([whole]))
    }),
  )
})

/** The events' bytes, as a relay keeps them: whole ones, and what was left over. */
function cutAll(parts: readonly Uint8Array[]): { events: Uint8Array[]; rest: Uint8Array } {
  const cutter = createSseCutter()
  const events: Uint8Array[] = []
  let held: number[] = []
  for (const part of parts) {
    let from = 0
    for (const end of cutter.push(part)) {
      events.push(Uint8Array.from([...held, ...part.subarray(from, end)]))
      held = []
      from = end
    }
    held.push(...part.subarray(from))
  }
  return { events, rest: Uint8Array.from(held) }
}

test('whole events and the rest joined are the input, byte for byte', () => {
  fc.assert(
    fc.property(stream, cuts, (whole, at) => {
      const { events, rest } = cutAll(pieces(whole, at))
      expect([...events, rest].flatMap((part) => [...part])).toEqual([...whole])
    }),
  )
})

test('the cutter and the decoder agree on where events end', () => {
  fc.assert(
    fc.property(stream, cuts, (whole, at) => {
      const { events, rest } = cutAll(pieces(whole, at))
      const oneByOne = events.flatMap((event) => [...createSseDecoder().push(event).events])
      const last = decodeAll([rest])
      expect({ events: [...oneByOne, ...last.events], truncated: last.truncated }).toEqual(decodeAll([whole]))
    }),
    { numRuns: 1000 },
  )
})

test('what is encoded is decoded', () => {
  const name = fc.stringMatching(/^[a-z_]+$/)
  const data = fc.json()
  fc.assert(
    fc.property(fc.array(fc.tuple(name, data)), (events) => {
      const text = events.map(([type, json]) => encodeSseEvent(type, json) + encodeSseData(json)).join('')
      const decoded = decodeAll([new TextEncoder().encode(text + encodeSseComment('ping'))]).events
      const expected = events.flatMap(([event, json]) => [{ event, data: json }, { data: json }])
      expect(decoded).toEqual([...expected, {}])
    }),
  )
})

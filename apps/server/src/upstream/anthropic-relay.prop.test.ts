import fc from 'fast-check'
import { expect, test } from 'vitest'
import { createAnthropicRelay } from './anthropic-relay.ts'
import type { StreamStep } from './stream-reader.ts'

const text = fc.string({ unit: 'binary' })
const lineEnd = fc.constantFrom('\n', '\r\n')
/** A well-formed answer: any texts, pings and unknown events between, with or without event lines, LF or CRLF. */
const answer = fc
  .tuple(fc.array(fc.oneof(text.map(delta), fc.constant(event('ping')), fc.constant(': x\n\n'))), fc.boolean(), lineEnd)
  .map(([middle, named, end]) => {
    const whole = [
      event('message_start', { message: { id: 'm' } }),
      ...middle,
      event('message_delta', { delta: { stop_reason: 'end_turn' } }),
      event('message_stop'),
    ].join('')
    const bare = named ? whole : whole.replace(/^event: .*\n/gm, '')
    return Buffer.from(bare.replaceAll('\n', end))
  })

function event(type: string, data: object = {}): string {
  return `event: ${type}\ndata: ${JSON.stringify({ type, ...data })}\n\n`
}

function delta(chars: string): string {
  return event('content_block_delta', { index: 0, delta: { type: 'text_delta', text: chars } })
}

function readAll(pieces: readonly Buffer[]): { bytes: string; last: StreamStep | undefined; steps: StreamStep[] } {
  const relay = createAnthropicRelay({ credential: 'key', maxEventBytes: 1 << 20 })
  const steps = [...pieces.flatMap((piece) => [...relay.push(piece)]), ...relay.end()]
  const bytes = Buffer.concat(steps.map((step) => ('bytes' in step ? step.bytes : Buffer.alloc(0)))).toString('latin1')
  return { bytes, last: steps.at(-1), steps }
}

function cut(whole: Buffer, at: readonly number[]): Buffer[] {
  const sorted = [...new Set(at.map((offset) => offset % (whole.length + 1)))].sort((a, b) => a - b)
  return [...sorted, whole.length].map((end, index) => whole.subarray(sorted[index - 1] ?? 0, end))
}

test('whatever the cutting, the client gets the upstream’s bytes and the end is seen', () => {
  fc.assert(
    fc.property(answer, fc.array(fc.nat()), (whole, at) => {
      const { bytes, last } = readAll(cut(whole, at))
      expect(bytes).toBe(whole.toString('latin1'))
      expect(last).toMatchObject({ step: 'ended', stopReason: 'end_turn' })
    }),
    { numRuns: 500 },
  )
})

test('an answer that is cut off anywhere shows whole events only and never ends by itself', () => {
  fc.assert(
    fc.property(answer, fc.nat(), (whole, at) => {
      const stopAt = whole.indexOf('message_delta')
      const until = at % stopAt
      const { bytes, last } = readAll([whole.subarray(0, until)])
      expect(whole.toString('latin1').startsWith(bytes)).toBe(true)
      expect(bytes === '' || /(\n\n|\r\n\r?\n?)$/.test(bytes)).toBe(true)
      expect(last?.step).toBe('failed')
    }),
    { numRuns: 500 },
  )
})

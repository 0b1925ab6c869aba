import fc from 'fast-check'
import { expect, test } from 'vitest'
import { type BadResponse, classify, type Observation } from './classify.ts'
import { failureKinds, failureTable } from './table.ts'

const credential = fc.constantFrom('key' as const, 'oauth' as const, 'client' as const)
const headers = fc.dictionary(
  fc.constantFrom('retry-after', 'retry-after-ms', 'date', 'anthropic-ratelimit-unified-status', 'x-ratelimit-reset'),
  fc.oneof(fc.string(), fc.constantFrom('rejected', '30', '-1', 'NaN', '1e99', 'Mon, 23 Nov 2026 03:36:52 GMT')),
)
const observation: fc.Arbitrary<Observation> = fc.oneof(
  fc.record({ seen: fc.constant('connection-error' as const), code: fc.string(), reusedSocket: fc.boolean() }),
  fc.record({
    seen: fc.constant('response' as const),
    status: fc.integer({ min: 0, max: 1000 }),
    headers,
    body: fc.oneof(fc.string(), fc.json()),
    credential,
    epochMs: fc.integer({ min: 0, max: 4e12 }),
  }),
  fc.record({ seen: fc.constant('error-event' as const), error: fc.jsonValue() as fc.Arbitrary<never>, credential }),
  fc.record({
    seen: fc.constant('timeout' as const),
    phase: fc.constantFrom('connect' as const, 'first-byte' as const, 'idle' as const),
  }),
  fc.record({
    seen: fc.constant('bad-response' as const),
    reason: fc.constantFrom<BadResponse>('html', 'content-type', 'empty', 'invalid-json', 'not-a-message', 'too-large'),
  }),
  fc.record({ seen: fc.constant('stream-end' as const), finished: fc.boolean() }),
  fc.record({ seen: fc.constant('client-gone' as const) }),
)

test('every observation has a row, and no observation throws', () => {
  fc.assert(
    fc.property(observation, (seen) => {
      expect(failureKinds).toContain(classify(seen).kind)
    }),
  )
})

test('a message is one printable line', () => {
  fc.assert(
    fc.property(observation, (seen) => {
      const { message, errorType } = classify(seen)
      expect(message.length).toBeLessThan(seen.seen === 'connection-error' ? 1_000 : 120)
      if (errorType !== undefined) expect(errorType).toMatch(/^[\w.:-]{0,64}$/)
    }),
  )
})

test('a date lies between now and eight days from now', () => {
  fc.assert(
    fc.property(observation, (seen) => {
      const { retryAfterMs } = classify(seen)
      if (retryAfterMs === undefined) return
      expect(retryAfterMs).toBeGreaterThanOrEqual(0)
      expect(retryAfterMs).toBeLessThanOrEqual(8 * 24 * 3_600_000)
    }),
  )
})

test("what the client's own credential is refused for never blames one of ours", () => {
  fc.assert(
    fc.property(fc.constantFrom(401, 403), fc.oneof(fc.string(), fc.json()), headers, (status, body, given) => {
      const seen: Observation = { seen: 'response', status, headers: given, body, credential: 'client', epochMs: 0 }
      expect(failureTable[classify(seen).kind]).toMatchObject({ act: 'stop', weight: 0, aftermath: 'none' })
    }),
  )
})

test('what a body says outside its error changes nothing', () => {
  const innocent = fc.string().filter((text) => !text.includes('"') && !text.includes('\\'))
  fc.assert(
    fc.property(fc.integer({ min: 400, max: 599 }), innocent, (status, text) => {
      const answer = (words: string): Observation => ({
        seen: 'response',
        status,
        headers: {},
        body: JSON.stringify({ content: [{ type: 'text', text: words }] }),
        credential: 'key',
        epochMs: 0,
      })
      expect(classify(answer(`${text} overloaded_error insufficient credits`))).toEqual(classify(answer('')))
    }),
  )
})

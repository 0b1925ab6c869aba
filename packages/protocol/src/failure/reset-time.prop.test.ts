import fc from 'fast-check'
import { expect, test } from 'vitest'
import { retryAfterMs } from './reset-time.ts'

const EIGHT_DAYS = 8 * 24 * 3_600_000
const epochMs = fc.integer({ min: 0, max: 4_102_444_800_000 })

test('any headers give nothing, or a time in [0, 8 days]', () => {
  const name = fc.constantFrom(
    'retry-after',
    'retry-after-ms',
    'date',
    'anthropic-ratelimit-unified-reset',
    'anthropic-ratelimit-tokens-reset',
    'anthropic-ratelimit-tokens-remaining',
    'x-ratelimit-reset',
    'x-ratelimit-reset-tokens',
    'x-ratelimit-remaining-tokens',
    'ratelimit',
    'ratelimit-reset',
  )
  const text = fc.oneof(fc.string(), fc.double().map(String), fc.integer().map(String))
  fc.assert(
    fc.property(fc.dictionary(name, text), epochMs, (headers, now) => {
      const ms = retryAfterMs({ headers, epochMs: now })
      if (ms !== undefined) expect(ms >= 0 && ms <= EIGHT_DAYS).toBe(true)
    }),
  )
})

test('a length is never shortened, and a longer one never gives less', () => {
  fc.assert(
    fc.property(fc.double({ min: 0, max: 691_199, noNaN: true }), fc.integer({ min: 0, max: 691_199 }), (a, b) => {
      const text = a.toFixed(3)
      const ms = retryAfterMs({ headers: { 'retry-after': text }, epochMs: 0 }) ?? Number.NaN
      expect(ms).toBeGreaterThanOrEqual(Number(text) * 1000 - 0.001)
      const other = retryAfterMs({ headers: { 'retry-after': `${b}` }, epochMs: 0 }) ?? Number.NaN
      expect(ms <= other || Number(text) >= b).toBe(true)
    }),
  )
})

test('every calendar date is the moment that the engine says it is', () => {
  fc.assert(
    fc.property(epochMs, (then) => {
      const whole = then - (then % 1000)
      const date = new Date(whole)
      for (const text of [date.toISOString(), date.toUTCString(), date.toISOString().replace(/\.\d+Z/, '+00:00')])
        expect(retryAfterMs({ headers: { 'retry-after': text }, epochMs: whole - 5_000 })).toBe(5_000)
    }),
  )
})

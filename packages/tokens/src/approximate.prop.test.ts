import fc from 'fast-check'
import { expect, test } from 'vitest'
import { approximateTokens } from './approximate.ts'

const text = fc.string({ unit: 'binary', maxLength: 300 })

test('every text has a count that is no less than nothing and little more than its length', () => {
  fc.assert(
    fc.property(text, (one) => {
      const tokens = approximateTokens(one)
      expect(tokens).toBeGreaterThanOrEqual(0)
      expect(tokens).toBeLessThanOrEqual(2 * one.length)
    }),
  )
})

test('texts put one behind the other cost about what they cost apart', () => {
  fc.assert(
    fc.property(text, text, (one, other) => {
      const apart = approximateTokens(one) + approximateTokens(other)
      expect(Math.abs(approximateTokens(`${one}\n${other}`) - apart)).toBeLessThan(2)
    }),
  )
})

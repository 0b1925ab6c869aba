import fc from 'fast-check'
import { expect, test } from 'vitest'
import { editDistance, nearest } from './suggest.ts'

const keys = ['type', 'name', 'auth_value', 'auth_values', 'enabled', 'WARNING', 'ERROR']

test.each([
  ['tpye', 'type'],
  ['authValue', 'auth_value'],
  ['auth-values', 'auth_values'],
  ['AUTH_VALUE', 'auth_value'],
  ['enable', 'enabled'],
  ['enabeld', 'enabled'],
  ['warn', 'WARNING'],
  ['nme', 'name'],
  ['\u00a0 type', 'type'],
])('%s was meant to be %s', (word, meant) => {
  expect(nearest(word, keys)).toBe(meant)
})

test.each(['', 'x', 'colour', 'zzzzzzzzzz', 'en', 'e'.repeat(65)])('%j is near to nothing', (word) => {
  expect(nearest(word, keys)).toBe(undefined)
})

test('the nearest of several is taken, and the first of equal ones', () => {
  expect(nearest('auth_valuee', keys)).toBe('auth_value')
  expect(nearest('ab', ['ac', 'ad'])).toBe('ac')
  expect(nearest('ab', [])).toBe(undefined)
})

test('distances are those of the textbook', () => {
  expect(editDistance('', 'abc')).toBe(3)
  expect(editDistance('abc', '')).toBe(3)
  expect(editDistance('kitten', 'sitting')).toBe(3)
  expect(editDistance('ab', 'ba')).toBe(1)
  expect(editDistance('abcd', 'acbd')).toBe(1)
})

test('the distance is a distance, but for swaps', () => {
  const word = fc.string({ unit: fc.constantFrom('a', 'b', 'c'), maxLength: 7 })
  fc.assert(
    fc.property(word, word, (a, b) => {
      expect(editDistance(a, b)).toBe(editDistance(b, a))
      expect(editDistance(a, b) === 0).toBe(a === b)
      expect(editDistance(a, b)).toBeLessThanOrEqual(Math.max(a.length, b.length))
      expect(editDistance(a, b)).toBeGreaterThanOrEqual(Math.abs(a.length - b.length))
    }),
  )
})

test('a word with one mistake finds its way home', () => {
  const mistake = fc.record({
    key: fc.constantFrom('streaming_mode', 'base_url', 'provider'),
    at: fc.nat(6),
    letter: fc.constantFrom('x', 'q'),
  })
  fc.assert(
    fc.property(mistake, ({ key, at, letter }) => {
      const candidates = ['streaming_mode', 'base_url', 'provider']
      expect(nearest(key.slice(0, at) + letter + key.slice(at + 1), candidates)).toBe(key)
      expect(nearest(key.slice(0, at) + key.slice(at + 1), candidates)).toBe(key)
      expect(nearest(key.slice(0, at) + letter + key.slice(at), candidates)).toBe(key)
    }),
  )
})

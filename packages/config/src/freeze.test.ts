import { expect, test } from 'vitest'
import { deepFreeze } from './freeze.ts'

test('everything inside is frozen', () => {
  const value = deepFreeze({ a: [{ b: 1 }], c: null })
  expect(Object.isFrozen(value) && Object.isFrozen(value.a) && Object.isFrozen(value.a[0])).toBe(true)
})

test('what is frozen already is left alone', () => {
  const frozen = Object.freeze({ inner: {} })
  expect(Object.isFrozen(deepFreeze(frozen).inner)).toBe(false)
  expect(deepFreeze('text')).toBe('text')
})

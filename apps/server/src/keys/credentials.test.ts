import { expect, test } from 'vitest'
import { presentedKeys, withoutKeys } from './credentials.ts'

test('x-api-key goes before Authorization; Bearer is not part of the key; a bare value is one', () => {
  expect(presentedKeys({ 'x-api-key': 'a', authorization: 'Bearer b' })).toEqual(['a', 'b'])
  expect(presentedKeys({ authorization: 'bEaReR   b ' })).toEqual(['b'])
  expect(presentedKeys({ authorization: 'b' })).toEqual(['b'])
  expect(presentedKeys({ 'x-api-key': '', authorization: 'Bearer' })).toEqual([])
  expect(presentedKeys({ 'x-api-key': '  ' })).toEqual([])
  expect(presentedKeys({})).toEqual([])
})

test('x-lb-key counts alone', () => {
  expect(presentedKeys({ 'x-lb-key': 'l', 'x-api-key': 'a', authorization: 'Bearer b' })).toEqual(['l'])
})

test('a header that is a key of lb is left out, by whatever name and in whatever case of Bearer', () => {
  const raw = ['Host', 'h', 'X-Api-Key', 'k', 'Authorization', 'bearer  k', 'X-Goog-Api-Key', 'k', 'X-Other', 'kk']
  expect(withoutKeys(raw, ['k'])).toEqual(['Host', 'h', 'X-Other', 'kk'])
  expect(withoutKeys(raw, [])).toBe(raw)
})

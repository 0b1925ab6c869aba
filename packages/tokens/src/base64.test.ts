import { expect, test } from 'vitest'
import { decodeBase64, decodedLength } from './base64.ts'

test.each(['', 'f', 'fo', 'foo', 'foob', 'fooba', 'foobar', '\u0000\u00ff\u0080~?>'])(
  'decodes what was encoded: %j',
  (text) => {
    const bytes = Buffer.from(text, 'latin1')
    expect(Buffer.from(decodeBase64(bytes.toString('base64'), 100))).toEqual(bytes)
    expect(Buffer.from(decodeBase64(bytes.toString('base64url'), 100))).toEqual(bytes)
  },
)

test('every byte value survives in either alphabet', () => {
  const bytes = Buffer.from(Array.from({ length: 768 }, (_, index) => (index * 7) & 0xff))
  expect(Buffer.from(decodeBase64(bytes.toString('base64'), 1000))).toEqual(bytes)
  expect(Buffer.from(decodeBase64(bytes.toString('base64url'), 1000))).toEqual(bytes)
})

test('stops at the limit, and at the first character that is not base64', () => {
  const text = Buffer.from('foobarbaz').toString('base64')
  expect(Buffer.from(decodeBase64(text, 4)).toString()).toBe('foob')
  expect(Buffer.from(decodeBase64('Zm9v!mFy', 100)).toString()).toBe('foo')
  expect(Buffer.from(decodeBase64('Zm9v YmFy', 100)).toString()).toBe('foo')
  expect(Buffer.from(decodeBase64('Zm9v€', 100)).toString()).toBe('foo')
})

test('steps over line breaks', () => {
  expect(Buffer.from(decodeBase64('Zm\r\n9v\nYmFy', 100)).toString()).toBe('foobar')
})

test('decodedLength is the length of the bytes, give or take the padding', () => {
  for (const size of [0, 1, 2, 3, 100]) {
    const length = decodedLength(Buffer.alloc(size).toString('base64'))
    expect(length).toBeGreaterThanOrEqual(size)
    expect(length).toBeLessThanOrEqual(size + 2)
  }
})

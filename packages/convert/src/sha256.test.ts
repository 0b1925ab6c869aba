import { createHash } from 'node:crypto'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { patient } from '../testing/cuts.ts'
import { contentTag, sha256Hex } from './sha256.ts'

test('the digest is that of every other implementation', patient, () => {
  expect(sha256Hex('')).toBe('e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855')
  expect(sha256Hex('abc')).toBe('ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad')
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 300 }), (text) => {
      expect(sha256Hex(text)).toBe(createHash('sha256').update(new TextEncoder().encode(text)).digest('hex'))
    }),
  )
})

test.each([54, 55, 56, 63, 64, 65, 119, 120])('a message of %i bytes is padded to whole blocks', (length) => {
  const text = 'x'.repeat(length)
  expect(sha256Hex(text)).toBe(createHash('sha256').update(text).digest('hex'))
})

test('a content has one tag, and others have others', () => {
  expect(contentTag('')).toMatch(/^[0-9a-f]{6}$/)
  expect(contentTag('same')).toBe(contentTag('same'))
  const tags = new Set(Array.from({ length: 2000 }, (_, index) => contentTag(`content ${index}`)))
  expect(tags.size).toBeGreaterThan(1990)
})

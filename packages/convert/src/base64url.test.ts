import { Buffer } from 'node:buffer'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { base64urlToText, textToBase64url, toBase64url } from './base64url.ts'

test('bytes are encoded as everybody encodes them', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 40 }), (bytes) => {
      expect(toBase64url(bytes)).toBe(Buffer.from(bytes).toString('base64url'))
    }),
  )
})

test('text comes back, byte order marks and all', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), (text) => {
      expect(base64urlToText(textToBase64url(text))).toBe(text)
    }),
  )
  expect(base64urlToText(textToBase64url('\ufeffx'))).toBe('\ufeffx')
})

test.each(['a', 'abcde', 'a b=', '+/+/', '_w', 'é', 'éé'])('%j is no base64url of text', (encoded) => {
  expect(base64urlToText(encoded)).toBe(undefined)
})

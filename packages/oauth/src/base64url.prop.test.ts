import fc from 'fast-check'
import { expect, test } from 'vitest'
import { decodeBase64Url, encodeBase64Url } from './base64url.ts'

test('encoding is what Node does, and decoding brings the bytes back', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 100 }), (bytes) => {
      const text = encodeBase64Url(bytes)
      expect(text).toBe(Buffer.from(bytes).toString('base64url'))
      expect(decodeBase64Url(text)).toEqual(bytes)
      expect(
        decodeBase64Url(
          Buffer.from(bytes)
            .toString('base64url')
            .padEnd(Math.ceil(text.length / 4) * 4, '='),
        ),
      ).toEqual(bytes)
    }),
  )
})

test('text that is not base64url has no bytes', () => {
  for (const text of ['a', 'ab+d', 'ab/d', 'ab d', 'äbcd']) expect(decodeBase64Url(text)).toBeUndefined()
})

import { expect, test } from 'vitest'
import { parseDataUrl, textToBase64 } from './data-url.ts'

test.each([
  ['data:,', { mediaType: 'text/plain', base64: '' }],
  ['data:text/html,%3Cb%3E', { mediaType: 'text/html', base64: 'PGI+' }],
  ['data: image/PNG ; base64 ,AA==', { mediaType: 'image/png', base64: 'AA==' }],
  ['data:;base64,QQ==', { mediaType: 'text/plain', base64: 'QQ==' }],
  ['data:a/b;base64,Q Q\t=\n=', { mediaType: 'a/b', base64: 'QQ==' }],
])('%j', (url, expected) => {
  expect(parseDataUrl(url)).toEqual(expected)
})

test.each(['https://x', 'data:image/png;base64', ' data:,x', 'data:text/plain,%'])('%j holds no data', (url) => {
  expect(parseDataUrl(url)).toBeUndefined()
})

test('text as base64 has its padding', () => {
  const texts = ['', 'a', 'ab', 'abc', 'ü?>~ÿÿ']
  expect(texts.map(textToBase64)).toEqual(texts.map((text) => Buffer.from(text).toString('base64')))
})

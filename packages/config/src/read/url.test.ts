import fc from 'fast-check'
import { expect, test } from 'vitest'
import { hasCredentials, isUrl, plainUrl, withoutEnd } from './url.ts'

test('a URL is plain without the slashes at its end', () => {
  expect(plainUrl('https://a.example')).toBe('https://a.example')
  expect(plainUrl('https://A.example:443///')).toBe('https://a.example')
  expect(plainUrl('http://127.0.0.1:8080/a/b//')).toBe('http://127.0.0.1:8080/a/b')
  expect(plainUrl('http://[::1]:1/x')).toBe('http://[::1]:1/x')
})

test('a URL needs a host', () => {
  expect(isUrl('https://a')).toBe(true)
  for (const text of ['', 'a', 'http://', 'http://[', 'socks5://', 'https://a b', 'mailto:x'])
    expect(isUrl(text), text).toBe(false)
})

test('credentials in a URL are seen', () => {
  expect(hasCredentials('http://u@h')).toBe(true)
  expect(hasCredentials('http://:p@h')).toBe(true)
  expect(hasCredentials('http://h/u:p@x')).toBe(false)
  expect(hasCredentials('nonsense')).toBe(false)
})

test('what is taken off the end is nothing else', () => {
  expect(withoutEnd('abab', 'ab')).toBe('')
  expect(withoutEnd('', '/')).toBe('')
  fc.assert(
    fc.property(fc.string({ unit: fc.constantFrom('a', '/'), maxLength: 12 }), (text) => {
      expect(withoutEnd(text, '/')).toBe(text.replace(/\/+$/, ''))
    }),
  )
})

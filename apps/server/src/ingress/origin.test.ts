import { describe, expect, test } from 'vitest'
import { isFromForeignPage } from './origin.ts'

const host = '127.0.0.1:9090'
const navigation = { 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'document' }

test.each([
  ['a program', {}],
  ['Node’s fetch', { 'sec-fetch-mode': 'cors' }],
  ['a typed address', { 'sec-fetch-site': 'none', ...navigation }],
  ['a page of lb’s own', { 'sec-fetch-site': 'same-origin', origin: 'http://127.0.0.1:9090' }],
  ['such a page behind a TLS proxy', { 'sec-fetch-site': 'same-origin', origin: 'https://127.0.0.1:9090' }],
  ['an old browser on such a page', { origin: 'HTTP://127.0.0.1:9090' }],
])('%s may come in', (_, headers) => {
  expect(isFromForeignPage(headers, host, false)).toBe(false)
})

test.each([
  ['a page of another site', { 'sec-fetch-site': 'cross-site', origin: 'https://evil.example' }],
  ['one that sends no origin', { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'no-cors' }],
  ['another port of this machine', { 'sec-fetch-site': 'same-site' }],
  ['its origin alone', { origin: 'http://127.0.0.1:3000' }],
  ['another name of this machine', { origin: 'http://localhost:9090' }],
  ['a sandboxed frame', { origin: 'null' }],
  ['a file', { origin: 'file://' }],
  ['an extension', { origin: 'chrome-extension://abcdef' }],
  ['an origin with a path', { origin: 'http://127.0.0.1:9090/x' }],
  ['two origins', { origin: 'http://127.0.0.1:9090, https://evil.example' }],
  ['an empty origin', { origin: '' }],
  ['a word that nobody knows', { 'sec-fetch-site': 'other' }],
  ['a right origin with a foreign site', { origin: 'http://127.0.0.1:9090', 'sec-fetch-site': 'cross-site' }],
  ['a link', { 'sec-fetch-site': 'cross-site', ...navigation }],
])('%s may not', (_, headers) => {
  expect(isFromForeignPage(headers, host, false)).toBe(true)
})

describe('where links may lead', () => {
  test('a link may, and nothing else may', () => {
    expect(isFromForeignPage({ 'sec-fetch-site': 'cross-site', ...navigation }, host, true)).toBe(false)
    for (const headers of [
      { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'no-cors', 'sec-fetch-dest': 'image' },
      { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'iframe' },
      { 'sec-fetch-site': 'cross-site', ...navigation, origin: 'https://evil.example' },
    ]) {
      expect(isFromForeignPage(headers, host, true)).toBe(true)
    }
  })
})

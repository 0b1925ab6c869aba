import { describe, expect, test } from 'vitest'
import { CUT, containerEnd, scalarEnd, skipSpace, stringEnd } from './json-walk.ts'

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)

describe('stringEnd', () => {
  test.each([
    ['""', 2],
    ['"a" "b"', 3],
    ['"a\\"b"', 6],
    ['"\\\\"x', 4],
    ['"\\\\\\"x"', 7],
    [`"${'a'.repeat(100)}"x`, 102],
    [`"${'a'.repeat(100)}\\"${'a'.repeat(100)}"x`, 204],
    [`"${'\\\\'.repeat(40)}"x`, 82],
    // The escape stands across the border between looking and searching.
    [`"${'a'.repeat(22)}\\""x`, 26],
    [`"${'a'.repeat(23)}\\""x`, 27],
    [`"${'a'.repeat(24)}\\""x`, 28],
  ])('%s ends at %i', (text, end) => {
    expect(stringEnd(bytes(text), 0)).toBe(end)
  })

  test.each(['"', '"a', '"a\\"', `"${'a'.repeat(100)}`, `"${'a'.repeat(100)}\\"`])('%s does not end', (text) => {
    expect(stringEnd(bytes(text), 0)).toBe(CUT)
  })
})

test.each([
  ['1,', 1],
  ['-1.5e+10]', 8],
  ['1E9 ', 3],
  ['azAZ09{', 6],
  ['null', 4],
  ['1"', 1],
  ['1`', 1],
  ['1@', 1],
  ['1[', 1],
  ['1/', 1],
])('scalarEnd: %s ends at %i', (text, end) => {
  expect(scalarEnd(bytes(text), 0)).toBe(end)
})

test.each(['', ',', '}', ' 1', '"', '~', ':'])('scalarEnd: "%s" is no value', (text) => {
  expect(scalarEnd(bytes(text), 0)).toBe(CUT)
})

test.each([
  ['{}', 2],
  ['[]x', 2],
  ['{"a":[{}]}]', 10],
  ['["}", "]"]x', 10],
  ['["a\\"]"]x', 8],
])('containerEnd: %s ends at %i', (text, end) => {
  expect(containerEnd(bytes(text), 0)).toBe(end)
})

test.each(['{', '[[]', '["a]', '{"a":1'])('containerEnd: %s does not end', (text) => {
  expect(containerEnd(bytes(text), 0)).toBe(CUT)
})

test('skipSpace steps over the four kinds of JSON white space and nothing else', () => {
  expect(skipSpace(bytes(' \n\r\tx'), 0)).toBe(4)
  expect(skipSpace(bytes('\u000bx'), 0)).toBe(0)
  expect(skipSpace(bytes('x  '), 1)).toBe(3)
})

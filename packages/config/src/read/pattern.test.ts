import { expect, test } from 'vitest'
import { load, said, withSettings } from '../testing/load.ts'
import { readPattern } from './pattern.ts'

test.each([
  'rate.?limit',
  '"error"\\s*:\\s*".*insufficient.*credits"',
  'data:\\s*{"error"',
  '没有可用',
  '(?i)overloaded',
  '(?im)^overloaded$',
  '(?P<kind>quota)_exceeded',
  '\\(?=\\)?!',
  '[(?=]',
  '[]=(?!]',
  '[^\\]\\1]',
  '\\\\1',
  '(?:a|b)+?',
])('%j is a regular expression', (text) => {
  expect(readPattern(text)).toEqual({ pattern: { kind: 'regex', text } })
})

test.each([
  ['(unclosed', 'this is not a regular expression'],
  ['*', 'this is not a regular expression'],
  ['[a', 'this is not a regular expression'],
  ['a(?=b)', 'lookaround cannot be matched in linear time'],
  ['a(?!b)', 'lookaround cannot be matched in linear time'],
  ['(?<=a)b', 'lookaround cannot be matched in linear time'],
  ['(?<!a)b', 'lookaround cannot be matched in linear time'],
  ['(a)\\1', 'back references cannot be matched in linear time'],
  ['(?P<n>a)(?P=n)', 'back references cannot be matched in linear time'],
  ['(?<n>a)\\k<n>', 'back references cannot be matched in linear time'],
])('%j is searched as plain text, because %s', (text, reason) => {
  expect(readPattern(text)).toEqual({ pattern: { kind: 'literal', text }, reason })
})

test('a pattern that is no regular expression is a notice, not an error', () => {
  const text = withSettings('{ unhealthy_response_body_patterns: ["ok", "(bad"] }')
  expect(said(text)).toEqual([
    '3:54: notice: settings.unhealthy_response_body_patterns[1]: this is not a regular expression; ' +
      'it is searched as plain text, without regard to case',
  ])
  expect(load(text).config.settings.unhealthyResponseBodyPatterns).toEqual([
    { kind: 'regex', text: 'ok' },
    { kind: 'literal', text: '(bad' },
  ])
})

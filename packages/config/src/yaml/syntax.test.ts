import { expect, test } from 'vitest'
import { said } from '../testing/load.ts'

test('syntax errors say where and what, and how where that is known', () => {
  expect(said('a:\n\t- b\n')[0]).toMatch(
    /^2:1: not valid YAML: Tabs are not allowed as indentation; indent with spaces$/,
  )
  expect(said('a: @b\n')[0]).toMatch(
    /^1:4: not valid YAML: Plain value cannot start with reserved character @; put the value in quotes$/,
  )
  expect(said('a: "b\n')[0]).toMatch(/^\d+:\d+: not valid YAML: Missing closing "quote/)
  expect(said('a: b: c\n')[0]).toMatch(/Nested mappings are not allowed/)
})

test('at most twenty syntax errors are told, because the rest follows from them', () => {
  expect(said(`[\n${',,\n'.repeat(500)}]`)).toHaveLength(20)
})

const file = (lines: string): string =>
  `providers:\n  - name: a\n    type: anthropic\n    base_url: https://a\n    auth_value: k\n${lines}`

const quotes = 'a name that begins with * needs quotes; write "*": there'

test.each([
  ['a pattern without quotes', file('model_routes:\n  *:\n    - provider: a\n'), `7:3: ${quotes}`],
  ['one with letters', file('model_routes:\n  *haiku*:\n    - provider: a\n'), `7:3: ${quotes}`],
  ['one with its routes behind it', file('model_routes:\n  *: [{ provider: a }]\n'), `7:3: ${quotes}`],
  ['one in braces', file('model_routes: { *: [{ provider: a }] }\n'), `6:17: ${quotes}`],
  [
    'a variable in braces',
    'providers: [{ name: a, auth_value: ${KEY} }]\nsettings: { port: 1 }\n',
    '1:36: inside of { } and [ ] a variable needs quotes; write "${NAME}" there',
  ],
  [
    'a variable in brackets',
    'a: [${KEY}, b]\n',
    '1:5: inside of { } and [ ] a variable needs quotes; write "${NAME}" there',
  ],
  [
    'a space of a web page',
    file('').replace('    type', '\u00a0   type'),
    '3:1: this is a space to the eye and a letter to YAML; replace it by an ordinary space',
  ],
  [
    'no colon',
    file('').replace('type: ', 'type '),
    '3:5: not valid YAML: Implicit keys need to be on a single line; write "key: value", with a colon and a space',
  ],
  [
    'no colon at the end of a line',
    file('model_routes:\n  "*"\n    - provider: a\n'),
    '8:1: not valid YAML: A block sequence may not be used as an implicit map key; the line before it lacks a colon at its end',
  ],
  [
    'a colon in a value',
    file('').replace('auth_value: k', 'auth_value: k: l'),
    '5:17: not valid YAML: Nested mappings are not allowed in compact mappings; a value that contains ": " must be in quotes',
  ],
])('%s is told in one line', (_, text, line) => {
  expect(said(text)).toEqual([line])
})

test('a key that is not in line with its neighbours is told so', () => {
  expect(said(file('').replace('    type', '     type'))).toEqual([
    '2:11: not valid YAML: Nested mappings are not allowed in compact mappings; keys of the same level begin in the same column',
  ])
  expect(said(file('').replace('    type', '   type'))[0]).toBe(
    '3:1: not valid YAML: Sequence item without - indicator; keys of the same level begin in the same column',
  )
})

test('an alias as a key is none of these mistakes', () => {
  expect(said('&k a: 1\n*k : b: c\n')[0]).toContain('not valid YAML')
})

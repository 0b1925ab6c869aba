import { err, ok } from '@lb/protocol'
import { expect, test } from 'vitest'
import { createNotes } from '../notes.ts'
import { normalizedArguments } from './tool-input.ts'

const decoded = 'tool_arguments_decoded '
const wrapped = 'tool_arguments_wrapped '

test.each<[string, string | undefined, readonly string[]]>([
  [' {"a":1.0} ', '{"a":1.0}', []],
  ['null', '{}', []],
  ['"{\\"a\\":1}"', '{"a":1}', [decoded]],
  ['" {\\"a\\":1} "', '{"a":1}', [decoded]],
  ['"hello"', '{"value":"hello"}', [wrapped]],
  ['"[1]"', '{"value":"[1]"}', [wrapped]],
  ['[1]', '{"value":[1]}', [wrapped]],
  ['12345678901234567890', '{"value":12345678901234567890}', [wrapped]],
  ['true', '{"value":true}', [wrapped]],
  ['{', undefined, []],
  ['', undefined, []],
])('%j is %j', (text, expected, losses) => {
  const notes = createNotes()
  expect(normalizedArguments(text, notes)).toEqual(expected === undefined ? err('arguments-invalid') : ok(expected))
  expect(notes.losses().map(({ code, path }) => `${code} ${path}`)).toEqual(losses)
})

test.each([
  ['a list', '['.repeat(501) + ']'.repeat(501)],
  ['an object', `${'{"a":'.repeat(501)}1${'}'.repeat(501)}`],
  ['an object in a text', JSON.stringify(`${'{"a":'.repeat(501)}1${'}'.repeat(501)}`)],
])('%s that nests too deeply is none', (_what, text) => {
  expect(normalizedArguments(text, createNotes())).toEqual(err('arguments-too-deep'))
})

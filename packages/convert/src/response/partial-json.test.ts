import { partialParse } from '@anthropic-ai/sdk/_vendor/partial-json-parser/parser.mjs'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { completedJson } from './partial-json.ts'

test.each([
  ['{"a":1,"b":"x', '{"a":1}'],
  ['{"a":1', '{}'],
  ['{"a":true', '{"a":true}'],
  ['{"a":false', '{"a":false}'],
  ['{"a":null', '{"a":null}'],
  ['{"a":1,', '{"a":1}'],
  ['{"a":"x"', '{"a":"x"}'],
  ['{"a":"x","b"', '{"a":"x"}'],
  ['{"a":"x","b":', '{"a":"x"}'],
  ['{"a":[1,{"b":tru', '{"a":[1,{}]}'],
  ['{"a":[1,"x', '{"a":[1]}'],
  ['{"a":{"b":2}', '{"a":{"b":2}}'],
  ['{"a":"\\"', '{}'],
  ['{"a":"\\\\"', '{"a":"\\\\"}'],
  ['{"a":1e400, "a":1.0}', '{"a":1e400, "a":1.0}'],
  ['[[', '[[]]'],
  ['{', '{}'],
])('%s began %s', (text, whole) => {
  expect(completedJson(text)?.text).toBe(whole)
})

test.each(['', '}', '[}', '{"a"]', 'x', '"x', ':'])('%j began nothing', (text) => {
  expect(completedJson(text)).toBeUndefined()
})

test('what nests too deeply began nothing', () => {
  expect(completedJson('['.repeat(500))?.text).toBe('['.repeat(500) + ']'.repeat(500))
  expect(completedJson('['.repeat(501))).toBeUndefined()
})

test('every beginning of an object began one, and the official SDK reads the same', () => {
  fc.assert(
    fc.property(fc.dictionary(fc.string(), fc.jsonValue()), fc.nat(), (value, cut) => {
      const text = JSON.stringify(value)
      const begun = text.slice(0, 1 + (cut % text.length))
      expect(completedJson(begun)?.toJSON()).toEqual(partialParse(begun))
    }),
  )
})

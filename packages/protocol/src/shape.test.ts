import { expect, test } from 'vitest'
import { RawJson } from './raw-json.ts'
import { err, ok } from './result.ts'
import { checkEach, checkShape, shape } from './shape.ts'

const every = shape({
  a: 'string',
  b: 'number',
  c: 'boolean',
  d: 'object',
  e: 'array',
  f: 'text',
  g: 'any',
  h: '?string',
})
const good = { a: '', b: 0, c: false, d: {}, e: [], f: 'text', g: null }

test.each([
  ['all of the kinds', good],
  ['a text that is a list of blocks', { ...good, f: [] }],
  ['an object that was kept as text', { ...good, d: new RawJson('{"a":1}') }],
  ['an optional member that is null', { ...good, h: null }],
  ['members that nobody asked for', { ...good, z: 1 }],
])('lets pass %s', (_, value) => {
  expect(checkShape(value, every, '')).toEqual(ok(undefined))
})

test.each<[string, unknown, string]>([
  ['a', 1, 'a string'],
  ['b', '1', 'a number'],
  ['c', 0, 'a boolean'],
  ['d', [], 'an object'],
  ['d', null, 'an object'],
  ['d', new RawJson('[1]'), 'an object'],
  ['e', {}, 'an array'],
  ['f', {}, 'a string or an array of blocks'],
  ['g', undefined, 'a value'],
  ['h', 1, 'a string'],
])('says where a wrong %s is (%j), and what was due', (name, value, expected) => {
  expect(checkShape({ ...good, [name]: value }, every, '/x/0')).toEqual(err({ path: `/x/0/${name}`, expected }))
})

test.each([[null], [[]], ['text']])('%j is no object', (value) => {
  expect(checkShape(value, every, '/x')).toEqual(err({ path: '/x', expected: 'an object' }))
})

test('a member that is only inherited is not there', () => {
  expect(checkShape(Object.create({ a: 1 }), shape({ a: 'any' }), '')).toEqual(err({ path: '/a', expected: 'a value' }))
})

test('of several elements the first wrong one is told, by its number', () => {
  const check = (value: unknown, path: string) => checkShape(value, shape({ a: 'string' }), path)
  expect(checkEach([{ a: '' }, {}, 1], '/list', check)).toEqual(err({ path: '/list/1/a', expected: 'a string' }))
  expect(checkEach([], '/list', check)).toEqual(ok(undefined))
})

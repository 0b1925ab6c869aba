import { describe, expect, test } from 'vitest'
import { parseJsonKeeping, RawJson, rawJson, stringifyJson } from './raw-json.ts'

/** Parses, keeping `input` at the root, and writes again. */
function again(text: string): string {
  const parsed = parseJsonKeeping(text, { input: true })
  if (!parsed.ok) throw new Error(parsed.error.message)
  return stringifyJson(parsed.value)
}

describe('what JSON.parse forgets survives in a kept member', () => {
  test.each([
    ['a large integer', '12345678901234567890'],
    ['a number out of range', '1e400'],
    ['a trailing zero', '1.0'],
    ['negative zero', '-0'],
    ['an escaped slash', '"\\/"'],
    ['a lone surrogate', '"\\ud800"'],
    ['white space', '{ "a" : [ 1 , 2 ] }'],
    ['duplicate keys', '{"a":1,"a":2}'],
    ['the order of keys that look like numbers', '{"b":1,"2":2,"1":3}'],
    ['brackets and quotes in strings', '{"a":"}]\\"{["}'],
    ['backslashes at the end of a string', '{"a":"\\\\","b":"\\\\\\""}'],
  ])('%s', (_what, value) => {
    expect(again(`{"input":${value},"z":1}`)).toBe(`{"input":${value},"z":1}`)
  })
})

test('paths go through arrays and objects', () => {
  const text = '{"m":[{"c":[{"input":1.0},{"x":2},3,"s"]},{"c":"text"},null]}'
  const parsed = parseJsonKeeping(text, { m: { '*': { c: { '*': { input: true } } } } })
  expect(parsed).toEqual({
    ok: true,
    value: { m: [{ c: [{ input: new RawJson('1.0') }, { x: 2 }, 3, 's'] }, { c: 'text' }, null] },
  })
})

test('elements of an array can be kept', () => {
  expect(parseJsonKeeping('[1.0, {"a":2}, []]', { '*': true })).toEqual({
    ok: true,
    value: [new RawJson('1.0'), new RawJson('{"a":2}'), new RawJson('[]')],
  })
})

test('white space between the parts changes nothing', () => {
  const spaced = ' { "x" : [ ] , "input" : 1.0 , "y" : { } } '
  expect(again(spaced)).toBe('{"x":[],"input":1.0,"y":{}}')
})

test('an escaped key is still the key', () => {
  expect(again('{"\\u0069nput":1.0}')).toBe('{"input":1.0}')
})

test('of a duplicated key the last one counts, with its own kept members', () => {
  const keep = { m: { '*': { input: true } } } as const
  const shorter = parseJsonKeeping('{"m":[{"input":1.0},{"input":2.0}],"m":[{"x":1}]}', keep)
  expect(shorter).toEqual({ ok: true, value: { m: [{ x: 1 }] } })
  const otherShape = parseJsonKeeping('{"m":{"a":1},"m":[{"input":2.0}]}', keep)
  expect(otherShape).toEqual({ ok: true, value: { m: [{ input: new RawJson('2.0') }] } })
  const scalar = parseJsonKeeping('{"m":[{"input":1.0}],"m":7}', keep)
  expect(scalar).toEqual({ ok: true, value: { m: 7 } })
})

test('text that is not JSON is a value, not an exception', () => {
  expect(parseJsonKeeping('{"a":', { a: true }).ok).toBe(false)
  expect(rawJson('nope').ok).toBe(false)
})

test('rawJson trims, and toJSON lets ordinary code look inside', () => {
  expect(rawJson(' {"a":1} ')).toEqual({ ok: true, value: new RawJson('{"a":1}') })
  expect(JSON.stringify({ input: new RawJson('{"a":1.0}') })).toBe('{"input":{"a":1}}')
  expect(new RawJson('broken').toJSON()).toBe(null)
})

test('writing leaves out absent members and escapes what UTF-8 cannot say', () => {
  expect(stringifyJson({ a: undefined, b: null, c: ['\ud800', true, 1.5], 'd"': {} })).toBe(
    '{"b":null,"c":["\\ud800",true,1.5],"d\\"":{}}',
  )
})

import { describe, expect, test } from 'vitest'
import { firstElement, nextElement, scanJsonObject } from './json-scan.ts'

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)
const text = (found: Uint8Array): string => new TextDecoder('utf-8', { ignoreBOM: true }).decode(found)

function members(json: string): [string, string][] {
  const whole = bytes(json)
  const scanned = scanJsonObject(whole)
  if (!scanned.ok) throw new Error(scanned.error.message)
  return scanned.value.members.map(({ name, start, end }) => [name, text(whole.subarray(start, end))])
}

describe('the outline', () => {
  test('lists the top-level members and nothing below them', () => {
    expect(members('{ "model" : "x", "a": {"model": [1, {"b": "}"}]}, "n": -1.5e+3 }')).toEqual([
      ['model', '"x"'],
      ['a', '{"model": [1, {"b": "}"}]}'],
      ['n', '-1.5e+3'],
    ])
  })

  test('of an empty object is empty', () => {
    expect(members(' { } \n')).toEqual([])
  })

  test('keeps duplicated keys and resolves escapes in keys', () => {
    expect(members('{"mod\\u0065l":1,"model":2}')).toEqual([
      ['model', '1'],
      ['model', '2'],
    ])
  })

  test('tells keys apart whose bytes lead to the same place in what it remembers', () => {
    expect(members('{"Aa":1,"BB":2,"Aa":3,"a":4,"Bc":5}').map(([name]) => name)).toEqual(['Aa', 'BB', 'Aa', 'a', 'Bc'])
  })

  test('is not fooled by quotes, backslashes and brackets inside strings', () => {
    expect(members('{"a":"\\\\","b":"\\"}{[","c":"\\\\\\"","d":["\\\\"]}').map(([name]) => name)).toEqual([
      'a',
      'b',
      'c',
      'd',
    ])
  })

  test('finds the end of strings that are full of escaped quotes', () => {
    for (const gap of [0, 1, 14, 15, 16, 17, 40]) {
      const value = `"${`${'x'.repeat(gap)}\\"`.repeat(20)}"`
      expect(members(`{"a":${value},"b":1}`)).toEqual([
        ['a', value],
        ['b', '1'],
      ])
    }
  })

  test('accepts a byte order mark', () => {
    expect(members('\ufeff{"a":1}')).toEqual([['a', '1']])
  })
})

describe('a text without an outline says why and where', () => {
  test.each([
    ['', 'syntax', 0],
    ['  ', 'syntax', 2],
    ['[1]', 'not-an-object', 0],
    ['{"a":1', 'syntax', 6],
    ['{"a":1}x', 'syntax', 7],
    ['{a:1}', 'syntax', 1],
    ['{"a" 1}', 'syntax', 5],
    ['{"a":}', 'syntax', 5],
    ['{"a":1 "b":2}', 'syntax', 7],
    ['{"a":1,}', 'syntax', 7],
    ['{"a', 'syntax', 1],
    ['{"a":"b}', 'syntax', 5],
    ['{"a":["b]}', 'syntax', 6],
    ['{"a":[1}', 'syntax', 7],
    ['{"a":{"b":1]}', 'syntax', 11],
    ['{"a":[1', 'syntax', 7],
    ['{"\\x":1}', 'syntax', 1],
  ])('%j is %s at %i', (json, kind, offset) => {
    expect(scanJsonObject(bytes(json))).toMatchObject({ ok: false, error: { kind, offset } })
  })

  test('too many members of its own, however small they are', () => {
    expect(scanJsonObject(bytes('{"a":1,"b":2}'), { maxMembers: 2 }).ok).toBe(true)
    const refused = { kind: 'too-wide', offset: 12, message: 'the object has too many members' }
    expect(scanJsonObject(bytes('{"a":1,"b":2,"c":3}'), { maxMembers: 2 })).toEqual({ ok: false, error: refused })
    expect(scanJsonObject(bytes(`{${'"":0,'.repeat(999)}"":0}`)).ok).toBe(true)
    expect(scanJsonObject(bytes(`{${'"":0,'.repeat(1000)}"":0}`)).ok).toBe(false)
  })

  test('too deep, counted with the root', () => {
    expect(scanJsonObject(bytes('{"a":[[1]]}'), { maxDepth: 3 }).ok).toBe(true)
    expect(scanJsonObject(bytes('{"a":[[[1]]]}'), { maxDepth: 3 })).toMatchObject({
      error: { kind: 'too-deep', offset: 7 },
    })
  })

  test('too wide, in members or inside one value', () => {
    expect(scanJsonObject(bytes('{"a":1,"b":2}'), { maxValues: 1 })).toMatchObject({ error: { kind: 'too-wide' } })
    expect(scanJsonObject(bytes('{"a":[{},{},{}]}'), { maxValues: 4 })).toMatchObject({ error: { kind: 'too-wide' } })
  })

  test('10 million levels and 24 MB of empty objects are refused without being walked through', () => {
    expect(scanJsonObject(bytes(`{"a":${'['.repeat(1e7)}`))).toMatchObject({ error: { kind: 'too-deep', offset: 204 } })
    expect(scanJsonObject(bytes(`{"a":[${'{},'.repeat(8e6)}{}]}`))).toMatchObject({ error: { kind: 'too-wide' } })
  })
})

describe('the first element', () => {
  const first = (json: string): string | undefined => {
    const whole = bytes(json)
    const scanned = scanJsonObject(whole)
    const member = scanned.ok ? scanned.value.members[0] : undefined
    const found = member === undefined ? undefined : firstElement(whole, member)
    return found === undefined ? undefined : text(found)
  }

  test('of an array is its bytes, whatever follows', () => {
    expect(first('{"a": [ {"b":[1,"]"]} , 2]}')).toBe('{"b":[1,"]"]}')
    expect(first('{"a":[1.0]}')).toBe('1.0')
  })

  test('is followed by the others, one by one', () => {
    const whole = bytes('\ufeff{"b":0,"a":[ {"x":[1,2]} , "y,]" ,3\n]}').subarray(3)
    const scanned = scanJsonObject(whole)
    const member = scanned.ok ? scanned.value.members[1] : undefined
    const found: string[] = []
    let element = member === undefined ? undefined : firstElement(whole, member)
    for (; element !== undefined; element = nextElement(whole, element)) found.push(text(element))
    expect(found).toEqual(['{"x":[1,2]}', '"y,]"', '3'])
  })

  test('of an empty array, or of no array, is none', () => {
    expect(first('{"a":[ ]}')).toBeUndefined()
    expect(first('{"a":{}}')).toBeUndefined()
  })
})

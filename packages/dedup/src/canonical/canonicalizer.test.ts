import { describe, expect, test } from 'vitest'
import { Canonicalizer, type CanonicalProblem, MAX_DEPTH, NOTHING } from './canonicalizer.ts'

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)

function canonical(text: string, omissions = NOTHING): string | CanonicalProblem {
  const canonicalizer = new Canonicalizer()
  const read = canonicalizer.read(bytes(text), omissions)
  if (!read.ok) return read.error
  const target = new Uint8Array(bytes(text).length)
  return new TextDecoder().decode(target.subarray(0, canonicalizer.write(target, 0)))
}

describe('the canonical text', () => {
  test.each([
    ['{}', '{}'],
    ['{ }', '{}'],
    [' {"a" : 1 , "b": [ 1 , 2 ] }\n', '{"a":1,"b":[1,2]}'],
    ['{"b":1,"a":2}', '{"a":2,"b":1}'],
    ['{"b":1 ,"a":2}', '{"a":2,"b":1}'],
    ['{"c":3,"b":{"z":[{"y":1,"x":2}],"a":null},"a":true}', '{"a":true,"b":{"a":null,"z":[{"x":2,"y":1}]},"c":3}'],
    ['{"a":[],"b":{},"c":[[],{}]}', '{"a":[],"b":{},"c":[[],{}]}'],
    ['{"ab":1,"a":2,"abc":3}', '{"a":2,"ab":1,"abc":3}'],
    ['{"é":1,"e":2,"漢":3}', '{"e":2,"é":1,"漢":3}'],
    ['{"":1,"a b":"  c  "}', '{"":1,"a b":"  c  "}'],
  ])('of %s is %s', (text, expected) => {
    expect(canonical(text)).toBe(expected)
  })

  test('keeps a duplicated key with its values in their order', () => {
    expect(canonical('{"b":0,"a":1,"a":2,"a":3}')).toBe('{"a":1,"a":2,"a":3,"b":0}')
    expect(canonical('{"a":3,"b":0,"a":2}')).toBe('{"a":3,"a":2,"b":0}')
  })

  test('keeps the order of members that may be one key in two spellings', () => {
    // Of {"a":1,"\u0061":2} a parser keeps 2, of the other order 1.
    for (const text of ['{"b":0,"a":1,"\\u0061":2}', '{"\\u0061":2,"a":1}', '{"z":1,"\\u0061":2,"y":{"c":1,"d":2}}'])
      expect(canonical(text)).toBe(text)
    expect(canonical('{"c":{"b":0,"\\u0061":1},"a":{"c":1,"b":2}}')).toBe('{"a":{"b":2,"c":1},"c":{"b":0,"\\u0061":1}}')
    expect(canonical('{"b":{"\\n":{"y":1,"x":2}},"a":1}')).toBe('{"a":1,"b":{"\\n":{"x":2,"y":1}}}')
  })

  test('keeps the digits of numbers and the escapes of strings', () => {
    const text = '{"a":[1,1.0,1e0,12345678901234567890,-0],"b":"\\u0041A\\/"}'
    expect(canonical(text)).toBe(text)
  })

  test('takes no notice of a byte order mark, but of a part of one', () => {
    expect(canonical('\ufeff{"a":1}')).toBe('{"a":1}')
    for (const start of [
      [0xef, 0xbb, 0x20],
      [0xef, 0x20, 0xbf],
      [0x20, 0xbb, 0xbf],
      [0x20, 0x20, 0xbf],
      [0xef, 0x20, 0x20],
    ]) {
      const read = new Canonicalizer().read(Uint8Array.from([...start, ...bytes('{"a":1}')]))
      expect(read.ok).toBe(false)
    }
  })

  test('sorts a large object inside another as well', () => {
    const members = (order: number[]): string => order.map((n) => `"k${10 + n}":{}`).join()
    const order = Array.from({ length: 40 }, (_, index) => index)
    const reversed = `{"z":1,"y":{${members([...order].reverse())}},"a":2}`
    expect(canonical(reversed)).toBe(`{"a":2,"y":{${members(order)}},"z":1}`)
  })

  test('sorts objects of any size, stably', () => {
    for (const size of [2, 3, 23, 24, 25, 26, 400]) {
      const keys = Array.from({ length: size }, (_, index) => `k${(index * 7919) % 1000}`)
      const members = keys.flatMap((key, index) => [`"${key}":${index}`, `"${key}":"again"`])
      const sorted = [...members].sort((a, b) => (a.split(':')[0] as string).localeCompare(b.split(':')[0] as string))
      expect(canonical(`{${members.join(', ')}}`)).toBe(`{${sorted.join(',')}}`)
    }
  })

  test('of twenty thousand keys is found in a blink, and the room is given back', () => {
    const keys = Array.from({ length: 20_000 }, (_, index) => `"${20_000 + ((index * 7919) % 20_000)}":{}`)
    const canonicalizer = new Canonicalizer()
    const text = bytes(`{${keys.join()}}`)
    expect(canonicalizer.read(text).ok).toBe(true)
    const target = new Uint8Array(text.length)
    canonicalizer.write(target, 0)
    expect(new TextDecoder().decode(target)).toBe(`{${[...keys].sort().join()}}`)
    expect(canonicalizer.read(bytes('{"b":1,"a":2}')).ok).toBe(true)
    expect(new TextDecoder().decode(target.subarray(0, canonicalizer.write(target, 0)))).toBe('{"a":2,"b":1}')
  })
})

describe('what is left out', () => {
  const leavingOut = (text: string, ...names: string[]): string | CanonicalProblem =>
    canonical(text, { ...NOTHING, keyStarts: new Set(names.map((name) => text.indexOf(`"${name}"`))) })

  test('a member of the root, wherever it stands', () => {
    expect(leavingOut('{"a":1,"b":2,"c":3}', 'a')).toBe('{"b":2,"c":3}')
    expect(leavingOut('{"a":1,"b":2,"c":3}', 'b')).toBe('{"a":1,"c":3}')
    expect(leavingOut('{"c":1,"b":[{}],"a":3}', 'a', 'c')).toBe('{"b":[{}]}')
    expect(leavingOut('{"a":{"x":1,"y":[2]}}', 'a')).toBe('{}')
  })

  test('only a member of the root', () => {
    const text = '{"x":{"metadata":1}}'
    expect(leavingOut(text, 'metadata')).toBe(text)
  })

  test('a range inside a string', () => {
    const text = '{"b":"prefix: nonce","a":"prefix: nonce"}'
    const cutStart = text.indexOf(' nonce')
    expect(canonical(text, { ...NOTHING, cutStart, cutEnd: cutStart + 6 })).toBe('{"a":"prefix: nonce","b":"prefix:"}')
  })
})

describe('there is no canonical text', () => {
  test.each([
    ['', 0],
    ['[]', 0],
    ['"a"', 0],
    ['{', 1],
    ['{"a"', 4],
    ['{"a":', 5],
    ['{"a":1', 6],
    ['{"a":1,}', 7],
    ['{"a" 1}', 5],
    ['{a:1}', 1],
    ['{a":1}', 1],
    ['{"a":1 "b":2}', 7],
    ['{"a":1"b":2}', 6],
    ['{"a":[1 2]}', 8],
    ['{"a":[1,]}', 8],
    ['{"a":[}', 6],
    ['{"a":{]}', 6],
    ['{"a":"b}', 5],
    ['{"a":1}x', 7],
    ['{"a":1]', 6],
    ['{"a":[1}', 7],
    ['{"a', 1],
  ])('for %s, and the offset says where', (text, offset) => {
    expect(canonical(text)).toEqual({ kind: 'syntax', offset })
  })

  test('for a text that nests deeper than the limit', () => {
    const nested = (depth: number): string => `{"a":${'['.repeat(depth - 1)}${']'.repeat(depth - 1)}}`
    const objects = (depth: number): string => `${'{"a":'.repeat(depth - 1)}{}${'}'.repeat(depth - 1)}`
    expect(canonical(nested(MAX_DEPTH))).toBe(nested(MAX_DEPTH))
    expect(canonical(objects(MAX_DEPTH))).toBe(objects(MAX_DEPTH))
    expect(canonical(nested(MAX_DEPTH + 1))).toEqual({ kind: 'too-deep', offset: 4 + MAX_DEPTH })
    expect(canonical(objects(MAX_DEPTH + 1))).toMatchObject({ kind: 'too-deep' })
    expect(canonical(nested(1_000_000))).toMatchObject({ kind: 'too-deep' })
  })
})

test('one canonicalizer reads text after text, also after a broken one', () => {
  const canonicalizer = new Canonicalizer()
  const target = new Uint8Array(100)
  expect(canonicalizer.read(bytes('{"b":{"c":1,"d":[')).ok).toBe(false)
  expect(canonicalizer.read(bytes('{"b":1,"a":2}')).ok).toBe(true)
  expect(new TextDecoder().decode(target.subarray(0, canonicalizer.write(target, 0)))).toBe('{"a":2,"b":1}')
})

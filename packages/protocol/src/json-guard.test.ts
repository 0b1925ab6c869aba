import { describe, expect, test } from 'vitest'
import { createJsonGuard } from './json-guard.ts'
import type { JsonLimits } from './json-scan.ts'

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)
const judge = (text: string, limits?: JsonLimits) => createJsonGuard(limits).push(bytes(text))

describe('a text on its way', () => {
  test('is left alone while it is within the limits', () => {
    expect(judge('{"model":"m","messages":[{"role":"user","content":"[[[{{{,,,"}]}')).toBeUndefined()
    expect(judge('{"a":"\\"[[[[","b":[1,2]}', { maxDepth: 2, maxValues: 4 })).toBeUndefined()
  })

  test('is told to be too deep where it is, counted with the root, long before its end', () => {
    expect(judge('{"a":[[')).toBeUndefined()
    expect(judge('{"a":[[', { maxDepth: 2 })).toEqual({
      kind: 'too-deep',
      offset: 6,
      message: 'nested deeper than 2 levels',
    })
    expect(judge(`{"a":${'['.repeat(1000)}`)).toMatchObject({ kind: 'too-deep', offset: 204 })
  })

  test('is told to be too wide: too many values, or too many members', () => {
    expect(judge('{"a":[1,2,3', { maxValues: 3 })).toMatchObject({ kind: 'too-wide', offset: 9 })
    expect(judge('{"a":1,"b":2,"c"', { maxMembers: 2 })).toEqual({
      kind: 'too-wide',
      offset: 12,
      message: 'the object has too many members',
    })
    expect(judge(`{${'"":0,'.repeat(2000)}`)).toMatchObject({ kind: 'too-wide' })
  })

  test('counts its bytes over all pieces, and what was wrong stays wrong', () => {
    const guard = createJsonGuard({ maxDepth: 1 })
    expect(guard.push(bytes('{"a":'))).toBeUndefined()
    const problem = guard.push(bytes('[1'))
    expect(problem).toMatchObject({ kind: 'too-deep', offset: 5 })
    expect(guard.push(bytes(']}'))).toBe(problem)
  })
})

import { describe, expect, test } from 'vitest'
import { isJsonObject, member, numberMember, parseJson, stringMember } from './json.ts'

describe('parseJson', () => {
  test('returns the value', () => {
    expect(parseJson('{"a":[1]}')).toEqual({ ok: true, value: { a: [1] } })
  })

  test('returns the engine’s words instead of throwing', () => {
    expect(parseJson('{')).toMatchObject({ ok: false, error: { message: expect.stringContaining('JSON') } })
  })
})

describe('members', () => {
  test('of an object', () => {
    expect(member({ a: null }, 'a')).toBe(null)
    expect(stringMember({ a: 'x' }, 'a')).toBe('x')
    expect(numberMember({ a: 1 }, 'a')).toBe(1)
  })

  test('of another type, or missing, are undefined', () => {
    expect(stringMember({ a: 1 }, 'a')).toBeUndefined()
    expect(numberMember({ a: '1' }, 'a')).toBeUndefined()
    expect(numberMember({ a: Number.POSITIVE_INFINITY }, 'a')).toBeUndefined()
    expect(member([1], '0')).toBeUndefined()
    expect(member(null, 'a')).toBeUndefined()
  })

  test('that only the prototype has are not seen', () => {
    expect(member({}, 'constructor')).toBeUndefined()
    expect(member(JSON.parse('{"__proto__":1}'), '__proto__')).toBe(1)
  })

  test('an array and null are no objects', () => {
    expect([[], null, 'x', {}].map(isJsonObject)).toEqual([false, false, false, true])
  })
})

import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { createNameRestorer, createUpstreamNames } from './names.ts'

const long = `mcp__plugin_server__${'tool_'.repeat(12)}`

describe('names to the upstream (case 35)', () => {
  test('pass when they are legal', () => {
    const names = createUpstreamNames(64)
    expect([names.of('Bash'), names.of('a'.repeat(64))]).toEqual(['Bash', 'a'.repeat(64)])
    expect(names.changed()).toEqual({})
  })

  test('that are too long, or have strange characters, keep their head', () => {
    const names = createUpstreamNames(64)
    expect(names.of(long)).toBe(`${long.slice(0, 55)}_${names.of(long).slice(-8)}`)
    expect(names.of(long)).toHaveLength(64)
    expect(names.of('a.b:c')).toMatch(/^a_b_c_[0-9a-f]{8}$/)
    expect(names.of('')).toMatch(/^_[0-9a-f]{8}$/)
    expect(names.changed()).toEqual({ [names.of(long)]: long, [names.of('a.b:c')]: 'a.b:c', [names.of('')]: '' })
  })

  test('that would clash count until they are free', () => {
    const taken = createUpstreamNames(64).of(long)
    const names = createUpstreamNames(64)
    expect(names.of(taken)).toBe(taken)
    expect(names.of(long)).not.toBe(taken)
    expect(names.of(long)).toMatch(/^mcp__.*_[0-9a-f]{8}$/)
  })

  test('are legal, different for different names, and come back', () => {
    fc.assert(
      fc.property(
        fc.uniqueArray(fc.string({ unit: 'grapheme', maxLength: 90 })),
        fc.constantFrom(64, 128),
        (all, limit) => {
          const names = createUpstreamNames(limit)
          const given = all.map(names.of)
          expect(new Set(given).size).toBe(all.length)
          expect(given.every((name) => name.length <= limit && /^[\w-]+$/.test(name))).toBe(true)
          expect(given.map(createNameRestorer(names.changed(), all))).toEqual(all)
        },
      ),
    )
  })
})

describe('names to the client (case 35)', () => {
  const restore = createNameRestorer({ short_1: long }, ['Bash', 'Read', 'read', long])

  test.each([
    ['Bash', 'Bash'],
    ['short_1', long],
    ['bash', 'Bash'],
    ['BASH', 'Bash'],
    ['SHORT_1', long],
    ['default_api:Bash', 'Bash'],
    ['functions.bash', 'Bash'],
    ['a.b:Bash', 'Bash'],
    ['Read', 'Read'],
    ['READ', 'READ'],
    ['default_api:READ', 'default_api:READ'],
    ['Delete', 'Delete'],
    ['x:Delete', 'x:Delete'],
    ['', ''],
    ['constructor', 'constructor'],
  ])('%s is %s', (said, name) => {
    expect(restore(said)).toBe(name)
  })

  test('of one tool under two spellings are not ambiguous', () => {
    expect(createNameRestorer({ A: 'a' }, ['a'])('A')).toBe('a')
    expect(createNameRestorer({ Xy: 'z', xY: 'z' }, ['z'])('XY')).toBe('z')
  })
})

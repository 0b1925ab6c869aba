import { describe, expect, test } from 'vitest'
import { matchesGlob, matchRules } from './match.ts'

const rules = ['claude-*', 'Claude-Opus', 'claude-opus', '*', 'gpt-?'].map((pattern) => ({ pattern }))
const found = (model: string): string[] => matchRules(rules, model).map(({ pattern }) => pattern)

describe('matchRules', () => {
  test('puts what is written exactly so first, then the others in the order of the file', () => {
    expect(found('claude-opus')).toEqual(['claude-opus', 'claude-*', 'Claude-Opus', '*'])
    expect(found('Claude-Opus')).toEqual(['Claude-Opus', 'claude-*', 'claude-opus', '*'])
  })

  test('knows no case beyond that', () => {
    expect(found('CLAUDE-OPUS')).toEqual(['claude-*', 'Claude-Opus', 'claude-opus', '*'])
    expect(found('GPT-5')).toEqual(['*', 'gpt-?'])
  })

  test('gives nothing for a model that no rule knows, or that is no name', () => {
    expect(matchRules([{ pattern: 'a' }], 'b')).toEqual([])
    expect(found('x'.repeat(512))).toEqual(['*'])
    expect(found('x'.repeat(513))).toEqual([])
  })

  test('takes a pattern as its own name', () => {
    expect(matchRules([{ pattern: '*' }, { pattern: 'gpt-?' }], 'gpt-?').map(({ pattern }) => pattern)).toEqual([
      'gpt-?',
      '*',
    ])
  })
})

describe('a glob', () => {
  test.each([
    ['', '', true],
    ['', 'a', false],
    ['a', '', false],
    ['*', '', true],
    ['**', 'abc', true],
    ['?', '', false],
    ['?', 'a', true],
    ['?', 'ab', false],
    ['a*', 'a', true],
    ['a*', 'ba', false],
    ['*a', 'ba', true],
    ['*a', 'ab', false],
    ['a*c', 'abc', true],
    ['a*c', 'abcbc', true],
    ['a*c', 'abcb', false],
    ['a*b*c', 'a1b2b3c', true],
    ['a*b*c', 'a1c2c', false],
    ['a?c*', 'abcdef', true],
    ['*?', 'a', true],
    ['*?', '', false],
    ['a.c', 'abc', false],
    ['a.c', 'a.c', true],
    ['[a]', 'a', false],
    ['[a]', '[a]', true],
    ['a+', 'aa', false],
    ['\\*', '\\x', true],
    ['claude-3*', 'my-claude-3-x', false],
    ['a*aa', 'aaaa', true],
    ['*ab', 'aab', true],
  ])('%s on %s: %s', (glob, text, expected) => {
    expect(matchesGlob(glob, text)).toBe(expected)
  })

  test('takes no longer than its length times that of the text', () => {
    expect(matchesGlob(`${'a*'.repeat(250)}b`, 'a'.repeat(20_000))).toBe(false)
  })
})

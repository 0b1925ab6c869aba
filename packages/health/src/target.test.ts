import { describe, expect, test } from 'vitest'
import { familyOf, pathOf, pathOfClaim, pathText, type Target } from './target.ts'

const target: Target = { provider: 'p', credential: 'c', model: 'claude-opus-5' }
const strange: Target = { ...target, credential: null }

describe('pathOf', () => {
  test('names the node that a scope is about', () => {
    expect(pathOf(target, 'provider')).toEqual({ provider: 'p', credential: null, model: null })
    expect(pathOf(target, 'provider+model')).toEqual({ provider: 'p', credential: null, model: 'claude-opus-5' })
    expect(pathOf(target, 'credential')).toEqual({ provider: 'p', credential: 'c', model: null })
    expect(pathOf(target, 'credential+model')).toEqual({ provider: 'p', credential: 'c', model: 'claude-opus-5' })
    expect(pathOf(target, 'request')).toBeUndefined()
  })

  test("keeps nothing about a stranger's credential", () => {
    expect(pathOf(strange, 'credential')).toBeUndefined()
    expect(pathOf(strange, 'credential+model')).toBeUndefined()
    expect(pathOf(strange, 'provider')).toBeDefined()
    expect(pathOf(strange, 'provider+model')).toBeDefined()
  })
})

describe('pathOfClaim', () => {
  test.each([
    ['five_hour', null],
    ['seven_day', null],
    ['seven_day_opus', 'family:opus'],
    ['seven_day_sonnet', 'family:sonnet'],
    ['seven_day_overage_included', 'family:fable'],
    ['overage', 'claude-opus-5'],
    ['toString', 'claude-opus-5'],
    [undefined, 'claude-opus-5'],
  ])('%s closes %s', (claim, model) => {
    expect(pathOfClaim(target, claim)).toEqual({ provider: 'p', credential: 'c', model })
  })

  test("closes nothing of a stranger's", () => {
    expect(pathOfClaim(strange, 'five_hour')).toBeUndefined()
  })
})

test.each([
  ['claude-opus-5-5', 'family:opus'],
  ['Claude-SONNET-5', 'family:sonnet'],
  ['claude-haiku-4-5-20251001', 'family:haiku'],
  ['claude-fable-5', 'family:fable'],
  ['claude-mythos-5', 'family:mythos'],
  ['gpt-5', undefined],
])('%s belongs to %s', (model, family) => {
  expect(familyOf(model)).toBe(family)
})

test.each([
  [{ provider: 'p', credential: null, model: null }, 'p'],
  [{ provider: 'p', credential: 'c', model: null }, 'p/c'],
  [{ provider: 'p', credential: null, model: 'm' }, 'p · m'],
  [{ provider: 'p', credential: 'c', model: 'm' }, 'p/c · m'],
])('a node is named %s', (path, text) => {
  expect(pathText(path)).toBe(text)
})

import { describe, expect, test } from 'vitest'
import { type AnthropicProfile, namedAnthropicProfiles } from './anthropic.ts'
import { namedProfiles } from './named.ts'
import { anthropicProfileWith, profileWith } from './override.ts'
import type { Profile } from './profile.ts'

const base = namedProfiles['openai'] as Profile
const problems = (changes: Parameters<typeof profileWith>[1]): readonly string[] => {
  const changed = profileWith(base, changes)
  return changed.ok ? [] : changed.error.map(({ field, message }) => `${field}: ${message}`)
}

test('fields can be changed, all others stay', () => {
  const changes = {
    maxOutputTokens: 32_000,
    toolChoice: ['auto'],
    emptyAssistant: '',
    thinking: null,
    images: 'none',
  }
  expect(profileWith(base, changes)).toEqual({ ok: true, value: { ...base, ...changes } })
  expect(profileWith(base, {})).toEqual({ ok: true, value: base })
  expect(base.images).not.toBe('none')
})

test.each([
  [[], [': a profile is an object']],
  [{ images: 'some' }, ['images: expected "none", "data", "data-and-url"']],
  [{ emptyAssistant: 'x' }, ['emptyAssistant: expected null, ""']],
  [{ sampling: ['heat'] }, ['sampling: expected a list of "temperature", "top_p", "top_k"']],
  [{ sampling: 'top_k' }, ['sampling: expected a list of "temperature", "top_p", "top_k"']],
  [{ sampling: [1] }, ['sampling: expected a list of "temperature", "top_p", "top_k"']],
  [{ stopMax: '4' }, ['stopMax: expected a number']],
  [{ requestDefaults: [] }, ['requestDefaults: expected an object']],
  [{ models: {} }, ['models: expected a list']],
  [{ models: [7] }, ['models[0]: expected { match: [name, …], set: { field: value, … } }']],
  [{ models: [{ match: 'x', set: {} }] }, ['models[0]: expected { match: [name, …], set: { field: value, … } }']],
  [{ models: [{ match: ['x'] }] }, ['models[0]: expected { match: [name, …], set: { field: value, … } }']],
  [
    {
      models: [
        { match: ['x'], set: { stopMax: 4 } },
        { match: ['y'], set: { stopMax: '4', models: {} } },
      ],
    },
    ['models[1].set.stopMax: expected a number', 'models[1].set.models: expected a list'],
  ],
  [{ streamUsage: 1, toolNameMax: true }, ['streamUsage: expected a boolean', 'toolNameMax: expected a number']],
])('%j is told what is wrong', (changes, expected) => {
  expect(problems(changes)).toEqual(expected)
})

test('a field that does not exist is told which there are', () => {
  expect(problems({ maxTokens: 1 })[0]).toMatch(/^maxTokens: there is no such field; there are id, .*maxOutputTokens/)
  expect(problems({ toString: 1 })).toHaveLength(1)
})

describe('a profile of an endpoint that speaks Anthropic', () => {
  const anthropic = namedAnthropicProfiles['anthropic'] as AnthropicProfile
  const wrong = (changes: Parameters<typeof profileWith>[1]): readonly string[] => {
    const changed = anthropicProfileWith(anthropic, changes)
    return changed.ok ? [] : changed.error.map(({ field, message }) => `${field}: ${message}`)
  }

  test('is changed in the same way', () => {
    const changes = { effort: ['low', 'max'], userIdPattern: '^[a-z]+$', betas: ['a-1'], thinking: 'budget' }
    expect(anthropicProfileWith(anthropic, changes)).toEqual({ ok: true, value: { ...anthropic, ...changes } })
    expect(wrong({ userIdPattern: null, betas: null, unsupportedBlocks: ['image'], maxOutputTokens: 9 })).toEqual([])
  })

  test.each([
    [7, [': a profile is an object']],
    [{ thinking: 'much' }, ['thinking: expected "adaptive", "budget", "none"']],
    [{ apiVersion: '2024-01-01' }, ['apiVersion: expected "2023-06-01", "2026-10-21"']],
    [{ signatures: 'carried' }, ['signatures: expected "verified", "ignored"']],
    [{ effort: ['none'] }, ['effort: expected a list of "low", "medium", "high", "xhigh", "max"']],
    [{ userIdPattern: '(' }, ['userIdPattern: expected a regular expression, or null']],
    [{ userIdPattern: 7 }, ['userIdPattern: expected a regular expression, or null']],
    [{ betas: 'a-1' }, ['betas: expected a list of texts, or null']],
    [{ prefill: 'yes' }, ['prefill: expected a boolean']],
    [
      { models: [{ match: ['claude-*'], set: { images: 'some' } }] },
      ['models[0].set.images: expected "none", "data", "data-and-url"'],
    ],
  ])('%j is told what is wrong', (changes, expected) => {
    expect(wrong(changes)).toEqual(expected)
  })
})

import { expect, test } from 'vitest'
import { namedProfiles } from './named.ts'
import { profileWith } from './override.ts'
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
  [{ streamUsage: 1, toolNameMax: true }, ['streamUsage: expected a boolean', 'toolNameMax: expected a number']],
])('%j is told what is wrong', (changes, expected) => {
  expect(problems(changes)).toEqual(expected)
})

test('a field that does not exist is told which there are', () => {
  expect(problems({ maxTokens: 1 })[0]).toMatch(/^maxTokens: there is no such field; there are id, .*maxOutputTokens/)
  expect(problems({ toString: 1 })).toHaveLength(1)
})

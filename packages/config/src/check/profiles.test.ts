import { expect, test } from 'vitest'
import { loadConfig } from '../load.ts'
import { formatProblems } from '../problem.ts'
import { route } from '../testing/load.ts'
import type { KnownProfiles } from './profiles.ts'

const chat: KnownProfiles = {
  names: ['groq', 'openai'],
  fields: ['images', 'stopMax'],
  problemsWith: ({ images }) => (images === 'some' ? [{ field: 'images', message: 'expected "none"' }] : []),
}
const none: KnownProfiles = { names: [], fields: [], problemsWith: () => [] }

function said(profile: string, more = ''): string {
  const provider = `{ name: a, type: openai, base_url: "https://a", auth_value: k, profile: ${profile}${more} }`
  const loaded = loadConfig(`providers: [${provider}]\n${route}`, {}, {}, { anthropic: none, chat, responses: none })
  return formatProblems(loaded.ok ? loaded.value.notices : loaded.error, 'f')
}

test('a name must be one of those that there are for the dialect', () => {
  expect(said('groq')).toBe('')
  expect(said('{ base: openai, stopMax: 4 }')).toBe('')
  expect(said('grok')).toBe(
    'f:1:85: providers[0].profile: there is no such profile for the dialect "chat"; did you mean "groq"?',
  )
  expect(said('"zzzzzzzz"')).toContain('there is no such profile for the dialect "chat"; there are groq, openai')
  expect(said('{ base: opena }')).toContain('f:1:93: providers[0].profile.base: there is no such profile')
  expect(said('{ base: 1 }')).toContain('there are groq, openai')
  expect(said('groq', ', dialect: responses')).toContain('for the dialect "responses"')
})

test('a property must exist and have a value that it can have', () => {
  expect(said('{ stopMaxx: 4 }')).toBe(
    'f:1:87: providers[0].profile.stopMaxx: unknown property; did you mean "stopMax"?',
  )
  expect(said('{ zzzzzzzz: 4 }')).toBe('f:1:87: providers[0].profile.zzzzzzzz: unknown property')
  expect(said('{ images: some }')).toBe('f:1:95: providers[0].profile.images: expected "none"')
})

test('nothing is said where nobody knows the profiles, or about a provider that is switched off', () => {
  expect(said('grok', ', enabled: false')).not.toContain('profile')
})

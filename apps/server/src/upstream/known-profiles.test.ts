import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { configSource } from '../state/config-source.ts'

/** What is said about a provider with this profile, as `lb start`, `lb check` and a reload read it. */
async function said(profile: string, type = 'openai'): Promise<string> {
  const path = join(mkdtempSync(join(tmpdir(), 'lb-profiles-')), 'config.yaml')
  const provider = `{ name: a, type: ${type}, base_url: "https://a.example/v1", auth_value: key-of-a }`
  const text = `providers:\n  - ${provider.replace(' }', `,\n      profile: ${profile} }`)}\nmodel_routes: { "*": [{ provider: a }] }\n`
  writeFileSync(path, text)
  const loaded = await configSource(path, { env: {}, flags: {}, shownAs: 'f' }).load()
  return loaded.ok ? 'fine' : loaded.error.text
}

test('a profile that does not exist is a problem with its place and what was meant', async () => {
  expect(await said('opnai')).toBe(
    'f:3:16: providers[0].profile: there is no such profile for the dialect "chat"; did you mean "openai"?',
  )
  expect(await said('{ base: groqq }')).toContain('f:3:24: providers[0].profile.base: there is no such profile')
  expect(await said('nobody-knows-this')).toMatch(/there is no such profile for the dialect "chat"; there are .*groq.*/)
  expect(await said('groq', 'anthropic')).toContain('there is no such profile for the dialect "anthropic"')
})

test('a property that does not exist, or that has no sensible value, is a problem', async () => {
  expect(await said('{ base: groq, sytemRole: user }')).toBe(
    'f:3:30: providers[0].profile.sytemRole: unknown property; did you mean "systemRole"?',
  )
  expect(await said('{ images: some }')).toContain('f:3:26: providers[0].profile.images: expected "none", "data"')
  expect(await said('{ maxOutputToken: 1 }', 'anthropic')).toContain('did you mean "maxOutputTokens"?')
  expect(await said('{ thinking: much }', 'anthropic')).toContain(
    'f:3:28: providers[0].profile.thinking: expected "adaptive", "budget", "none"',
  )
  expect(await said('{ userIdPattern: "(" }', 'anthropic')).toContain('expected a regular expression, or null')
  const models = '{ base: kimi, models: [{ match: ["k*"], set: { images: some } }] }'
  for (const type of ['openai', 'anthropic'])
    expect(await said(models, type)).toContain(
      'f:3:71: providers[0].profile.models[0].set.images: expected "none", "data", "data-and-url"',
    )
})

test('every profile that there is may be named', async () => {
  for (const name of ['groq', 'openai', 'openai-responses', 'llama.cpp', '{ base: kimi, stopMax: 4, models: [] }'])
    expect(await said(name)).toBe('fine')
  for (const name of ['anthropic', 'kimi', '{ maxOutputTokens: 1000 }'])
    expect(await said(name, 'anthropic')).toBe('fine')
})

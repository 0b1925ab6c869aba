import { type Config, loadConfig } from '@lb/config'
import { expect, test } from 'vitest'
import { banner } from './banner.ts'
import { processTerminal } from './terminal.ts'

const terminal = { ...processTerminal, color: false }

function configOf(routes: string, settings = '{}', auth = 'auth_value: k'): Config {
  const provider = `providers: [{ name: a, type: anthropic, base_url: "http://127.0.0.1:9", ${auth} }]`
  const loaded = loadConfig(`${provider}\nmodel_routes: ${routes}\nsettings: ${settings}`, {})
  if (!loaded.ok) throw new Error(loaded.error.map(({ path, message }) => `${path} ${message}`).join())
  return loaded.value.config
}

function said(config: Config, url = 'http://127.0.0.1:9090'): string {
  return banner(config, 'config.yaml', url, terminal)
}

const auth = '{ auth: { enabled: true, api_key: canary-0123456789abcdef0123 } }'

test.each([
  ['{ "*": [{ provider: a }] }', 'claude-sonnet-5-5'],
  ['{ "*haiku*": [{ provider: a }] }', 'claude-haiku-5-5'],
  ['{ my-model: [{ provider: a }] }', 'my-model'],
  ['{ "my-*-v?": [{ provider: a }] }', 'my--vx'],
  ['{}', 'claude-sonnet-5-5'],
])('with the routes %s it tries a model that leads somewhere', (routes, model) => {
  expect(said(configOf(routes))).toContain(`-d '{"model":"${model}",`)
})

test('what is to be pasted is one word for the shell, whatever a model is called', () => {
  expect(said(configOf(`{ "it's": [{ provider: a }] }`))).toContain(`{"model":"it'\\''s",`)
})

test.each([
  ['http://0.0.0.0:9090', 'http://127.0.0.1:9090'],
  ['http://[::]:9090', 'http://[::1]:9090'],
])('%s is where it listens, and %s what a client can name', (url, here) => {
  const text = said(configOf('{ "*": [{ provider: a }] }'), url)
  expect(text).toContain(`lb listens on ${url}`)
  expect(text).toContain(`curl -N ${here}/v1/messages`)
  expect(text).toContain(`ANTHROPIC_BASE_URL=${here}\n`)
})

test('where lb asks for a key, the lines say which one, and do not show it', () => {
  const text = said(configOf('{ "*": [{ provider: a }] }', auth))
  expect(text).toContain("-H 'x-api-key: KEY-OF-LB'")
  expect(text).toContain('ANTHROPIC_AUTH_TOKEN=KEY-OF-LB   # settings.auth.api_key')
  expect(text).not.toMatch(/canary|any-text/)
})

test('where the client’s own credential passes through, nobody is told to overwrite it', () => {
  const passthrough = ['{ "*": [{ provider: a }] }', '{}', 'auth_value: passthrough'] as const
  expect(said(configOf(...passthrough))).not.toContain('ANTHROPIC_AUTH_TOKEN')
  const guarded = said(configOf(passthrough[0], auth, passthrough[2]))
  expect(guarded).toContain("ANTHROPIC_CUSTOM_HEADERS='x-lb-key: KEY-OF-LB'")
  expect(guarded).toContain("-H 'x-lb-key: KEY-OF-LB' -H 'x-api-key: YOUR-OWN-KEY'")
})

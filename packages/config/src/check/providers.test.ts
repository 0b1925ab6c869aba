import { expect, test } from 'vitest'
import type { ProviderAuth } from '../config.ts'
import { load, route, said } from '../testing/load.ts'

/** A file with one anthropic provider named `a` that has these keys as well; they begin in column 31 of line 1. */
function withProvider(keys: string, type = 'type: anthropic'): string {
  return `providers: [{ name: a, ${type}, base_url: "https://a.example", ${keys} }]\n${route}`
}

/** What signs in, with the secrets shown. */
function auth(keys: string, type?: string): unknown {
  const found: ProviderAuth | undefined = load(withProvider(keys, type)).config.providers[0]?.auth
  if (found?.kind !== 'api-key' && found?.kind !== 'bearer') return found
  return [found.kind, ...found.keys.map(({ id, secret, weight }) => [id, secret.reveal(), weight])]
}

test.each([
  ['auth_value: k', ['api-key', ['key-1', 'k', 1]]],
  ['auth_type: api_key, auth_value: k', ['api-key', ['key-1', 'k', 1]]],
  ['auth_type: auth_token, auth_value: k', ['bearer', ['key-1', 'k', 1]]],
  ['auth_type: oauth, auth_value: ""', { kind: 'oauth' }],
  ['auth_type: auth_token, auth_value: oauth', { kind: 'oauth' }],
  ['auth_type: oauth, account_email: Me@Example.com', { kind: 'oauth', accountEmail: 'me@example.com' }],
  ['auth_type: oauth, auth_value: passthrough', { kind: 'passthrough' }],
  ['auth_type: passthrough', { kind: 'passthrough' }],
  ['auth_type: api_key, auth_value: passthrough', { kind: 'passthrough' }],
  ['auth_type: none', { kind: 'none' }],
  ['auth_values: [{ value: k }, { value: l, weight: 2.5, name: x }]', ['api-key', ['key-1', 'k', 1], ['x', 'l', 2.5]]],
])('an anthropic provider with %s signs in so', (keys, expected) => {
  expect(auth(keys)).toEqual(expected)
})

test('OpenAI types send every key as a bearer', () => {
  expect(auth('auth_type: api_key, auth_value: k', 'type: openai')).toEqual(['bearer', ['key-1', 'k', 1]])
  expect(auth('auth_type: auth_token, auth_value: k', 'dialect: responses')).toEqual(['bearer', ['key-1', 'k', 1]])
})

test.each([
  [
    'auth_type: api_key',
    /providers\[0\].auth_value: missing, and auth_type "api_key" needs one; write the key, or auth_type: none/,
  ],
  ['auth_type: auth_token, auth_value: ""', /auth_value: missing, and auth_type "auth_token" needs one/],
  ['auth_values: []', /auth_value: missing/],
  ['auth_value: k, auth_values: [{ value: l }]', /auth_values: auth_value is there, too; keep one of the two/],
  [
    'auth_values: [{ value: k, name: x }, { value: l, name: x }]',
    /auth_values\[1\].name: a second key named "x"; give it another name/,
  ],
  ['auth_values: [{ value: k, name: key-2 }, { value: l }]', /auth_values\[1\].name: a second key named "key-2"/],
  ['auth_values: [{ weight: 1 }]', /auth_values\[0\].value: missing/],
  ['auth_values: [{ value: canary, weight: -1 }]', /auth_values\[0\].weight: must not be below 0/],
  ['auth_value: [canary]', /auth_value: must be a single value, not a list/],
  ['auth_type: oath', /auth_type: must be one of .*, not "oath"; did you mean "oauth"\?/],
  ['auth_value: k, headers: { "a b": x }', /headers\["a b"\]: not a header name/],
  ['auth_value: k, headers: { Content-Length: 1 }', /headers.Content-Length: lb sets this header itself; remove it/],
  ['auth_value: k, headers: { x-a: "canary\\r\\nb: c" }', /headers.x-a: a header value may have no line breaks/],
  ['auth_value: "canary\\nx: y"', /providers\[0\].auth_value: a header value may have no line breaks/],
  ['auth_value: "“canary”"', /auth_value: a header value may have .*Latin-1/],
  ['auth_values: [{ value: k }, { value: "canary…" }]', /auth_values\[1\].value: a header value may have no line/],
  ['auth_value: k, headers: { x-a: "没canary" }', /headers.x-a: a header value may have no line breaks/],
  [
    'auth_value: k, proxy: "ftp://u:canary@h"',
    /proxy: must be a URL that begins with http:\/\/, https:\/\/ or socks5:\/\//,
  ],
])('%s is refused, with one message', (keys, expected) => {
  const lines = said(withProvider(keys))
  expect(lines).toHaveLength(1)
  expect(lines[0]).toMatch(expected)
  expect(lines[0]).not.toContain('canary')
})

test('the same key twice is a notice', () => {
  expect(said(withProvider('auth_values: [{ value: canary }, { value: canary }]'))).toEqual([
    '1:105: notice: providers[0].auth_values[1]: the same key as one before it; remove it; a weight gives a key a larger share',
  ])
})

test.each([
  ['type: anthropic', 'anthropic', 'anthropic'],
  ['type: openai', 'openai', 'chat'],
  ['type: openai, dialect: responses', 'openai', 'responses'],
  ['dialect: chat', 'openai', 'chat'],
  ['dialect: anthropic', 'anthropic', 'anthropic'],
])('%s is type %s and dialect %s', (keys, type, dialect) => {
  expect(load(withProvider('auth_value: k', keys)).config.providers[0]).toMatchObject({ type, dialect })
})

test.each([
  ['weight: 1', 'providers[0].type: missing; write type: anthropic or type: openai'],
  ['type: zed', 'providers[0].type: must be one of anthropic, openai, not "zed"'],
  [
    'type: anthropic, dialect: chat',
    'providers[0].dialect: "chat" is not a dialect of type "anthropic"; remove one of the two; this dialect belongs to type "openai"',
  ],
])('%s is refused', (type, expected) => {
  expect(said(withProvider('auth_value: k', type)).map((line) => line.replace(/^\d+:\d+: /, ''))).toEqual([expected])
})

test.each([
  ['anthropic', 'https://a/v1/messages', 'https://a'],
  ['anthropic', 'https://a/v1/', 'https://a'],
  ['anthropic', 'https://a/x/v1', 'https://a/x'],
  ['openai', 'https://a/v1/chat/completions', 'https://a/v1'],
  ['openai', 'https://a/v1/chat/completions/', 'https://a/v1'],
])('the base URL of type %s %s is read as %s, with a notice', (type, url, expected) => {
  const text = `providers: [{ name: a, type: ${type}, base_url: "${url}", auth_value: k }]\n${route}`
  expect(load(text).config.providers[0]?.baseUrl).toBe(expected)
  expect(said(text)[0]).toContain(`notice: providers[0].base_url: lb itself appends`)
  expect(said(text)[0]).toContain(`read as ${expected}; write it so`)
})

test('the one address that everybody knows, without its /v1, is noticed', () => {
  const text = (url: string): string =>
    `providers: [{ name: a, type: openai, base_url: "${url}", auth_value: k }]\n${route}`
  expect(said(text('https://api.openai.com/'))).toEqual([
    '1:48: notice: providers[0].base_url: OpenAI answers below /v1 only; write https://api.openai.com/v1',
  ])
  expect(said(text('https://api.openai.com/v1'))).toEqual([])
})

test('a base URL that is right is left alone', () => {
  for (const url of [
    'https://a',
    'https://a/anthropic',
    'https://a/v1/messages/x',
    'http://127.0.0.1:1/mock-provider/b',
  ]) {
    const text = `providers: [{ name: a, type: anthropic, base_url: "${url}", auth_value: k }]\n${route}`
    expect(load(text).config.providers[0]?.baseUrl).toBe(url)
    expect(said(text)).toEqual([])
  }
})

test('a name may be used again for another account, in any case of letters', () => {
  const twice = (one: string, two: string): string => `providers:
  - { name: a, type: anthropic, base_url: "https://a", auth_type: oauth, ${one} }
  - { name: a, type: anthropic, base_url: "https://a", auth_type: oauth, ${two} }
model_routes: { "*": [{ provider: a }] }
settings: { oauth: { enabled: true } }`
  expect(load(twice('account_email: x@a', 'account_email: y@a')).config.providers.map(({ id }) => id)).toEqual([
    'a (x@a)',
    'a (y@a)',
  ])
  expect(load(twice('weight: 1', 'account_email: y@a')).config.providers.map(({ id }) => id)).toEqual(['a', 'a (y@a)'])
  expect(said(twice('account_email: x@a', 'account_email: X@A'))).toEqual([
    '3:13: providers[1].name: a second provider named "a (x@a)"; give it another name, or an account_email of its own',
  ])
  expect(said(twice('weight: 1', 'weight: 1'))[0]).toMatch(/^3:13: providers\[1\].name: a second provider named "a"/)
})

test('a disabled provider is left out and may have the name of another', () => {
  const text = `providers:
  - { name: a, type: anthropic, base_url: "https://a", auth_value: k }
  - { name: a, type: anthropic, base_url: "https://b", auth_value: k, enabled: false }
model_routes: { "*": [{ provider: a }] }`
  expect(load(text).config).toMatchObject({ providers: [{ baseUrl: 'https://a' }], disabledProviders: ['a'] })
})

test.each([
  '',
  'providers:',
  'providers: []',
  'settings: {}',
  'providers: [{ name: a, enabled: false, base_url: "https://a" }]',
])('%j has no enabled provider', (text) => {
  const line = said(text).find((candidate) => candidate.includes('providers: No enabled'))
  expect(line).toMatch(
    /^\d+:\d+: providers: No enabled providers found in configuration; add one, or set enabled: true$/,
  )
})

test('a proxy is kept secret but for its origin', () => {
  const { providers } = load(withProvider('auth_value: k, proxy: "socks5://u:p@h:1080/"')).config
  expect(providers[0]?.proxy?.origin).toBe('socks5://h:1080')
  expect(providers[0]?.proxy?.url.reveal()).toBe('socks5://u:p@h:1080/')
  expect(JSON.stringify(providers)).not.toContain('u:p')
})

test('headers, limits and timeouts are taken over', () => {
  const { providers } = load(
    withProvider(
      'auth_value: k, headers: { X-Team: r }, limits: { concurrency: 2 }, timeouts: { read_timeout: 5 }, weight: 0, streaming_mode: direct',
    ),
  ).config
  expect(providers[0]).toMatchObject({
    limits: { concurrency: 2 },
    timeouts: { readTimeoutMs: 5000 },
    weight: 0,
    streamingMode: 'direct',
  })
  expect(providers[0]?.headers.map(([name, value]) => [name, value.reveal()])).toEqual([['X-Team', 'r']])
})

test('an unknown streaming mode is read as auto, with a notice, as the predecessor did', () => {
  const text = withProvider('auth_value: k, streaming_mode: drect')
  expect(load(text).config.providers[0]?.streamingMode).toBe('auto')
  expect(said(text)[0]).toMatch(
    /notice: providers\[0\].streaming_mode: must be one of auto, direct, background, not "drect"; read as "auto"; did you mean "direct"\?$/,
  )
})

// biome-ignore-all lint/suspicious/noTemplateCurlyInString: these texts are what is tested
import { expect, test } from 'vitest'
import { load, provider, route, said, withSettings } from '../testing/load.ts'

const long = 'a-key-that-nobody-can-guess-0123456789'
const hash = 'A'.repeat(64)

test('auth without any key is refused, because nobody could get in', () => {
  for (const auth of [
    '{ enabled: true }',
    '{ enabled: true, api_key: "" }',
    '{ enabled: true, api_key: " \\t\\n" }',
    `{ enabled: true, admin_key: ${long} }`,
    '{ enabled: true, keys: [] }',
  ]) {
    expect(said(withSettings(`{ auth: ${auth} }`))).toEqual([
      '3:19: settings.auth: enabled without any key, so nobody could get in; set settings.auth.api_key or settings.auth.keys',
    ])
  }
})

test('a key whose variable is missing is one problem, not two', () => {
  expect(said(withSettings(`{ auth: { enabled: true, api_key: "$\{NOPE}" } }`))).toHaveLength(1)
})

test('the end of a line behind a key is none of the key: it comes from a file, and no header can carry it', () => {
  const settings = withSettings('{ auth: { enabled: true, api_key: "${K}", keys: [{ name: n, key: "${L}" }] } }')
  const { auth } = load(settings, { K: `${long}\n`, L: ` ${long}2\r\n` }).config.settings
  expect(auth.apiKey?.reveal()).toBe(long)
  const credential = auth.keys[0]?.credential
  expect(credential?.kind === 'key' && credential.key.reveal()).toBe(`${long}2`)
})

test('a key that can be guessed is a notice', () => {
  expect(
    said(
      withSettings(`{ auth: { enabled: true, api_key: short, admin_key: short2, keys: [{ name: n, key: short3 }] } }`),
    ),
  ).toEqual([
    '3:45: notice: settings.auth.api_key: a key shorter than 22 characters can be guessed; make one with: openssl rand -hex 32',
    '3:63: notice: settings.auth.admin_key: a key shorter than 22 characters can be guessed; make one with: openssl rand -hex 32',
    '3:94: notice: settings.auth.keys[0].key: a key shorter than 22 characters can be guessed; make one with: openssl rand -hex 32',
  ])
  expect(said(withSettings(`{ auth: { enabled: true, api_key: ${long} } }`))).toEqual([])
})

test('client keys without a key for the management routes are a notice', () => {
  expect(said(withSettings(`{ auth: { enabled: true, keys: [{ name: n, key: ${long} }] } }`))).toEqual([
    '3:19: notice: settings.auth: without api_key and admin_key the management routes are closed; set settings.auth.admin_key to use them',
  ])
})

test('client keys are a text or a hash, with limits', () => {
  const keys = `[{ name: a, key: ${long}, models: ["claude-*"], limits: { concurrency: 2, budget: { usd: 5 } } }, { name: b, key_sha256: ${hash} }]`
  const { auth } = load(withSettings(`{ auth: { enabled: true, admin_key: ${long}1, keys: ${keys} } }`)).config.settings
  expect(auth.keys[0]).toMatchObject({
    name: 'a',
    models: ['claude-*'],
    credential: { kind: 'key' },
    limits: { concurrency: 2, budget: { usd: 5, per: 'month' } },
  })
  expect(auth.keys[1]).toEqual({ name: 'b', credential: { kind: 'sha256', hex: 'a'.repeat(64) }, limits: {} })
  expect(auth.adminKey?.reveal()).toBe(`${long}1`)
})

test.each([
  ['[{ name: a }]', 'settings.auth.keys[0].key: missing; write key or key_sha256'],
  [
    `[{ name: a, key: ${long}, key_sha256: ${hash} }]`,
    'settings.auth.keys[0].key_sha256: key is there, too; keep one of the two',
  ],
  [
    `[{ name: a, key: ${long} }, { name: a, key: ${long}2 }]`,
    'settings.auth.keys[1].name: a second key named "a"; give it another name',
  ],
  [
    `[{ name: a, key: ${long} }, { name: b, key: ${long} }]`,
    'settings.auth.keys[1]: the same key as one before it; give every holder a key of their own',
  ],
  [`[{ name: a, key: ${long}0 }]`, 'settings.auth.keys[0].key: the same key as api_key or admin_key; make another one'],
  [
    `[{ name: nobody, key: ${long} }]`,
    'settings.auth.keys[0].name: "nobody" is what lb calls others; give it another name',
  ],
  [
    `[{ name: a, key_sha256: ${hash} }, { name: b, key_sha256: ${hash.toLowerCase()} }]`,
    'settings.auth.keys[1]: the same key as one before it; give every holder a key of their own',
  ],
  ['[{ name: a, key_sha256: canary }]', 'settings.auth.keys[0].key_sha256: must be 64 hexadecimal digits'],
  [`[{ key: ${long} }]`, 'settings.auth.keys[0].name: missing'],
  [`[{ name: a, key: ${long}, limits: { budget: { per: day } } }]`, 'settings.auth.keys[0].limits.budget.usd: missing'],
])('%s is refused', (keys, expected) => {
  const lines = said(withSettings(`{ auth: { enabled: true, api_key: ${long}0, keys: ${keys} } }`))
  expect(lines.map((line) => line.replace(/^\d+:\d+: /, ''))).toEqual([expected])
})

test('the admin key is a key of its own', () => {
  expect(said(withSettings(`{ auth: { enabled: true, api_key: ${long}, admin_key: ${long} } }`))).toEqual([
    '3:96: settings.auth.admin_key: the same key as api_key; make another one, or leave admin_key out',
  ])
  expect(said(withSettings(`{ auth: { enabled: true, api_key: ${long}, admin_key: ${long}1 } }`))).toEqual([])
})

test('a hash and a text are never taken for the same key', () => {
  const keys = `[{ name: a, key: ${long} }, { name: b, key_sha256: ${hash} }, { name: c, key: ${long}2 }]`
  expect(
    load(withSettings(`{ auth: { enabled: true, api_key: ${long}0, keys: ${keys} } }`)).config.settings.auth.keys,
  ).toHaveLength(3)
})

test('a client key may name a provider by the name that accounts share, and one of them', () => {
  const oauth = 'name: c, type: anthropic, base_url: "https://c.example", auth_type: oauth, account_email'
  const text = `providers: [{ ${oauth}: x@y.z }, { ${oauth}: z@y.x }]
model_routes: { "*": [{ provider: c, account_email: x@y.z }] }
settings: { oauth: { enabled: true }, auth: { enabled: true, api_key: ${long}0, keys: [{ name: k, key: ${long}, providers: [c, "c (x@y.z)"] }] } }`
  expect(said(text)).toEqual([])
})

test('a client key for an unknown provider is a notice', () => {
  const keys = `[{ name: k, key: ${long}, providers: [a, aa, zzz] }]`
  expect(
    said(withSettings(`{ auth: { enabled: true, api_key: ${long}0, keys: ${keys} } }`)).map((line) =>
      line.replace(/^\d+:\d+: /, ''),
    ),
  ).toEqual([
    'notice: settings.auth.keys[0].providers: there is no enabled provider "aa"; did you mean "a"?',
    'notice: settings.auth.keys[0].providers: there is no enabled provider "zzz"',
  ])
})

test('while auth is off, its keys are not looked at', () => {
  expect(load(withSettings('{ auth: { keys: [{ name: a }] } }')).config.settings.auth.keys).toEqual([])
})

test('an address that others can reach needs auth', () => {
  for (const host of [
    '0.0.0.0',
    '"::"',
    '192.168.1.5',
    'example.com',
    '"[::]"',
    '127.0.0.1.example.com',
    '::ffff:127.0.0.1',
  ]) {
    expect(said(withSettings(`{ host: '${host.replaceAll('"', '')}' }`))[0], host).toMatch(
      /^3:19: settings.host: listening on \S+ without settings.auth would let everybody who reaches it spend your keys; set settings.auth.enabled: true and settings.auth.api_key, or settings.host: 127.0.0.1$/,
    )
    expect(
      said(withSettings(`{ host: '${host.replaceAll('"', '')}', auth: { enabled: true, api_key: ${long} } }`)),
    ).toEqual([])
  }
})

test('auth that was meant but is wrong has one message', () => {
  expect(said(withSettings('{ host: 0.0.0.0, auth: { enabled: tru } }'))).toEqual([
    '3:45: settings.auth.enabled: must be true or false, not "tru"',
  ])
})

test('a URL or a pattern among the host names, which would match nobody, is noticed', () => {
  const nobody = 'only a host name counts, with or without port; write it out: lb.example.com'
  expect(
    said(withSettings('{ allowed_hosts: ["https://a.example", "*.example", b.example, "c:9090", "[::1]"] }')),
  ).toEqual([
    `3:29: notice: settings.allowed_hosts[0]: ${nobody}`,
    `3:50: notice: settings.allowed_hosts[1]: ${nobody}`,
  ])
})

test('paths without a key that are no paths, or cost money, are noticed', () => {
  const auth = (paths: string): string =>
    `{ auth: { enabled: true, api_key: ${'k'.repeat(22)}, exempt_paths: ${paths} } }`
  const nothing = 'only exact paths count, so this exempts nothing; write the path out: /health'
  const money = 'everybody who reaches lb may spend your keys here; leave it out, or give them keys'
  expect(said(withSettings(auth('[/providers/*, health, /v1/messages, /providers]')))).toEqual([
    `3:84: notice: settings.auth.exempt_paths[0]: ${nothing}`,
    `3:98: notice: settings.auth.exempt_paths[1]: ${nothing}`,
    `3:106: notice: settings.auth.exempt_paths[2]: ${money}`,
  ])
  expect(said(withSettings(auth('[]')))).toEqual([])
  const manage = 'everybody who reaches lb may manage it here; leave it out, or give them the admin key'
  expect(said(withSettings(auth('[/providers, /oauth/callback, /providers/reload, /oauth/tokens, /cleanup]')))).toEqual(
    [
      `3:113: notice: settings.auth.exempt_paths[2]: ${manage}`,
      `3:132: notice: settings.auth.exempt_paths[3]: ${manage}`,
      `3:147: notice: settings.auth.exempt_paths[4]: ${manage}`,
    ],
  )
  expect(said(withSettings('{ auth: { exempt_paths: [x] } }'))).toEqual([])
})

test('a key that no header can hold as it stands is a notice', () => {
  const settings = withSettings(
    `{ auth: { enabled: true, api_key: "${long}ключ", keys: [{ name: n, key: "${long}é" }] } }`,
  )
  expect(said(settings).map((line) => line.replace(/^3:\d+: /, ''))).toEqual([
    expect.stringMatching(/^notice: settings.auth.api_key: a header cannot hold these .* may let nobody in; make one/),
    expect.stringMatching(/^notice: settings.auth.keys\[0\].key: a header cannot hold these/),
  ])
})

test('stored logins that are off are a notice that names the providers', () => {
  const text = (settings: string): string => `providers:
  - { name: o, type: anthropic, base_url: "https://a", auth_type: oauth }
  - { name: o, type: anthropic, base_url: "https://a", auth_type: oauth, account_email: a@b }
model_routes: { "*": [{ provider: o }] }
settings: ${settings}`
  expect(said(text('{}'))[0]).toContain(
    'notice: settings.oauth.enabled: stored logins are off, so "o" cannot be used; set settings.oauth.enabled: true',
  )
  expect(said(text('{ oauth: { enabled: true } }'))).toEqual([])
})

test('a timeout of nothing, which would end every request at once, is a mistake', () => {
  const streaming = 'streaming: { connect_timeout: 0, first_byte_timeout: 0, read_timeout: 0, idle_timeout: 0 }'
  const lines = said(
    withSettings(`{ timeouts: { ${streaming}, non_streaming: { connect_timeout: 0, read_timeout: 0 } } }`),
  )
  expect(lines).toHaveLength(6)
  for (const line of lines) expect(line).toContain('_timeout: must not be below 0.001, not "0"')
  const own = provider.replace(
    'auth_value',
    'timeouts: { connect_timeout: 0, first_byte_timeout: 0, idle_timeout: 0.001 }, auth_value',
  )
  expect(said(`${own}\n${route}`)).toHaveLength(2)
})

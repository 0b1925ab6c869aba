import { expect, test } from 'vitest'
import { type ConfigFlags, checkFlags } from '../load.ts'
import { Findings, formatProblems } from '../problem.ts'
import { load, provider, route, said, withSettings } from '../testing/load.ts'
import { placesIn } from '../yaml/place.ts'
import { parseYaml } from '../yaml/tree.ts'
import { Reader } from './reader.ts'

test('what is left out has its default, in the units of the program', () => {
  const { settings } = load(`${provider}\n${route}`).config
  expect(settings).toMatchObject({
    host: '127.0.0.1',
    port: 9090,
    failoverPolicy: 'seamless',
    stickyProviderDurationMs: 300_000,
    holdMs: 30_000,
    shutdownGraceMs: 30_000,
    timeouts: { requestTimeoutMs: 600_000, streaming: { firstByteTimeoutMs: 30_000 } },
    deduplication: { cache: { enabled: false } },
    oauth: { enabled: false, scopes: ['user:profile', 'user:inference'] },
    auth: { enabled: false, exemptPaths: ['/health', '/docs', '/redoc', '/openapi.json'], keys: [] },
    usage: { prices: [] },
    allowedHosts: [],
  })
  expect('failureCooldownMs' in settings).toBe(false)
})

test('left empty is left out', () => {
  const all = load(withSettings('{}')).config
  const empty = load(
    withSettings(
      '{ port: , host: "", hold: ~, timeouts: , auth: { exempt_paths: null, api_key: "" }, usage: { prices: null }, log_level: "" }',
    ),
  ).config
  expect(empty).toEqual(all)
  expect(load(`${provider}\n${route}\nsettings:\n`).config).toEqual(all)
})

test('an empty text counts where it means something', () => {
  expect(load(withSettings('{ log_file_path: "", oauth: { beta_header: "" } }')).config.settings).toMatchObject({
    logFilePath: '',
    oauth: { betaHeader: '' },
  })
  expect(load(withSettings('{ log_file_path: }')).config.settings.logFilePath).toBe('logs/logs.jsonl')
})

test('an empty list replaces the default list', () => {
  expect(load(withSettings('{ auth: { exempt_paths: [] } }')).config.settings.auth.exemptPaths).toEqual([])
})

test('empty entries of a list are left out', () => {
  const text = withSettings(
    '{ unhealthy_exception_patterns: [a, , "", ~, b], unhealthy_http_codes: [ 500, ~ ] }'.replace(', ,', ','),
  )
  expect(load(text).config.settings).toMatchObject({
    unhealthyExceptionPatterns: ['a', 'b'],
    unhealthyHttpCodes: [500],
  })
})

test('times are rounded to milliseconds', () => {
  expect(
    load(withSettings('{ failure_cooldown: 0.1, hold: 1.0004, linger: 1 }'.replace(', linger: 1', ''))).config.settings,
  ).toMatchObject({
    failureCooldownMs: 100,
    holdMs: 1000,
  })
})

test('0 and below switch the reset timeout off', () => {
  for (const value of ['0', '-1', '-0.5']) {
    expect(load(withSettings(`{ unhealthy_reset_timeout: ${value} }`)).config.settings.unhealthyResetTimeoutMs).toBe(0)
  }
})

test('texts are taken by their letters', () => {
  const { settings } = load(
    withSettings('{ app_version: 1.10, app_name: true, auth: { api_key: 12345678901234567890123 } }'),
  ).config
  expect(settings).toMatchObject({ appVersion: '1.10', appName: 'true' })
  expect(settings.auth.apiKey?.reveal()).toBe('12345678901234567890123')
})

test("flags know the words of the predecessor's parser, numbers its underscores", () => {
  const flags = (word: string): boolean => load(withSettings(`{ log_color: ${word} }`)).config.settings.logColor
  expect(['true', 'True', 'yes', 'YES', 'on', 'On'].map(flags)).toEqual(Array(6).fill(true))
  expect(['false', 'FALSE', 'no', 'No', 'off', 'OFF'].map(flags)).toEqual(Array(6).fill(false))
  expect(load(withSettings('{ max_body_bytes: 1_048_576 }')).config.settings.maxBodyBytes).toBe(1_048_576)
  expect(load(withSettings('{ port: 0x1F90 }')).config.settings.port).toBe(8080)
})

test('words may be written in any case', () => {
  expect(load(withSettings('{ log_level: info, selection_strategy: Round_Robin }')).config.settings).toMatchObject({
    logLevel: 'INFO',
    selectionStrategy: 'round_robin',
  })
})

test.each([
  ['{ port: 70000 }', '3:19: settings.port: must not be above 65535, not "70000"'],
  ['{ port: -1 }', '3:19: settings.port: must not be below 0, not "-1"'],
  ['{ port: 80.5 }', '3:19: settings.port: must be a whole number, not "80.5"'],
  ['{ port: http }', '3:19: settings.port: must be a number, not "http"'],
  ['{ port: "80" }', '3:19: settings.port: must be a number, not "80"; remove the quotes'],
  ['{ port: [80] }', '3:19: settings.port: must be a single value, not a list'],
  ['{ port: { a: 1 } }', '3:19: settings.port: must be a single value, not keys with values'],
  ['{ hold: -1 }', '3:19: settings.hold: must not be below 0, not "-1"'],
  ['{ hold: .nan }', '3:19: settings.hold: must be a number, not ".nan"'],
  ['{ hold: .inf }', '3:19: settings.hold: must not be above 2147483, not ".inf"'],
  ['{ log_color: 1 }', '3:24: settings.log_color: must be true or false, not "1"'],
  ['{ log_color: "true" }', '3:24: settings.log_color: must be true or false, not "true"; remove the quotes'],
  [
    '{ log_level: verbose }',
    '3:24: settings.log_level: must be one of DEBUG, INFO, WARNING, ERROR, CRITICAL, not "verbose"',
  ],
  [
    '{ log_level: warn }',
    '3:24: settings.log_level: must be one of DEBUG, INFO, WARNING, ERROR, CRITICAL, not "warn"; did you mean "WARNING"?',
  ],
  ['{ selection_strategy: prioritty }', /must be one of priority, .*, not "prioritty"; did you mean "priority"\?$/],
  [
    '{ unhealthy_http_codes: 500 }',
    '3:35: settings.unhealthy_http_codes: must be a list, not a single value; write […]',
  ],
  [
    '{ allowed_hosts: { canary: 1 } }',
    '3:28: settings.allowed_hosts: must be a list, not keys with values; begin every entry with "- "',
  ],
  ['{ deduplication: no }', /: must be keys with values, not a single value; write \{ enabled: … \}$/],
  ['{ timeouts: 60 }', /: must be keys with values, not a single value; write \{ request_timeout: … \}$/],
  ['{ auth: { keys: [canary] } }', /: must be keys with values, not a single value; write \{ name: … \}$/],
  ['{ unhealthy_http_codes: [99, 600] }', '3:36: settings.unhealthy_http_codes[0]: must not be below 100, not "99"'],
  ['{ usage: { prices: [] } }', '3:30: settings.usage.prices: must be names with values, not a list'],
  ['{ usage: { prices: { m: { input: -1 } } } }', '3:44: settings.usage.prices.m.input: must not be below 0, not "-1"'],
  ['{ auth: canary }', '3:19: settings.auth: must be keys with values, not a single value; write { enabled: … }'],
  [
    '{ oauth: { token_url: "ftp://canary" } }',
    '3:33: settings.oauth.token_url: must be a URL that begins with http:// or https://',
  ],
  [
    '{ oauth: { token_url: "http://u:canary@h" } }',
    '3:33: settings.oauth.token_url: must not contain a user name or password',
  ],
  [
    '{ oauth: { token_url: "http://h?a=canary" } }',
    '3:33: settings.oauth.token_url: must not have a query (?) or fragment (#)',
  ],
  ['{ oauth: { token_url: "http://" } }', '3:33: settings.oauth.token_url: must be a URL with a host name'],
  [
    '{ oauth: { proxy: "127.0.0.1:canary" } }',
    '3:29: settings.oauth.proxy: must be a URL that begins with http://, https:// or socks5://',
  ],
  ['{ oauth: { proxy: "socks5://" } }', '3:29: settings.oauth.proxy: must be a URL with a host name'],
  ['[canary]', '3:11: settings: must be keys with values, not a list; write the keys without dashes or brackets'],
])('%s is refused', (settings, expected) => {
  const [first = ''] = said(withSettings(settings))
  if (typeof expected === 'string') expect(first).toBe(expected)
  else expect(first).toMatch(expected)
  expect(first).not.toContain('canary')
})

test('a longer text at a wrong place might be a secret, and is not shown', () => {
  expect(said(withSettings('{ log_color: sk-ant-0123456789-0123456789 }'))).toEqual([
    '3:24: settings.log_color: must be true or false, not a longer text',
  ])
})

test.each([
  ['{ prot: 1 }', '3:13: settings.prot: unknown key; did you mean "port"?'],
  ['{ base_url: x }', '3:13: settings.base_url: unknown key; did you mean providers[].base_url?'],
  [
    '{ enable_persistence: x }',
    '3:13: settings.enable_persistence: unknown key; did you mean settings.oauth.enable_persistence?',
  ],
  ['{ "no such thing": x }', '3:13: settings["no such thing"]: unknown key'],
  ['{ timeouts: { streamign: {} } }', '3:25: settings.timeouts.streamign: unknown key; did you mean "streaming"?'],
  ['{ __proto__: { port: 1 } }', '3:13: settings.__proto__: unknown key'],
  ['{ constructor: 1 }', '3:13: settings.constructor: unknown key'],
])('%s is an unknown key', (settings, expected) => {
  expect(said(withSettings(settings))).toEqual([expected])
})

test.each([
  ['api_key: k', 'did you mean "auth_value"?'],
  ['apiKey: k', 'did you mean "auth_value"?'],
  ['token: k', 'did you mean "auth_value"?'],
  ['api_base: x', 'did you mean "base_url"?'],
  ['url: x', 'did you mean "base_url"?'],
  ['host: x', 'did you mean "base_url"?'],
  ['models: [x]', ''],
  ['model: x', 'did you mean model_routes.*[].model?'],
])('%s at a provider is no key of another part of the file', (line, suggestion) => {
  const [problem = ''] = said(`${provider.replace(' }', `, ${line} }`)}\n${route}`)
  expect(problem.split('unknown key')[1]).toBe(suggestion === '' ? '' : `; ${suggestion}`)
})

test('a key that belongs further down is looked for there first', () => {
  expect(said(withSettings('{ timeouts: { read_timeout: 60 } }'))).toEqual([
    '3:25: settings.timeouts.read_timeout: unknown key; did you mean settings.timeouts.non_streaming.read_timeout?',
  ])
})

test('a key at the top that belongs below settings is told so', () => {
  expect(said(`${provider}\n${route}\nport: 1\nrotues: 1`)).toEqual([
    '3:1: port: unknown key; did you mean settings.port?',
    '4:1: rotues: unknown key',
  ])
})

test('every mistake is reported, not only the first', () => {
  expect(
    said(withSettings('{ a1: 1, port: x, hold: -1, timeouts: { b1: 1, streaming: { read_timeout: x } }, auth: 1 }')),
  ).toHaveLength(6)
})

test('something else than a map of keys is refused', () => {
  expect(() => load('- a')).toThrow('refused:\nf:1:1: must be keys with values, not a list')
  expect(said('- a\n- b')).toEqual(['1:1: must be keys with values, not a list'])
  expect(said('canary')).toEqual(['1:1: must be keys with values, not a single value'])
  expect(said('"canary"')).toEqual(['1:1: must be keys with values, not a single value'])
})

test('a profile is a name or any keys, kept as they are', () => {
  const text = (profile: string): string =>
    `providers: [{ name: a, type: openai, base_url: "https://a", auth_value: k, profile: ${profile} }]\n${route}`
  expect(load(text('groq')).config.providers[0]?.profile).toBe('groq')
  expect(
    load(text('{ base: x, deep: [1, 2.5, true, null, "1", { __proto__: 2 }] }')).config.providers[0]?.profile,
  ).toEqual({
    base: 'x',
    deep: [1, 2.5, true, null, '1', JSON.parse('{"__proto__":2}')],
  })
  expect(said(text('{ a: .inf }'))).toEqual(['1:90: providers[0].profile.a: must be a finite number'])
  expect(said(text('[x]'))).toEqual(['1:85: providers[0].profile: must be a single value, not a list'])
})

test('the order of names is the order of the file', () => {
  const { settings } = load(
    withSettings('{ usage: { prices: { "z*": { input: 1 }, "10": {}, "2": {}, a: { output: 2 } } } }'),
  ).config
  expect(settings.usage.prices).toEqual([
    ['z*', { input: 1 }],
    ['10', {}],
    ['2', {}],
    ['a', { output: 2 }],
  ])
})

test('the command line goes before the file and is checked like it', () => {
  const flags = { host: 'localhost', port: '8080', log_level: 'debug' }
  expect(load(withSettings('{ port: 1, log_level: ERROR }'), {}, flags).config.settings).toMatchObject({
    host: 'localhost',
    port: 8080,
    logLevel: 'DEBUG',
  })
  expect(load(`${provider}\n${route}`, {}, { port: '0', host: undefined }).config.settings.port).toBe(0)
  expect(said(withSettings('{}'), {}, { port: 'http', log_level: 'loud', host: '0.0.0.0' })).toEqual([
    '--port: settings.port: must be a number, not "http"',
    '--log-level: settings.log_level: must be one of DEBUG, INFO, WARNING, ERROR, CRITICAL, not "loud"',
    expect.stringMatching(/^--host: settings.host: listening on 0.0.0.0 without settings.auth/),
  ])
})

test('a flag is not searched for variables, and an empty one is none', () => {
  expect(said(withSettings('{}'), { A: '1' }, { port: '${'.concat('A}') })[0]).toMatch(
    /^--port: settings.port: must be a number/,
  )
  expect(load(withSettings('{ port: 1 }'), {}, { port: '' }).config.settings.port).toBe(9090)
})

test('a command line is wrong by itself, whatever the file says', () => {
  const wrong = (flags: ConfigFlags) => formatProblems(checkFlags(flags), 'no file').split('\n')
  expect(checkFlags({ host: '0.0.0.0', port: '0', log_level: undefined })).toEqual([])
  expect(checkFlags({})).toEqual([])
  expect(wrong({ port: '99999', log_level: 'loud' })).toEqual([
    '--port: settings.port: must not be above 65535, not "99999"',
    '--log-level: settings.log_level: must be one of DEBUG, INFO, WARNING, ERROR, CRITICAL, not "loud"',
  ])
  expect(wrong({ host: '127.0.0.1:80' })[0]).toMatch(
    /^--host: settings.host: must be a name or an address .* without a port/,
  )
  expect(wrong({ port: '', host: '' })).toEqual(['--port: settings.port: is empty', '--host: settings.host: is empty'])
})

test('an object that was not read has no path', () => {
  const tree = parseYaml('a: 1').tree
  if (tree === undefined) throw new Error('unreadable')
  expect(new Reader(new Findings(tree, placesIn('')), {}).pathOf({})).toEqual([])
})

test('a config cannot be changed', () => {
  const { config } = load(withSettings('{}'))
  expect(Object.isFrozen(config.settings.timeouts.streaming)).toBe(true)
  expect(Object.isFrozen(config.providers[0]?.auth)).toBe(true)
  expect(Object.isFrozen(config.modelRoutes[0]?.routes[0])).toBe(true)
})

import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { parse, stringify } from 'yaml'
import { loadConfig } from './load.ts'
import { formatProblems } from './problem.ts'

const example = readFileSync(new URL('../testdata/predecessor.example.yaml', import.meta.url), 'utf8')

function load(text: string): Extract<ReturnType<typeof loadConfig>, { ok: true }>['value'] {
  const loaded = loadConfig(text, {})
  if (!loaded.ok) throw new Error(formatProblems(loaded.error, 'config.yaml'))
  return loaded.value
}

test("the predecessor's example file loads unchanged, and says what has no effect", () => {
  expect(formatProblems(load(example).notices, 'config.yaml').split('\n')).toEqual([
    'config.yaml:39:5: notice: providers[3].priority: no effect: the order is set by `priority` in `model_routes`',
    'config.yaml:85:17: notice: model_routes["*sonnet*"][3].provider: the provider "Disabled" is disabled; the route is skipped',
    'config.yaml:96:17: notice: model_routes["*"][1].provider: there is no provider "已删除"; the route is skipped',
    'config.yaml:144:7: notice: settings.timeouts.non_streaming.pool_timeout: no effect: nothing is needed: lb opens a connection when none is free, so no request waits for one',
    'config.yaml:148:7: notice: settings.timeouts.streaming.pool_timeout: no effect: nothing is needed: lb opens a connection when none is free, so no request waits for one',
    'config.yaml:167:3: notice: settings.oauth.enabled: stored logins are off, so "Claude Code Official" cannot be used; ' +
      "set settings.oauth.enabled: true if the provider's terms allow it, or use an API key or auth_value: passthrough",
    'config.yaml:184:3: notice: settings.reload_includes: no effect: lb watches its own configuration file, nothing else',
    'config.yaml:189:3: notice: settings.testing: no effect: lb delays no request; to try out a client, configure a provider that is slow (`@lb/mock-provider` plays one)',
  ])
})

test('its providers keep their ways to sign in', () => {
  const { config } = load(example)
  expect(config.providers.map(({ id, dialect, auth }) => [id, dialect, auth.kind])).toEqual([
    ['Claude Code Official', 'anthropic', 'oauth'],
    ['Claude Code Official (second.account@example.com)', 'anthropic', 'oauth'],
    ['Passthrough', 'anthropic', 'passthrough'],
    ['GAC', 'anthropic', 'api-key'],
    ['AnyRouter 中转站', 'anthropic', 'bearer'],
    ['OpenRouter', 'chat', 'bearer'],
  ])
  expect(config.disabledProviders).toEqual(['Disabled'])
  expect(config.providers[2]?.baseUrl).toBe('https://relay.example.com')
  const auth = config.providers[4]?.auth
  expect(auth?.kind === 'bearer' && auth.keys[0]?.secret.reveal()).toBe('sk-your-token-$$-here')
})

test('its routes lead to the right account', () => {
  const [haiku, sonnet, rest] = load(example).config.modelRoutes
  expect(haiku?.routes.map(({ providerId, model, priority }) => [providerId, model, priority])).toEqual([
    ['GAC', 'passthrough', 1],
    ['OpenRouter', 'anthropic/claude-3.5-haiku', 2],
  ])
  expect(sonnet?.routes.map((route) => route.providerId)).toEqual([
    'Claude Code Official (second.account@example.com)',
    'Claude Code Official',
    'AnyRouter 中转站',
  ])
  expect(rest?.routes.map((route) => route.providerId)).toEqual(['Passthrough'])
})

test('its settings are all taken over, seconds as milliseconds', () => {
  const { settings } = load(example).config
  expect(settings).toMatchObject({
    selectionStrategy: 'priority',
    failureCooldownMs: 300_000,
    unhealthyThreshold: 2,
    unhealthyResetTimeoutMs: 300_000,
    unhealthyExceptionPatterns: ['connection', 'timeout', 'ssl', 'network'],
    timeouts: {
      nonStreaming: { connectTimeoutMs: 30_000, readTimeoutMs: 120_000 },
      streaming: { connectTimeoutMs: 30_000, readTimeoutMs: 120_000 },
      caching: { deduplicationTimeoutMs: 180_000 },
    },
    deduplication: { enabled: true, includeMaxTokensInSignature: false, sseErrorCleanupDelayMs: 3000 },
    appName: 'ClaudeCode Providers Balancer',
    appVersion: '0.1.6',
    tokenCounting: { apiFailureCooldownMs: 300_000, failureThreshold: 2, alwaysUseLocal: false },
  })
  expect(settings.unhealthyHttpCodes).toHaveLength(14)
  expect(settings.unhealthyResponseBodyPatterns.map((pattern) => pattern.kind)).toEqual(Array(7).fill('regex'))
  expect(settings.unhealthyResponseBodyPatterns[3]?.text).toContain('没有可用')
  expect('timeoutOverrideMs' in settings.tokenCounting).toBe(false)
})

test('every dead key of its history is a notice with what replaces it, in any place and with any value', () => {
  const dead = {
    settings: [
      'unhealthy_error_types',
      'failover_error_types',
      'failover_http_codes',
      'idle_recovery_interval',
      'request_timeout',
      'streaming_timeout',
      'streaming_activity_timeout',
      'client_disconnect_watchdog',
      'auto_refresh_config',
      'billing_model',
      'session_config',
      'reload_includes',
    ],
    provider: ['big_model', 'small_model', 'auto_refresh_config', 'billing_model', 'session_config', 'priority'],
  }
  for (const value of [1, 'x', ['x'], { anything: { deep: true } }, null]) {
    const file = parse(example)
    file.routing = value
    file.settings.auth.auth_tokens = value
    for (const key of dead.settings) file.settings[key] = value
    for (const key of dead.provider) file.providers[0][key] = value
    const { notices } = load(stringify(file))
    const paths = notices.filter(({ message }) => message.startsWith('no effect: ')).map(({ path }) => path)
    expect(new Set(paths)).toEqual(
      new Set([
        'routing',
        'settings.auth.auth_tokens',
        ...dead.settings.map((key) => `settings.${key}`),
        ...dead.provider.map((key) => `providers[0].${key}`),
        'providers[3].priority',
        'settings.testing',
        'settings.timeouts.non_streaming.pool_timeout',
        'settings.timeouts.streaming.pool_timeout',
      ]),
    )
  }
})

test('auth at the top level is read as settings.auth', () => {
  const file = parse(example)
  file.auth = file.settings.auth
  file.auth.enabled = true
  delete file.settings.auth
  const { config, notices } = load(stringify(file))
  expect(config.settings.auth.enabled).toBe(true)
  expect(config.settings.auth.apiKey?.reveal()).toBe('your-balancer-api-key-here')
  expect(notices.find(({ path }) => path === 'auth')?.message).toBe('read as settings.auth')
})

test('settings.auth goes before auth at the top level', () => {
  const file = parse(example)
  file.auth = { enabled: true, nonsense: 1 }
  const { config, notices } = load(stringify(file))
  expect(config.settings.auth.enabled).toBe(false)
  expect(notices.find(({ path }) => path === 'auth')?.message).toBe('ignored, because settings.auth is there')
})

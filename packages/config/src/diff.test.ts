import { expect, test } from 'vitest'
import type { Config } from './config.ts'
import { type ConfigDiff, describeDiff } from './diff.ts'
import { load } from './testing/load.ts'

function config(providers: string, routes = '{ "*": [{ provider: a }] }', settings = '{}'): Config {
  return load(`providers: [${providers}]\nmodel_routes: ${routes}\nsettings: ${settings}`).config
}

const a = '{ name: a, type: anthropic, base_url: "https://a", auth_value: canary-a }'
const b = '{ name: b, type: openai, base_url: "https://b", auth_value: canary-b, proxy: "http://u:canary@p:1" }'

const nothing: ConfigDiff = {
  providers: { added: [], removed: [], changed: [] },
  routes: { added: [], removed: [], changed: [], reordered: false },
  settings: [],
  restart: [],
  unchanged: true,
}

test('two loads of one file differ in nothing, secrets included', () => {
  expect(describeDiff(config(`${a}, ${b}`), config(`${a}, ${b}`))).toEqual(nothing)
})

test('a provider that came or went is named', () => {
  expect(describeDiff(config(a), config(`${a}, ${b}`)).providers).toEqual({ added: ['b'], removed: [], changed: [] })
  expect(describeDiff(config(`${a}, ${b}`), config(a)).providers).toEqual({ added: [], removed: ['b'], changed: [] })
})

test('a provider that changed is named with its keys, in the words and units of the file', () => {
  const after =
    '{ name: a, type: anthropic, base_url: "https://c", auth_value: canary-a, weight: 2, timeouts: { read_timeout: 5 } }'
  expect(describeDiff(config(a), config(after))).toEqual({
    ...nothing,
    unchanged: false,
    providers: {
      added: [],
      removed: [],
      changed: [
        {
          provider: 'a',
          changes: [
            { key: 'base_url', from: 'https://a', to: 'https://c' },
            { key: 'weight', from: 1, to: 2 },
            { key: 'timeouts.read_timeout', to: 5 },
          ],
        },
      ],
    },
  })
})

test('a secret that changed is reported, and not shown', () => {
  const before = config(
    `${a}, ${b}`,
    undefined,
    '{ auth: { api_key: canary-key }, oauth: { encryption_key: canary-1 } }',
  )
  const after = config(
    `${a.replace('canary-a', 'canary-new')}, ${b.replace('http://u:canary@p:1', 'http://u:canary2@p:1').replace('auth_value: canary-b', 'headers: { x: canary }, auth_value: canary-b')}`,
    undefined,
    '{ auth: { api_key: canary-key2 }, oauth: { encryption_key: canary-1 } }',
  )
  const diff = describeDiff(before, after)
  expect(diff.providers.changed).toEqual([
    {
      provider: 'a',
      changes: [
        {
          key: 'auth',
          from: { kind: 'api-key', keys: [{ id: 'key-1', secret: '***', weight: 1 }] },
          to: { kind: 'api-key', keys: [{ id: 'key-1', secret: '***', weight: 1 }] },
        },
      ],
    },
    {
      provider: 'b',
      changes: [
        { key: 'proxy', from: 'http://p:1', to: 'http://p:1' },
        { key: 'headers', from: [], to: [['x', '***']] },
      ],
    },
  ])
  expect(diff.settings).toEqual([{ key: 'auth.api_key', from: '***', to: '***' }])
  expect(JSON.stringify(diff)).not.toContain('canary')
})

test('routes are named by pattern, provider and model', () => {
  const before = config(`${a}, ${b}`, '{ x: [{ provider: a }, { provider: b, model: m }], y: [{ provider: a }] }')
  const after = config(
    `${a}, ${b}`,
    '{ x: [{ provider: a, priority: 2, when: { tools: true } }], z: [{ provider: b }, { provider: b }] }',
  )
  expect(describeDiff(before, after).routes).toEqual({
    added: ['z → b (passthrough)', 'z → b (passthrough) #2'],
    removed: ['x → b (m)', 'y → a (passthrough)'],
    changed: [
      {
        route: 'x → a (passthrough)',
        changes: [
          { key: 'priority', from: 1, to: 2 },
          { key: 'when.tools', to: true },
        ],
      },
    ],
    reordered: false,
  })
})

test('another order of patterns is a change, because the first that fits is used', () => {
  const before = config(a, '{ "a*": [{ provider: a }], "*": [{ provider: a }] }')
  const after = config(a, '{ "*": [{ provider: a }], "a*": [{ provider: a }] }')
  expect(describeDiff(before, after)).toEqual({
    ...nothing,
    unchanged: false,
    routes: { ...nothing.routes, reordered: true },
  })
})

test('settings are named in the words and units of the file; host and port need a restart', () => {
  const diff = describeDiff(
    config(
      a,
      undefined,
      '{ port: 1, failure_cooldown: 1.5, unhealthy_http_codes: [400], usage: { prices: { m: { input: 1 } } } }',
    ),
    config(
      a,
      undefined,
      '{ port: 2, host: "::1", timeouts: { streaming: { read_timeout: 60 } }, streaming: { hold_back: 1 }, unhealthy_response_body_patterns: [a] }',
    ),
  )
  expect(diff.settings).toEqual([
    { key: 'host', from: '127.0.0.1', to: '::1' },
    { key: 'port', from: 1, to: 2 },
    { key: 'usage.prices', from: [['m', { input: 1 }]], to: [] },
    { key: 'failure_cooldown', from: 1.5 },
    { key: 'unhealthy_response_body_patterns', from: [], to: [{ kind: 'regex', text: 'a' }] },
    { key: 'unhealthy_http_codes', from: [400], to: [] },
    { key: 'timeouts.streaming.read_timeout', from: 120, to: 60 },
    { key: 'streaming.hold_back', from: 3, to: 1 },
  ])
  expect(diff.restart).toEqual(['host', 'port'])
  expect(diff.unchanged).toBe(false)
})

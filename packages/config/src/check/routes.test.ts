import { expect, test } from 'vitest'
import { load, provider, said } from '../testing/load.ts'

const two = `providers:
  - { name: alpha, type: anthropic, base_url: "https://a", auth_value: k }
  - { name: beta, type: anthropic, base_url: "https://b", auth_value: k }
  - { name: off, type: anthropic, base_url: "https://c", auth_value: k, enabled: false }
`

test('routes keep their order and get their defaults', () => {
  const { modelRoutes } = load(`${two}model_routes:
  "*opus*": [{ provider: beta, model: m, priority: 2, weight: 3 }, { provider: alpha }]
  claude-3: [{ provider: alpha, when: { min_tokens: 5, thinking: false } }]`).config
  expect(modelRoutes).toEqual([
    {
      pattern: '*opus*',
      routes: [
        { provider: 'beta', providerId: 'beta', model: 'm', priority: 2, weight: 3 },
        { provider: 'alpha', providerId: 'alpha', model: 'passthrough', priority: 1 },
      ],
    },
    {
      pattern: 'claude-3',
      routes: [
        {
          provider: 'alpha',
          providerId: 'alpha',
          model: 'passthrough',
          priority: 1,
          when: { minTokens: 5, thinking: false },
        },
      ],
    },
  ])
})

test('a route that leads nowhere is skipped with a notice that says why', () => {
  const text = `${two}model_routes:
  a: [{ provider: alhpa }, { provider: off }, { provider: gone }, { provider: beta, account_email: x@y }]
  b: [{ provider: alpha, enabled: false }]
  c: [{ provider: beta }]`
  expect(said(text)).toEqual([
    '6:3: notice: model_routes.a: no usable route',
    '6:19: notice: model_routes.a[0].provider: there is no provider "alhpa"; the route is skipped; did you mean "alpha"?',
    '6:40: notice: model_routes.a[1].provider: the provider "off" is disabled; the route is skipped',
    '6:59: notice: model_routes.a[2].provider: there is no provider "gone"; the route is skipped',
    '6:100: notice: model_routes.a[3].account_email: no provider "beta" has this account; the route is skipped',
    '7:3: notice: model_routes.b: no usable route',
  ])
  expect(load(text).config.modelRoutes.map(({ pattern }) => pattern)).toEqual(['c'])
})

test('a variable in a pattern is text, which a notice says', () => {
  expect(said(`${two}model_routes: { "claude-${'${V}'}": [{ provider: alpha }] }`, { V: '5' })).toEqual([
    '5:17: notice: model_routes["claude-${V}"]: variables are not filled in here; write the model out',
  ])
})

test('no routes at all is a notice', () => {
  for (const routes of ['', 'model_routes:', 'model_routes: {}']) {
    expect(said(`${provider}\n${routes}`)[0]).toMatch(
      /notice: model_routes: no routes: every model is unknown; add model_routes/,
    )
  }
})

test('an account picks its provider; without one the provider without account goes first', () => {
  const accounts = (plain: string): string => `providers:
  - { name: o, type: anthropic, base_url: "https://a", auth_type: oauth, account_email: one@x }
  - { name: o, type: anthropic, base_url: "https://a", auth_type: oauth, account_email: two@x }
${plain}model_routes: { a: [{ provider: o, account_email: TWO@x }], b: [{ provider: o }] }
settings: { oauth: { enabled: true } }`
  const ids = (text: string): unknown => load(text).config.modelRoutes.map(({ routes }) => routes[0]?.providerId)
  expect(ids(accounts(''))).toEqual(['o (two@x)', 'o (one@x)'])
  expect(ids(accounts('  - { name: o, type: anthropic, base_url: "https://a", auth_value: k }\n'))).toEqual([
    'o (two@x)',
    'o',
  ])
})

test.each([
  ['[{ model: m }]', '2:23: model_routes["*"][0].provider: missing'],
  ['[{ provider: a, priority: first }]', '2:48: model_routes["*"][0].priority: must be a number, not "first"'],
  ['[{ provider: a, prio: 1 }]', '2:38: model_routes["*"][0].prio: unknown key; did you mean "priority"?'],
  ['[a]', '2:23: model_routes["*"][0]: must be keys with values, not a single value; write { provider: … }'],
  ['a', '2:22: model_routes["*"]: must be a list, not a single value; write [{ provider: … }]'],
  [
    '[{ provider: a, when: { min_tokens: 9, max_tokens: 8 } }]',
    '2:73: model_routes["*"][0].when.max_tokens: below min_tokens (9); no request can meet both',
  ],
])('%s is refused', (routes, expected) => {
  expect(said(`${provider}\nmodel_routes: { "*": ${routes} }`)[0]).toBe(expected)
})

test('when the providers are wrong, the routes to them are not blamed', () => {
  expect(said('providers: [{ name: a }]\nmodel_routes: { "*": [{ provider: a }, { provider: b }] }')).toEqual([
    '1:13: providers[0].base_url: missing',
  ])
})

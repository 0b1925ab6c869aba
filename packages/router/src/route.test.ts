import { describe, expect, test } from 'vitest'
import { type RouteProvider, type RouteRequest, type RouteRule, routeTargets } from './route.ts'

const provider = (name: string, ...keys: string[]): RouteProvider => ({
  name,
  credentials: (keys.length > 0 ? keys : ['k']).map((key, index) => ({ name: key, weight: index + 1 })),
  passThrough: name === 'own',
  price: name === 'a' ? 3 : null,
})
const providers = [provider('a'), provider('b', 'x', 'y'), provider('own')]
const request = (more: Partial<RouteRequest> = {}): RouteRequest => ({
  model: 'claude-opus',
  features: { tokens: 10, thinking: false, images: false, webSearch: false, tools: false, background: false },
  forcedProvider: null,
  ...more,
})
const rules: RouteRule[] = [
  {
    pattern: 'claude-*',
    entries: [
      { provider: 'a', model: null, priority: 1 },
      { provider: 'b', model: 'other', priority: 2, weight: 5 },
    ],
  },
  { pattern: '*', entries: [{ provider: 'own', model: null, priority: 1 }] },
]
const ids = (more: Partial<RouteRequest> = {}, of = rules): string[] =>
  routeTargets(of, providers, request(more)).map(({ id, rank }) => `${rank} ${id}`)

describe('routeTargets', () => {
  test('gives every credential of every entry as a target of its own', () => {
    expect(routeTargets(rules, providers, request())).toEqual([
      {
        id: '["a","k","claude-opus"]',
        provider: 'a',
        credential: 'k',
        model: 'claude-opus',
        passThrough: false,
        rank: 0,
        priority: 1,
        weight: 1,
        price: 3,
      },
      {
        id: '["b","x","other"]',
        provider: 'b',
        credential: 'x',
        model: 'other',
        passThrough: false,
        rank: 0,
        priority: 2,
        weight: 5,
        price: null,
      },
      {
        id: '["b","y","other"]',
        provider: 'b',
        credential: 'y',
        model: 'other',
        passThrough: false,
        rank: 0,
        priority: 2,
        weight: 10,
        price: null,
      },
      {
        id: '["own","k","claude-opus"]',
        provider: 'own',
        credential: 'k',
        model: 'claude-opus',
        passThrough: true,
        rank: 1,
        priority: 1,
        weight: 1,
        price: null,
      },
    ])
  })

  test('knows nothing for a model that no rule matches', () => {
    expect(ids({ model: 'gpt' })).toEqual(['1 ["own","k","gpt"]'].map((id) => id.replace('1 ', '0 ')))
    expect(ids({ model: 'gpt' }, rules.slice(0, 1))).toEqual([])
  })

  test('leaves out entries whose condition does not hold, and providers that are not there', () => {
    const conditional: RouteRule[] = [
      {
        pattern: '*',
        entries: [
          { provider: 'a', model: null, priority: 1, when: { minTokens: 100 } },
          { provider: 'ghost', model: null, priority: 1 },
          { provider: 'own', model: null, priority: 1, when: { maxTokens: 100 } },
        ],
      },
    ]
    expect(ids({}, conditional)).toEqual(['0 ["own","k","claude-opus"]'])
  })

  test('names a target once, by its best rule', () => {
    const twice: RouteRule[] = [
      ...rules,
      { pattern: 'claude-opus', entries: [{ provider: 'a', model: null, priority: 9 }] },
    ]
    expect(ids({}, twice)).toEqual([
      '0 ["a","k","claude-opus"]',
      '1 ["b","x","other"]',
      '1 ["b","y","other"]',
      '2 ["own","k","claude-opus"]',
    ])
  })

  test('weighs a key by its share of its provider, and the provider by its own weight where the route says none', () => {
    const heavy = [
      { ...provider('a'), weight: 7 },
      { ...provider('b', 'x', 'y'), weight: 0.5 },
    ]
    const weights = (routes: RouteRule[]) => routeTargets(routes, heavy, request()).map(({ weight }) => weight)
    expect(weights(rules)).toEqual([7, 5, 10])
    expect(weights([{ pattern: '*', entries: [{ provider: 'b', model: null, priority: 1 }] }])).toEqual([0.5, 1])
    expect(weights([{ pattern: '*', entries: [{ provider: 'a', model: null, priority: 1, weight: 0 }] }])).toEqual([0])
  })

  test('keeps to a provider that is named outright, with the model of its route', () => {
    expect(ids({ forcedProvider: 'b' })).toEqual(['0 ["b","x","other"]', '0 ["b","y","other"]'])
    expect(ids({ forcedProvider: 'own' })).toEqual(['1 ["own","k","claude-opus"]'])
    expect(ids({ forcedProvider: 'ghost' })).toEqual([])
  })

  test('asks a provider that is named outright for the model of its route, also when its conditions do not hold', () => {
    const when = { images: true }
    const conditional: RouteRule[] = [
      { pattern: 'claude-*', entries: [{ provider: 'a', model: 'seeing', priority: 1, when }] },
      { pattern: '*', entries: [{ provider: 'b', model: 'other', priority: 1, when }] },
    ]
    expect(ids({ forcedProvider: 'a' }, conditional)).toEqual(['0 ["a","k","seeing"]'])
    expect(ids({ forcedProvider: 'b' }, conditional)).toEqual(['1 ["b","x","other"]', '1 ["b","y","other"]'])
    expect(ids({}, conditional)).toEqual([])
    const either: RouteRule[] = [
      { pattern: '*', entries: [...(conditional[0]?.entries ?? []), { provider: 'a', model: 'blind', priority: 2 }] },
    ]
    expect(ids({ forcedProvider: 'a' }, either)).toEqual(['0 ["a","k","blind"]'])
  })

  test('knows providers that share a name by that name and by their own', () => {
    const shared = ['a (x@y.z)', 'a (z@y.x)'].map((name) => ({ ...provider(name), sharedName: 'a' }))
    const names = (forcedProvider: string, of: RouteRule[]) =>
      routeTargets(of, shared, request({ forcedProvider })).map((target) => target.provider)
    const one: RouteRule = { pattern: '*', entries: [{ provider: 'a (z@y.x)', model: null, priority: 1 }] }
    expect(names('a', [one])).toEqual(['a (z@y.x)'])
    expect(names('a', [])).toEqual(['a (x@y.z)', 'a (z@y.x)'])
    expect(names('a (x@y.z)', [one])).toEqual(['a (x@y.z)'])
  })

  test('needs no route for a provider that is named outright', () => {
    expect(routeTargets([], providers, request({ forcedProvider: 'a' }))).toMatchObject([
      { id: '["a","k","claude-opus"]', rank: 0, priority: 0, weight: 1 },
    ])
    expect(routeTargets([], providers, request())).toEqual([])
  })
})

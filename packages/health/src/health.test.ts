import type { Failure, FailureKind } from '@lb/protocol'
import { describe, expect, test } from 'vitest'
import { availabilityOf } from './availability.ts'
import { type HealthEvent, stepHealth } from './health.ts'
import { defaultHealthPolicy, type HealthPolicy } from './policy.ts'
import { factsOf, withFacts } from './share.ts'
import type { NodePath, Target } from './target.ts'
import { emptyHealth, type HealthState, nodeAt, nodesOf } from './tree.ts'

const policy = defaultHealthPolicy
const target: Target = { provider: 'p', credential: 'c', model: 'claude-opus-5' }
const failure = (kind: FailureKind, more: Partial<Failure> = {}): Failure => ({ kind, message: kind, ...more })
const at = (nowMs: number) => ({ nowMs, roll: 1 })
const path = (credential: string | null = null, model: string | null = null, provider = 'p'): NodePath => ({
  provider,
  credential,
  model,
})

/** Tells events one after the other, each at its time, and gathers the effects of the last. */
function told(events: readonly [number, HealthEvent][], use: HealthPolicy = policy, from: HealthState = emptyHealth) {
  return events.reduce((step, [nowMs, event]) => stepHealth(step.state, event, at(nowMs), use), {
    state: from,
    effects: [],
  } as ReturnType<typeof stepHealth>)
}
const fails = (kind: FailureKind, startedMs = 0, of = target, more: Partial<Failure> = {}): HealthEvent => ({
  type: 'attempt-failed',
  target: of,
  attempt: `a${startedMs}`,
  startedMs,
  failure: failure(kind, more),
})
const starts = (attempt: string, of = target): HealthEvent => ({ type: 'attempt-started', target: of, attempt })

describe('clients whose own deadline came before a word of the upstream', () => {
  const kind = 'silent-until-deadline'
  const silences = (count: number): [number, HealthEvent][] =>
    Array.from({ length: count }, (_, index) => [index * 10_000 + 9_000, fails(kind, index * 10_000)])

  test('do not take a slow model out by twos, nor by sevens; eight in a row do', () => {
    expect(told(silences(7)).effects.map(({ type }) => type)).toEqual(['counted'])
    expect(told(silences(8)).effects.map(({ type }) => type)).toEqual(['counted', 'barred'])
  })

  test('are forgotten with the next answer', () => {
    const answered: HealthEvent = { type: 'attempt-succeeded', target, attempt: 'a', startedMs: 70_000 }
    const { state } = told([...silences(7), [71_000, answered]])
    expect(told([[80_000, fails(kind, 72_000)]], policy, state).effects).toMatchObject([{ count: 0.25 }])
  })
})

describe('a failure is told to the node that it is about', () => {
  test.each<[FailureKind, NodePath]>([
    ['server-error', path()],
    ['connect-failed', path()],
    ['first-byte-timeout', path(null, 'claude-opus-5')],
    ['overloaded', path(null, 'claude-opus-5')],
    ['model-not-found', path(null, 'claude-opus-5')],
    ['credential-rejected', path('c')],
    ['credits-exhausted', path('c')],
    ['login-required', path('c')],
    ['rate-limited', path('c', 'claude-opus-5')],
  ])('%s', (kind, node) => {
    const { state, effects } = told([[5, fails(kind)]])
    expect(nodesOf(state).map((known) => known.path)).toEqual([node])
    expect(effects.length).toBeGreaterThan(0)
    expect(effects.every((effect) => JSON.stringify(effect.node) === JSON.stringify(node))).toBe(true)
  })

  test('a quota to the family that its claim names, or to the whole credential', () => {
    const quota = (claim: string): NodePath[] =>
      nodesOf(told([[5, fails('quota-rejected', 0, target, { claim })]]).state).map((known) => known.path)
    expect(quota('seven_day_opus')).toEqual([path('c', 'family:opus')])
    expect(quota('five_hour')).toEqual([path('c')])
    expect(quota('overage')).toEqual([path('c', 'claude-opus-5')])
  })

  test('counts come with their threshold, for the log', () => {
    expect(told([[5, fails('server-error')]]).effects).toEqual([
      { type: 'counted', kind: 'server-error', count: 1, threshold: 2, node: path() },
    ])
  })
})

describe('nothing changes', () => {
  test.each<FailureKind>([
    'invalid-request',
    'signature-rejected',
    'context-too-long',
    'request-too-large',
    'content-refused',
    'client-credential-rejected',
    'client-gone',
    'no-candidate',
    'deadline-exceeded',
    'conversion-refused',
    'internal-error',
    'request-conflict',
    'stale-connection',
    'usage-credits-required',
    'loop-detected',
  ])('for %s', (kind) => {
    expect(told([[5, fails(kind)]])).toEqual({ state: emptyHealth, effects: [] })
  })

  test.each<FailureKind>(['rate-limited', 'quota-rejected', 'credits-exhausted', 'credential-rejected'])(
    "for %s of the client's own credential",
    (kind) => {
      expect(told([[5, fails(kind, 0, { ...target, credential: null })]]).state).toEqual(emptyHealth)
    },
  )

  test('for attempts that go well on a target about which nothing is known', () => {
    const seen = { target, attempt: 'a', startedMs: 0 }
    const { state } = told([
      [0, starts('a')],
      [1, { type: 'attempt-alive', ...seen }],
      [2, { type: 'attempt-succeeded', ...seen }],
      [3, { type: 'attempt-abandoned', target, attempt: 'a' }],
    ])
    expect(state).toBe(emptyHealth)
  })
})

describe('a probe', () => {
  const out = told([
    [0, fails('server-error', 0)],
    [10, fails('server-error', 5)],
  ]).state

  test('is announced, and its success brings every node back that it tested', () => {
    const both = told([[11, fails('first-byte-timeout', 10)]], policy, out).state
    const probing = told([[6_000, starts('p')]], policy, both)
    expect(probing.effects).toEqual([
      { type: 'probing', attempt: 'p', node: path() },
      { type: 'probing', attempt: 'p', node: path(null, 'claude-opus-5') },
    ])
    const seen = { target, attempt: 'p', startedMs: 6_000 }
    const alive = told([[6_010, { type: 'attempt-alive', ...seen }]], policy, probing.state)
    expect(alive.effects.map(({ type }) => type)).toEqual(['recovered', 'recovered'])
    expect(availabilityOf(alive.state, target, 6_010, policy)).toEqual({ kind: 'available', share: 0.1 })
    const whole = told([[6_020, { type: 'attempt-succeeded', ...seen }]], policy, probing.state)
    expect(whole.effects.map(({ type }) => type)).toEqual(['recovered', 'recovered'])
  })

  test('that fails for something else gives its lease back', () => {
    const probing = told([[6_000, starts('a6000')]], policy, out).state
    for (const kind of ['rate-limited', 'invalid-request', 'client-gone'] as const) {
      const { state } = told([[6_010, fails(kind, 6_000)]], policy, probing)
      expect(nodeAt(state, path())?.state.kind, kind).toBe('barred')
    }
    const failed = told([[6_010, fails('server-error', 6_000)]], policy, probing)
    expect(failed.effects).toMatchObject([{ type: 'barred', forMs: 10_000 }])
    const left = told([[6_010, { type: 'attempt-abandoned', target, attempt: 'a6000' }]], policy, probing).state
    expect(nodeAt(left, path())?.state.kind).toBe('barred')
    expect(availabilityOf(left, target, 6_010, policy)).toEqual({ kind: 'probe' })
  })
})

describe("the predecessor's rule", () => {
  const old: HealthPolicy = { ...policy, judge: 'count-all', cooldownMs: 300_000 }

  test.each<FailureKind>([
    'overloaded',
    'rate-limited',
    'credential-rejected',
    'model-not-found',
    'end-missing',
    'listed-unhealthy',
  ])('counts one for %s against the provider, and bars nobody before the threshold', (kind) => {
    const once = told([[0, fails(kind, 0, target, { retryAfterMs: 60_000 })]], old)
    expect(once.effects).toEqual([{ type: 'counted', kind, count: 1, threshold: 2, node: path() }])
    const twice = told([[1, fails(kind, 1, target, { retryAfterMs: 60_000 })]], old, once.state)
    expect(twice.effects).toMatchObject([{ count: 2 }, { type: 'barred', reason: 'ejected', forMs: 300_000 }])
    expect(nodeAt(twice.state, path())?.state).toMatchObject({ bar: { notBeforeMs: null } })
  })

  test.each<FailureKind>(['invalid-request', 'login-required', 'request-conflict', 'internal-error'])(
    'does not count %s',
    (kind) => {
      expect(told([[0, fails(kind)]], old).state).toEqual(emptyHealth)
    },
  )
})

describe('the operator', () => {
  const barred = told([
    [0, fails('credential-rejected')],
    [1, fails('rate-limited')],
    [2, fails('overloaded')],
    [3, fails('server-error', 0, { ...target, provider: 'q' })],
  ]).state

  test('clears a provider, a credential or a model, and what is below it', () => {
    const left = (clear: NodePath): string[] =>
      nodesOf(told([[9, { type: 'cleared', path: clear }]], policy, barred).state).map(({ path: known }) =>
        [known.provider, known.credential, known.model].join(),
      )
    expect(left(path())).toEqual(['q,,'])
    expect(left(path('c'))).toEqual(['p,,claude-opus-5', 'q,,'])
    expect(left(path(null, 'claude-opus-5'))).toEqual(['p,c,', 'q,,'])
    expect(left(path('c', 'claude-opus-5'))).toEqual(['p,,claude-opus-5', 'p,c,', 'q,,'])
    expect(left(path(null, null, 'q'))).toHaveLength(3)
    expect(left(path(null, null, 'x'))).toHaveLength(4)
  })

  test('switches off and on, and a switch survives a clearing', () => {
    const off = told([[9, { type: 'disabled', path: path('c') }]], policy, barred)
    expect(off.effects).toEqual([])
    expect(nodeAt(off.state, path('c'))?.state).toEqual({ kind: 'disabled', sinceMs: 9 })
    const cleared = told([[10, { type: 'cleared', path: path() }]], policy, off.state).state
    expect(availabilityOf(cleared, target, 11, policy)).toMatchObject({ reason: 'disabled' })
    const on = told([[12, { type: 'enabled', path: path('c') }]], policy, cleared).state
    expect(availabilityOf(on, target, 13, policy)).toEqual({ kind: 'available', share: 1 })
  })

  test('does not clear a bar by enabling', () => {
    expect(told([[9, { type: 'enabled', path: path('c') }]], policy, barred).state).toBe(barred)
    expect(told([[9, { type: 'enabled', path: path('x') }]], policy, barred).state).toBe(barred)
  })
})

describe('the memory', () => {
  const clocks = { nowMs: 5, epochMs: 5 }
  const small: HealthPolicy = { ...policy, nodesMax: 3 }
  const unknown = (model: string): HealthEvent => fails('model-not-found', 0, { ...target, model })

  test('forgets a node with the success after which it does not matter any more', () => {
    const once = told([[0, fails('server-error')]]).state
    const soon: HealthEvent = { type: 'attempt-succeeded', target, attempt: 'b', startedMs: 1 }
    expect(nodesOf(told([[5, soon]], policy, once).state)).toHaveLength(1)
    expect(told([[200_000, soon]], policy, once).state).toEqual(emptyHealth)
  })

  test('does not grow with the models that clients invent', () => {
    let state = told([[0, fails('rate-limited')]], small).state
    for (let i = 1; i < 50; i++) state = told([[i, unknown(`m${i}`)]], small, state).state
    const models = nodesOf(state).map((known) => known.path.model)
    expect(models).toHaveLength(3)
    expect(models).toContain('claude-opus-5')
    expect(models).toContain('m49')
  })

  test('prefers to lose the oldest, and never a switch of the operator', () => {
    let state = told([[0, { type: 'disabled', path: path(null, 'off') }]], small).state
    for (const [i, model] of ['x', 'y', 'z'].entries())
      state = told([[i + 1, fails('overloaded', 0, { ...target, model })]], small, state).state
    expect(nodesOf(state).map((known) => known.path.model)).toEqual(['off', 'y', 'z'])
  })

  test('gives up what it was only told by others before what it saw itself', () => {
    const told1 = factsOf(told([[5, fails('overloaded', 0, { ...target, model: 'heard' })]]).state, clocks)
    let state = withFacts(told([[1, fails('overloaded', 0, { ...target, model: 'seen' })]], small).state, told1, clocks)
    for (const model of ['x', 'y'])
      state = told([[6, fails('overloaded', 0, { ...target, model })]], small, state).state
    expect(nodesOf(state).map((known) => known.path.model)).toEqual(['seen', 'x', 'y'])
  })

  test('always has room for providers and credentials', () => {
    let state = emptyHealth
    for (let i = 0; i < 5; i++)
      state = told([[i, fails('credential-rejected', 0, { ...target, credential: `c${i}` })]], small, state).state
    expect(nodesOf(state)).toHaveLength(5)
    expect(nodesOf(told([[9, unknown('m')]], small, state).state)).toHaveLength(6)
  })
})

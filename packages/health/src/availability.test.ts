import { describe, expect, test } from 'vitest'
import { type Availability, availabilityOf, knownPaths } from './availability.ts'
import type { Bar } from './bar.ts'
import { freshNode, type NodeHealth } from './node.ts'
import { defaultHealthPolicy as policy } from './policy.ts'
import type { NodePath, Target } from './target.ts'
import { emptyHealth, type HealthState, withNode } from './tree.ts'

const target: Target = { provider: 'p', credential: 'c', model: 'claude-opus-5' }
const provider: NodePath = { provider: 'p', credential: null, model: null }
const model: NodePath = { provider: 'p', credential: null, model: 'claude-opus-5' }
const credential: NodePath = { provider: 'p', credential: 'c', model: null }
const both: NodePath = { provider: 'p', credential: 'c', model: 'claude-opus-5' }
const family: NodePath = { provider: 'p', credential: 'c', model: 'family:opus' }

const bar = (reason: Bar['reason'], untilMs: number, more: Partial<Bar> = {}): Bar => ({
  reason,
  sinceMs: 0,
  untilMs,
  probeAtMs: untilMs,
  notBeforeMs: null,
  ...more,
})
const barred = (of: Bar, lastResortAtMs = 0): NodeHealth => ({
  ...freshNode,
  state: { kind: 'barred', bar: of, lastResort: { level: 0, atMs: lastResortAtMs } },
})
const recovered = (recoveredMs: number): NodeHealth => ({
  ...freshNode,
  state: { kind: 'closed', count: 0, recoveredMs },
})
const off: NodeHealth = { ...freshNode, state: { kind: 'disabled', sinceMs: 0 } }
const health = (...nodes: [NodePath, NodeHealth][]): HealthState =>
  nodes.reduce((state, [at, node]) => withNode(state, at, node), emptyHealth)
const see = (state: HealthState, nowMs = 0, of = target): Availability => availabilityOf(state, of, nowMs, policy)
const whole = { kind: 'available', share: 1 }

describe('a target', () => {
  test('about which nothing is known is available', () => {
    expect(see(emptyHealth)).toEqual(whole)
    expect(see(health([{ ...provider, provider: 'q' }, off]))).toEqual(whole)
    expect(see(health([{ ...credential, credential: 'other' }, off]))).toEqual(whole)
    expect(see(health([provider, freshNode]))).toEqual(whole)
  })

  test.each([
    ['provider', provider],
    ['provider and model', model],
    ['credential', credential],
    ['credential and model', both],
    ['family of models', family],
  ])('is as weak as its %s', (_, at) => {
    expect(see(health([at, barred(bar('ejected', 100))]))).toMatchObject({ kind: 'barred', reason: 'ejected' })
    expect(see(health([at, barred(bar('ejected', 100))]), 100)).toEqual({ kind: 'probe' })
  })

  test('is not weak for what another model, or another family, did', () => {
    const other = { ...target, model: 'claude-sonnet-5' }
    expect(see(health([model, off], [both, off], [family, off]), 0, other)).toEqual(whole)
    expect(see(health([family, off]), 0, { ...target, model: 'gpt-5' })).toEqual(whole)
  })

  test("with the client's own credential stands on the provider alone", () => {
    const strange = { ...target, credential: null }
    expect(see(health([credential, off], [both, off]), 0, strange)).toEqual(whole)
    expect(see(health([model, barred(bar('ejected', 9))]), 0, strange)).toMatchObject({ kind: 'barred' })
  })

  test('stands on these nodes, as far as anything is known of them', () => {
    const known = (of: HealthState, about: Target = target): readonly NodePath[] =>
      Object.values(of.providers).flatMap((provider) => knownPaths(provider, about))
    const all = health([provider, off], [model, off], [credential, off], [both, off], [family, off])
    expect(known(all)).toEqual([provider, model, credential, both, family])
    expect(known(all, { ...target, credential: null })).toEqual([provider, model])
    expect(known(all, { ...target, model: 'gpt-5' })).toEqual([provider, credential])
    expect(known(health([model, off], [family, off]))).toEqual([model, family])
    expect(known(health([both, off]))).toEqual([both])
    expect(known(health([credential, off], [provider, off]))).toEqual([provider, credential])
  })
})

describe('a barred target', () => {
  test('says why, until when, and from when as a last resort', () => {
    expect(see(health([provider, barred(bar('ejected', 100), 40)]))).toEqual({
      kind: 'barred',
      reason: 'ejected',
      hard: false,
      untilMs: 100,
      notBeforeMs: null,
      lastResortAtMs: 40,
    })
    expect(see(health([both, barred(bar('paused', 100, { notBeforeMs: 90 }), 40)]))).toMatchObject({
      notBeforeMs: 90,
      lastResortAtMs: 90,
    })
  })

  test.each<[Bar['reason'], boolean]>([
    ['ejected', false],
    ['overloaded', false],
    ['paused', false],
    ['credits', true],
    ['down', true],
    ['unsupported', true],
  ])('for %s: a wait is of no use: %s', (reason, hard) => {
    expect(see(health([provider, barred(bar(reason, 9))]))).toMatchObject({ hard })
  })

  test('that the operator switched off is not even a last resort', () => {
    expect(see(health([provider, off]), 9e9)).toEqual({
      kind: 'barred',
      reason: 'disabled',
      hard: true,
      untilMs: null,
      notBeforeMs: null,
      lastResortAtMs: null,
    })
  })

  test('is due from the moment of its probe on, which may be before its date', () => {
    const rare = health([both, barred(bar('paused', 1_000, { probeAtMs: 500, notBeforeMs: 1_000 }))])
    expect(see(rare, 499).kind).toBe('barred')
    expect(see(rare, 500).kind).toBe('probe')
  })

  test('with a probe on its way is taken, until its lease runs out', () => {
    const half: NodeHealth = {
      ...freshNode,
      state: {
        kind: 'half-open',
        bar: bar('ejected', 100),
        lastResort: { level: 1, atMs: 350 },
        probe: { attempt: 'a', untilMs: 15_100, nextLeaseMs: 30_000 },
      },
    }
    expect(see(health([provider, half]), 15_099)).toMatchObject({
      kind: 'barred',
      untilMs: 15_100,
      lastResortAtMs: 350,
    })
    expect(see(health([provider, half]), 15_100)).toEqual({ kind: 'probe' })
    const early = { ...half, state: { ...half.state, bar: bar('paused', 90_000) } } as NodeHealth
    expect(see(health([provider, early]), 200)).toMatchObject({ untilMs: 90_000 })
  })

  test("is forgotten after the predecessor's reset timeout", () => {
    const old = { ...policy, judge: 'count-all', resetTimeoutMs: 2_000 } as const
    const state = health([provider, barred(bar('ejected', 300_000))])
    expect(availabilityOf(state, target, 1_999, old).kind).toBe('barred')
    expect(availabilityOf(state, target, 2_000, old)).toEqual(whole)
  })
})

describe('a recovering target', () => {
  test.each([
    [0, 0.1],
    [3_000, 0.1],
    [15_000, 0.5],
    [29_999, 29_999 / 30_000],
    [30_000, 1],
  ])('%d ms after its recovery has a share of %d', (nowMs, share) => {
    expect(see(health([provider, recovered(0)]), nowMs)).toEqual({ kind: 'available', share })
  })

  test('has the smallest of the shares', () => {
    expect(see(health([provider, recovered(0)], [credential, recovered(9_000)]), 15_000)).toMatchObject({ share: 0.2 })
    expect(see(health([provider, recovered(9_000)], [credential, recovered(0)]), 15_000)).toMatchObject({ share: 0.2 })
  })
})

describe('of several weak nodes', () => {
  const soft = barred(bar('ejected', 100), 10)
  const due = barred(bar('ejected', 0))

  test('barred beats due, due beats recovering', () => {
    expect(see(health([provider, soft], [credential, due])).kind).toBe('barred')
    expect(see(health([provider, due], [credential, soft])).kind).toBe('barred')
    expect(see(health([provider, due], [credential, recovered(0)])).kind).toBe('probe')
    expect(see(health([provider, recovered(0)], [credential, due])).kind).toBe('probe')
  })

  test('the longest time of each kind holds, and its reason', () => {
    const dated = barred(bar('paused', 50, { notBeforeMs: 50 }), 0)
    const one = see(health([provider, soft], [both, dated]))
    expect(one).toEqual({
      kind: 'barred',
      reason: 'ejected',
      hard: false,
      untilMs: 100,
      notBeforeMs: 50,
      lastResortAtMs: 50,
    })
    expect(see(health([provider, dated], [both, soft]))).toEqual(one)
  })

  test('one hard reason makes it hard, one switch makes it endless', () => {
    expect(see(health([provider, soft], [credential, barred(bar('down', 50))]))).toMatchObject({
      hard: true,
      reason: 'ejected',
    })
    expect(see(health([provider, barred(bar('down', 50))], [credential, soft]))).toMatchObject({ hard: true })
    const switched = { reason: 'disabled', untilMs: null, lastResortAtMs: null, hard: true }
    expect(see(health([provider, off], [credential, soft]))).toMatchObject(switched)
    expect(see(health([provider, soft], [credential, off]))).toMatchObject(switched)
    expect(see(health([provider, off], [credential, off]))).toMatchObject(switched)
  })
})

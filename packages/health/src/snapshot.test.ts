import type { FailureKind, Json } from '@lb/protocol'
import { describe, expect, test } from 'vitest'
import { availabilityOf } from './availability.ts'
import { stepHealth } from './health.ts'
import { defaultHealthPolicy as policy } from './policy.ts'
import { type HealthSnapshot, keepProviders, restoreHealth, snapshotOf } from './snapshot.ts'
import type { Target } from './target.ts'
import { emptyHealth, type HealthState, nodesOf } from './tree.ts'

const target: Target = { provider: 'p', credential: 'c', model: 'm' }
const before = { nowMs: 1_000, epochMs: 1_000_000_000 }
/** Ten seconds later, in another process. */
const after = { nowMs: 50, epochMs: 1_000_010_000 }

function barred(kind: FailureKind, retryAfterMs?: number, of = target): HealthState {
  const failure = { kind, message: '', ...(retryAfterMs === undefined ? {} : { retryAfterMs }) }
  const failed = { type: 'attempt-failed', target: of, attempt: 'a', startedMs: 0, failure } as const
  return stepHealth(emptyHealth, failed, { nowMs: 1_000, roll: 1 }, policy).state
}
const saved = (state: HealthState): Json => JSON.parse(JSON.stringify(snapshotOf(state, before)))
function restored(json: Json, clocks = after): HealthState {
  const result = restoreHealth(json, clocks, policy)
  if (!result.ok) throw new Error(result.error)
  return result.value
}

describe('a snapshot', () => {
  test('is in wall clock, and holds what was decided, not what was counted', () => {
    expect(snapshotOf(barred('rate-limited', 60_000), before)).toEqual({
      version: 1,
      nodes: [
        {
          provider: 'p',
          credential: 'c',
          model: 'm',
          growth: 1,
          reason: 'paused',
          sinceEpochMs: 1_000_000_000,
          untilEpochMs: 1_000_060_000,
          probeAtEpochMs: 1_000_060_000,
          notBeforeEpochMs: 1_000_060_000,
        },
      ],
    })
    expect(snapshotOf(barred('server-error'), before).nodes).toEqual([])
  })

  test('brings every bar back as it was, on the other clock', () => {
    const state = restored(saved(barred('rate-limited', 60_000)))
    expect(availabilityOf(state, target, 50, policy)).toMatchObject({
      kind: 'barred',
      reason: 'paused',
      untilMs: 50_050,
      notBeforeMs: 50_050,
      lastResortAtMs: 50_050,
    })
    expect(nodesOf(state)[0]?.node).toMatchObject({ growth: { level: 1 }, barredMs: -9_950 })
    expect(availabilityOf(restored(saved(barred('credential-rejected'))), target, 50, policy)).toMatchObject({
      reason: 'down',
      notBeforeMs: null,
      lastResortAtMs: 50,
    })
  })

  test('brings a switch of the operator back', () => {
    const off = stepHealth(
      emptyHealth,
      { type: 'disabled', path: { provider: 'p', credential: null, model: null } },
      { nowMs: 1_000, roll: 0 },
      policy,
    )
    const state = restored(saved(off.state))
    expect(nodesOf(state)).toMatchObject([
      { path: { credential: null, model: null }, node: { state: { kind: 'disabled', sinceMs: -9_950 } } },
    ])
  })

  test('takes a probe for a bar that is due', () => {
    const due = stepHealth(
      barred('overloaded'),
      { type: 'attempt-started', target, attempt: 'p' },
      { nowMs: 90_000, roll: 0 },
      policy,
    ).state
    const clocks = { nowMs: 90_000, epochMs: 1_000_089_000 }
    expect(snapshotOf(due, clocks).nodes).toMatchObject([{ reason: 'overloaded', untilEpochMs: 1_000_005_000 }])
  })

  test('leaves out what is over', () => {
    expect(restored(saved(barred('overloaded')), { nowMs: 0, epochMs: 1_000_005_000 })).toEqual(emptyHealth)
    expect(nodesOf(restored(saved(barred('overloaded')), { nowMs: 0, epochMs: 1_000_004_999 }))).toHaveLength(1)
  })
})

describe('a clock that jumped', () => {
  const longest: [FailureKind, number][] = [
    ['first-byte-timeout', 180_000],
    ['overloaded', 60_000],
    ['rate-limited', 8 * 86_400_000],
    ['credits-exhausted', 8 * 86_400_000],
    ['credential-rejected', 1_800_000],
    ['model-not-found', 600_000],
  ]
  test.each(longest)('back makes %s last no longer than it can', (kind, maxMs) => {
    const years = { nowMs: 0, epochMs: 1_000_000_000 - 400 * 86_400_000 }
    const state = restored(saved(barred(kind)), years)
    expect(availabilityOf(state, target, 0, policy)).toMatchObject({ kind: 'barred', untilMs: maxMs })
    expect(nodesOf(state)[0]?.node).toMatchObject({
      state: { bar: { sinceMs: 0, probeAtMs: Math.min(maxMs, 1_800_000) } },
      barredMs: 0,
    })
  })

  test('back cuts a date too, and a fixed cooldown to its own length', () => {
    const years = { nowMs: 0, epochMs: 0 }
    expect(availabilityOf(restored(saved(barred('rate-limited', 5_000)), years), target, 0, policy)).toMatchObject({
      notBeforeMs: 8 * 86_400_000,
    })
    const fixed = { ...policy, cooldownMs: 7_000 }
    const result = restoreHealth(saved(barred('first-byte-timeout')), years, fixed)
    expect(result.ok && availabilityOf(result.value, target, 0, fixed)).toMatchObject({ untilMs: 7_000 })
  })
})

describe('what cannot be read', () => {
  test.each<[string, Json]>([
    ['nothing', null],
    ['another version', { version: 2, nodes: [] }],
    ['no nodes', { version: 1 }],
    ['nodes that are no list', { version: 1, nodes: {} }],
  ])('as a whole is refused: %s', (_, json) => {
    expect(restoreHealth(json, after, policy)).toEqual({ ok: false, error: 'not a health snapshot of version 1' })
  })

  const [good] = (saved(barred('rate-limited', 60_000)) as unknown as HealthSnapshot).nodes
  test.each<[string, Json]>([
    ['not an object', 7],
    ['without a provider', { ...good, provider: 1 } as unknown as Json],
    ['without a reason', { ...good, reason: 1 } as unknown as Json],
    ['with an unknown reason', { ...good, reason: 'toString' } as unknown as Json],
    ['without a start', { ...good, sinceEpochMs: 'x' } as unknown as Json],
    ['without an end', { ...good, untilEpochMs: null } as unknown as Json],
    ['without a probe', { ...good, probeAtEpochMs: null } as unknown as Json],
  ])('in one node is left out: %s', (_, node) => {
    expect(restored({ version: 1, nodes: [node] })).toEqual(emptyHealth)
    expect(nodesOf(restored({ version: 1, nodes: [node, good as unknown as Json] }))).toHaveLength(1)
  })

  test.each([
    [-3, 0],
    [2.7, 2],
    [99, 8],
    ['x', 0],
  ])('a growth of %s is %d', (growth, level) => {
    const json = { version: 1, nodes: [{ ...good, growth }] } as unknown as Json
    expect(nodesOf(restored(json))[0]?.node.growth.level).toBe(level)
  })
})

test('providers that are not configured any more are dropped', () => {
  const two = stepHealth(
    barred('overloaded'),
    { type: 'disabled', path: { provider: 'q', credential: null, model: null } },
    { nowMs: 0, roll: 0 },
    policy,
  ).state
  expect(Object.keys(keepProviders(two, ['q', 'r']).providers)).toEqual(['q'])
})

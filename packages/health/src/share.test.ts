import type { FailureKind } from '@lb/protocol'
import { describe, expect, test } from 'vitest'
import { availabilityOf } from './availability.ts'
import { stepHealth } from './health.ts'
import { defaultHealthPolicy as policy } from './policy.ts'
import { factsOf, mergeFacts, type SharedFact, withFacts } from './share.ts'
import type { NodePath, Target } from './target.ts'
import { emptyHealth, type HealthState, nodesOf } from './tree.ts'

const target: Target = { provider: 'p', credential: 'c', model: 'm' }
const here = (nowMs: number) => ({ nowMs, epochMs: nowMs + 1_000_000 })
/** Another instance, whose monotonic clock started elsewhere. */
const there = (nowMs: number) => ({ nowMs: nowMs - 700, epochMs: nowMs + 1_000_000 })

function failed(kind: FailureKind, nowMs: number, from: HealthState = emptyHealth, retryAfterMs?: number): HealthState {
  const failure = { kind, message: '', ...(retryAfterMs === undefined ? {} : { retryAfterMs }) }
  const event = { type: 'attempt-failed', target, attempt: 'a', startedMs: nowMs, failure } as const
  return stepHealth(from, event, { nowMs, roll: 1 }, policy).state
}
const succeeded = (state: HealthState, nowMs: number): HealthState =>
  stepHealth(state, { type: 'attempt-succeeded', target, attempt: 's', startedMs: nowMs }, { nowMs, roll: 1 }, policy)
    .state
const see = (state: HealthState, nowMs: number) => availabilityOf(state, target, nowMs, policy)

describe('facts', () => {
  test('say who is barred, since and until when, in wall clock', () => {
    expect(factsOf(failed('rate-limited', 1_000, emptyHealth, 60_000), here(1_000))).toEqual({
      '["p","c","m"]': {
        path: { provider: 'p', credential: 'c', model: 'm' },
        clearedMs: 0,
        sinceMs: 1_001_000,
        untilMs: 1_061_000,
        reason: 'paused',
        notBeforeMs: 1_061_000,
      },
    })
  })

  test('say who recovered, and nothing of counts and switches', () => {
    const recovered = succeeded(failed('overloaded', 1_000), 2_000)
    expect(Object.values(factsOf(recovered, here(3_000)))).toMatchObject([
      { clearedMs: 1_002_000, sinceMs: 0, untilMs: 0 },
    ])
    expect(factsOf(failed('server-error', 1_000), here(1_000))).toEqual({})
    const path: NodePath = { provider: 'p', credential: null, model: null }
    const off = stepHealth(emptyHealth, { type: 'disabled', path }, { nowMs: 0, roll: 0 }, policy).state
    expect(factsOf(off, here(0))).toEqual({})
  })
})

describe('an instance that is told', () => {
  test('bars what another barred, on its own clock', () => {
    const facts = factsOf(failed('rate-limited', 1_000, emptyHealth, 60_000), here(1_000))
    const state = withFacts(emptyHealth, facts, there(2_000))
    expect(see(state, 1_300)).toMatchObject({
      kind: 'barred',
      reason: 'paused',
      untilMs: 60_300,
      notBeforeMs: 60_300,
      lastResortAtMs: 60_300,
    })
    expect(nodesOf(state)[0]?.node.barredMs).toBe(300)
    const undated = withFacts(emptyHealth, factsOf(failed('overloaded', 1_000), here(1_000)), there(2_000))
    expect(see(undated, 1_300)).toMatchObject({ untilMs: 5_300, notBeforeMs: null, lastResortAtMs: 300 })
  })

  test('learns nothing from what is over, or was cleared since', () => {
    const barred = factsOf(failed('overloaded', 1_000), here(1_000))
    expect(withFacts(emptyHealth, barred, here(6_000))).toBe(emptyHealth)
    expect(withFacts(emptyHealth, barred, here(5_999))).not.toBe(emptyHealth)
    const cleared = factsOf(succeeded(failed('overloaded', 1_000), 1_500), here(1_500))
    expect(withFacts(emptyHealth, mergeFacts(barred, cleared), here(2_000))).toBe(emptyHealth)
  })

  test('does not bar again what it saw recover itself', () => {
    const barred = factsOf(failed('overloaded', 1_000), here(1_000))
    const recovered = succeeded(failed('overloaded', 900), 1_200)
    expect(withFacts(recovered, barred, here(1_300))).toBe(recovered)
    const before = succeeded(failed('overloaded', 800), 900)
    expect(see(withFacts(before, barred, here(1_300)), 1_300)).toMatchObject({ kind: 'barred' })
  })

  test('takes back a bar that another found to be over, with a slow start', () => {
    const mine = failed('overloaded', 1_000)
    const theirs = factsOf(succeeded(failed('overloaded', 1_000), 2_000), here(2_000))
    expect(see(withFacts(mine, theirs, here(2_500)), 2_000)).toEqual({ kind: 'available', share: 0.1 })
    const earlier = factsOf(succeeded(failed('overloaded', 500), 1_000), here(2_000))
    expect(withFacts(mine, earlier, here(2_500))).toBe(mine)
  })

  test('keeps to a date that its own upstream gave it', () => {
    const mine = failed('rate-limited', 1_000, emptyHealth, 60_000)
    const theirs = factsOf(succeeded(failed('rate-limited', 1_000), 2_000), here(2_000))
    expect(see(withFacts(mine, theirs, here(2_500)), 2_500)).toMatchObject({ kind: 'barred' })
    expect(see(withFacts(mine, theirs, here(61_000)), 61_000)).toMatchObject({ kind: 'available' })
  })

  test('never shortens its own bar, and is not changed by what it knows', () => {
    const mine = failed('overloaded', 1_000)
    expect(withFacts(mine, factsOf(mine, here(1_000)), here(1_000))).toBe(mine)
    const longer = factsOf(failed('first-byte-timeout', 4_000), here(4_000))
    expect(see(withFacts(mine, longer, here(4_500)), 4_500)).toMatchObject({ untilMs: 9_000, reason: 'ejected' })
    const shorter = factsOf(failed('overloaded', 500), here(500))
    expect(see(withFacts(mine, shorter, here(1_100)), 1_100)).toMatchObject({ untilMs: 6_000 })
  })

  test('learns of a bar whatever of it is new: its end, its reason or its date', () => {
    const mine = failed('overloaded', 1_000)
    const [key, known] = Object.entries(factsOf(mine, here(1_000)))[0] as [string, SharedFact]
    const told = (more: Partial<SharedFact>) =>
      see(withFacts(mine, { [key]: { ...known, ...more } }, here(1_000)), 1_000)
    expect(told({ untilMs: known.untilMs + 1 })).toMatchObject({ untilMs: 6_001 })
    expect(told({ reason: 'ejected' })).toMatchObject({ reason: 'ejected' })
    expect(told({ notBeforeMs: known.sinceMs + 50 })).toMatchObject({ notBeforeMs: 1_050 })
  })

  test('believes a bar that is as old as its own recovery to be over', () => {
    const recovered = succeeded(failed('overloaded', 900), 1_000)
    expect(withFacts(recovered, factsOf(failed('overloaded', 1_000), here(1_000)), here(1_100))).toBe(recovered)
    const same = factsOf(failed('overloaded', 1_000), here(1_000))
    const [key, known] = Object.entries(same)[0] as [string, SharedFact]
    expect(withFacts(emptyHealth, { [key]: { ...known, clearedMs: known.sinceMs } }, here(1_100))).toBe(emptyHealth)
  })

  test('is not disturbed while it tests, nor where the operator switched off', () => {
    const probing = stepHealth(
      failed('overloaded', 1_000),
      { type: 'attempt-started', target, attempt: 'p' },
      { nowMs: 7_000, roll: 1 },
      policy,
    ).state
    const theirs = factsOf(failed('overloaded', 6_500), here(6_500))
    expect(withFacts(probing, theirs, here(7_100))).toBe(probing)
    const path: NodePath = { provider: 'p', credential: null, model: 'm' }
    const off = stepHealth(emptyHealth, { type: 'disabled', path }, { nowMs: 0, roll: 0 }, policy).state
    expect(withFacts(off, theirs, here(7_100))).toBe(off)
  })
})

describe('merging', () => {
  const fact = (more: Partial<SharedFact>): Record<string, SharedFact> => ({
    k: {
      path: { provider: 'p', credential: null, model: null },
      clearedMs: 0,
      sinceMs: 0,
      untilMs: 0,
      reason: 'ejected',
      notBeforeMs: 0,
      ...more,
    },
  })

  test('keeps the later of every time, and the reason of the later end', () => {
    const a = fact({ clearedMs: 5, sinceMs: 1, untilMs: 10, reason: 'paused', notBeforeMs: 3 })
    const b = fact({ clearedMs: 4, sinceMs: 2, untilMs: 9, reason: 'ejected', notBeforeMs: 4 })
    expect(mergeFacts(a, b)).toEqual(fact({ clearedMs: 5, sinceMs: 2, untilMs: 10, reason: 'paused', notBeforeMs: 4 }))
    expect(mergeFacts(b, a)).toEqual(mergeFacts(a, b))
  })

  test('breaks a tie by the word', () => {
    const a = fact({ untilMs: 10, reason: 'down' })
    const b = fact({ untilMs: 10, reason: 'overloaded' })
    expect(mergeFacts(a, b)['k']?.reason).toBe('overloaded')
    expect(mergeFacts(b, a)['k']?.reason).toBe('overloaded')
  })

  test('takes what only one knows', () => {
    const a = fact({ untilMs: 1 })
    expect(mergeFacts(a, {})).toEqual(a)
    expect(mergeFacts({}, a)).toEqual(a)
    const odd: Record<string, SharedFact> = Object.fromEntries([['toString', fact({})['k'] as SharedFact]])
    expect(Object.keys(mergeFacts(a, odd))).toEqual(['k', 'toString'])
  })
})

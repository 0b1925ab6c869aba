import type { Failure, FailureKind } from '@lb/protocol'
import { describe, expect, test } from 'vitest'
import { type Bar, barAfter, growthAt, later, strongerBar } from './bar.ts'
import { defaultHealthPolicy as policy } from './policy.ts'

const failure = (kind: FailureKind, retryAfterMs?: number): Failure => ({
  kind,
  message: kind,
  ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
})
const at = (nowMs: number, roll = 0) => ({ nowMs, roll })
const plain = (reason: Bar['reason'], sinceMs: number, untilMs: number): Bar => ({
  reason,
  sinceMs,
  untilMs,
  probeAtMs: untilMs,
  notBeforeMs: null,
})

describe('an ejection', () => {
  test.each(['count', 'eject'] as const)('(%s) doubles up to its cap, and lands in its upper half', (aftermath) => {
    const length = (level: number, roll: number): number =>
      barAfter(aftermath, failure('server-error'), level, at(100, roll), policy).untilMs - 100
    expect([0, 1, 2, 5, 6].map((level) => length(level, 0))).toEqual([2_500, 5_000, 10_000, 80_000, 90_000])
    expect(length(0, 0.5)).toBe(3_750)
    expect(length(0, 1)).toBe(5_000)
    expect(length(8, 1)).toBe(180_000)
  })

  test('is as long as the user says, without growth or jitter', () => {
    const fixed = { ...policy, cooldownMs: 60_000 }
    expect(barAfter('count', failure('server-error'), 5, at(0, 0.3), fixed)).toEqual(plain('ejected', 0, 60_000))
  })

  test('never lasts longer than the reset timeout, if there is one', () => {
    const fixed = { ...policy, cooldownMs: 60_000, resetTimeoutMs: 2_000 }
    expect(barAfter('count', failure('server-error'), 0, at(0), fixed).untilMs).toBe(2_000)
    expect(barAfter('count', failure('server-error'), 0, at(0), { ...fixed, resetTimeoutMs: 0 }).untilMs).toBe(60_000)
  })

  test('does not look at dates', () => {
    expect(barAfter('count', failure('server-error', 600_000), 0, at(0, 1), policy)).toEqual(plain('ejected', 0, 5_000))
  })
})

describe('after an overload', () => {
  test('the pause doubles up to a minute', () => {
    const length = (level: number): number =>
      barAfter('overload', failure('overloaded'), level, at(0, 1), policy).untilMs
    expect([0, 1, 3, 4].map(length)).toEqual([5_000, 10_000, 40_000, 60_000])
  })

  test('a date of the upstream holds', () => {
    expect(barAfter('overload', failure('overloaded', 20_000), 0, at(5, 1), policy)).toEqual({
      reason: 'overloaded',
      sinceMs: 5,
      untilMs: 20_005,
      probeAtMs: 20_005,
      notBeforeMs: 20_005,
    })
  })
})

describe('a pause', () => {
  test('without a date is short and grows', () => {
    const length = (level: number): number =>
      barAfter('pause', failure('rate-limited'), level, at(0, 1), policy).untilMs
    expect([0, 1, 4, 5, 8].map(length)).toEqual([1_000, 2_000, 16_000, 30_000, 30_000])
    expect(barAfter('pause', failure('rate-limited'), 0, at(0), policy).notBeforeMs).toBeNull()
  })

  test('lasts to its date, and the backoff is a floor under it', () => {
    expect(barAfter('pause', failure('rate-limited', 30_000), 0, at(10, 1), policy)).toEqual({
      reason: 'paused',
      sinceMs: 10,
      untilMs: 30_010,
      probeAtMs: 30_010,
      notBeforeMs: 30_010,
    })
    const tiny = barAfter('pause', failure('rate-limited', 0), 3, at(0, 1), policy)
    expect(tiny).toMatchObject({ untilMs: 8_000, probeAtMs: 8_000, notBeforeMs: 0 })
  })

  test('of days is asked about every half an hour', () => {
    const bar = barAfter('pause', failure('quota-rejected', 86_400_000), 0, at(1_000, 1), policy)
    expect(bar).toMatchObject({ untilMs: 86_401_000, notBeforeMs: 86_401_000, probeAtMs: 1_801_000 })
  })

  test('for want of money lasts a quarter of an hour, or to its date', () => {
    expect(barAfter('pause', failure('credits-exhausted'), 3, at(0), policy)).toEqual(plain('credits', 0, 900_000))
    expect(barAfter('pause', failure('credits-exhausted', 1_000_000), 0, at(0), policy).untilMs).toBe(1_000_000)
  })
})

test('a dead credential is asked about rarely, a missing model not for ten minutes', () => {
  expect(barAfter('down', failure('credential-rejected'), 4, at(7), policy)).toEqual(plain('down', 7, 1_800_007))
  expect(barAfter('unsupported', failure('model-not-found'), 4, at(7), policy)).toEqual(
    plain('unsupported', 7, 600_007),
  )
})

describe('growth', () => {
  test('takes a step back for every healthy minute, never below nothing', () => {
    const growth = { level: 3, atMs: 1_000 }
    expect(growthAt(growth, 1_000, policy)).toBe(3)
    expect(growthAt(growth, 60_999, policy)).toBe(3)
    expect(growthAt(growth, 61_000, policy)).toBe(2)
    expect(growthAt(growth, 10_000_000, policy)).toBe(0)
    expect(growthAt(growth, 0, policy)).toBe(3)
  })
})

describe('of two bars', () => {
  const short = plain('ejected', 10, 100)
  const long: Bar = { reason: 'paused', sinceMs: 5, untilMs: 500, probeAtMs: 300, notBeforeMs: 400 }

  test('every later time holds, whichever came first', () => {
    const both = { reason: 'paused', sinceMs: 10, untilMs: 500, probeAtMs: 300, notBeforeMs: 400 }
    expect(strongerBar(short, long)).toEqual(both)
    expect(strongerBar(long, short)).toEqual(both)
  })

  test('of equal length the new one gives the reason', () => {
    expect(strongerBar(short, plain('overloaded', 20, 100)).reason).toBe('overloaded')
  })

  test.each([
    [null, null, null],
    [1, null, 1],
    [null, 2, 2],
    [3, 2, 3],
    [2, 3, 3],
  ])('the later of %s and %s is %s', (a, b, expected) => {
    expect(later(a, b)).toBe(expected)
  })
})

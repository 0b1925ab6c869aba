import { describe, expect, test } from 'vitest'
import { emptyTally, failureRatio, tallied } from './tally.ts'

const τ = 30_000

describe('tallied', () => {
  test('adds what was seen', () => {
    expect(tallied(emptyTally, { successes: 1, failures: 0.5 }, 0, τ)).toEqual({ successes: 1, failures: 0.5, atMs: 0 })
  })

  test('lets the past fade to 1/e in τ, and to nothing much later', () => {
    const once = { successes: 4, failures: 8, atMs: 1_000 }
    const later = tallied(once, { successes: 0, failures: 1 }, 1_000 + τ, τ)
    expect(later.successes).toBeCloseTo(4 / Math.E, 9)
    expect(later.failures).toBeCloseTo(8 / Math.E + 1, 9)
    expect(later.atMs).toBe(1_000 + τ)
    expect(tallied(once, { successes: 0, failures: 0 }, 1_000 + 20 * τ, τ).failures).toBeLessThan(1e-6)
  })

  test('does not grow when the clock is read twice, or backwards', () => {
    const once = { successes: 1, failures: 1, atMs: 5_000 }
    expect(tallied(once, { successes: 0, failures: 0 }, 4_000, τ)).toMatchObject({ successes: 1, failures: 1 })
  })
})

describe('failureRatio', () => {
  test('says nothing before it has seen enough', () => {
    expect(failureRatio({ successes: 0, failures: 9.9, atMs: 0 }, 10)).toBe(0)
    expect(failureRatio({ successes: 0, failures: 10, atMs: 0 }, 10)).toBe(1)
    expect(failureRatio(emptyTally, 0)).toBe(0)
  })

  test('is failures of all', () => {
    expect(failureRatio({ successes: 15, failures: 5, atMs: 0 }, 10)).toBe(0.25)
  })
})

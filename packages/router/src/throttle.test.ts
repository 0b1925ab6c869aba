import { describe, expect, test } from 'vitest'
import { openThrottle, refuseChance, stepThrottle } from './throttle.ts'

describe('the throttle', () => {
  test('counts what was asked and what was accepted, and lets them fade with two minutes', () => {
    const one = stepThrottle(openThrottle, 'asked', 1_000)
    expect(one).toEqual({ asked: 1, accepts: 0, atMs: 1_000 })
    const later = stepThrottle(one, 'accept', 121_000)
    expect(later.asked).toBeCloseTo(1 / Math.E, 9)
    expect(later.accepts).toBe(1)
    expect(stepThrottle(later, 'accept', 100_000).accepts).toBe(2)
  })

  test('refuses nobody while half of the requests are accepted, or few were made', () => {
    expect(refuseChance({ asked: 1_000, accepts: 500, atMs: 0 })).toBe(0)
    expect(refuseChance({ asked: 50, accepts: 0, atMs: 0 })).toBe(0)
    expect(refuseChance(openThrottle)).toBe(0)
  })

  test('refuses most when most are refused anyway', () => {
    expect(refuseChance({ asked: 99, accepts: 0, atMs: 0 })).toBeCloseTo(0.49, 9)
    expect(refuseChance({ asked: 999, accepts: 100, atMs: 0 })).toBeCloseTo(0.749, 9)
    expect(refuseChance({ asked: 1e9, accepts: 0, atMs: 0 })).toBeLessThan(1)
  })
})

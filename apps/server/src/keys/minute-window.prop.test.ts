import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { createMinuteWindow, MINUTE_MS } from './minute-window.ts'

/** Something happens, so many milliseconds after the last. */
const happening = fc.record({ afterMs: fc.nat(30_000), amount: fc.integer({ min: 1, max: 50 }) })

/** What a list that is never cut says. */
function plainSum(events: readonly { atMs: number; amount: number }[], nowMs: number): number {
  return events.filter(({ atMs }) => atMs + MINUTE_MS > nowMs).reduce((sum, { amount }) => sum + amount, 0)
}

describe('what happened in the last minute', () => {
  test('is what a plain list says, at any time', () => {
    fc.assert(
      fc.property(fc.array(happening, { maxLength: 300 }), (steps) => {
        const window = createMinuteWindow()
        const events: { atMs: number; amount: number }[] = []
        let nowMs = 1000
        for (const { afterMs, amount } of steps) {
          nowMs += afterMs
          expect(window.sum(nowMs)).toBe(plainSum(events, nowMs))
          window.add(amount, nowMs)
          events.push({ atMs: nowMs, amount })
          expect(window.sum(nowMs)).toBe(plainSum(events, nowMs))
        }
      }),
    )
  })

  test('leaves room exactly when it says so, and not a millisecond earlier', () => {
    fc.assert(
      fc.property(fc.array(happening, { minLength: 1, maxLength: 100 }), fc.nat(400), (steps, most) => {
        const window = createMinuteWindow()
        let nowMs = 0
        for (const { afterMs, amount } of steps) {
          nowMs += afterMs
          window.add(amount, nowMs)
        }
        const waitMs = window.waitMs(most, nowMs)
        expect(waitMs).toBeLessThanOrEqual(MINUTE_MS)
        if (waitMs === 0) expect(window.sum(nowMs)).toBeLessThanOrEqual(most)
        else {
          expect(window.sum(nowMs + waitMs - 1)).toBeGreaterThan(most)
          expect(window.sum(nowMs + waitMs)).toBeLessThanOrEqual(most)
        }
      }),
    )
  })
})

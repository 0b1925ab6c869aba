import { expect, test } from 'vitest'
import { observeLatency } from './latency.ts'

test('latency jumps to a peak at once, and forgets it slowly', () => {
  const first = observeLatency(null, 300, 1_000)
  expect(first).toEqual({ ms: 300, atMs: 1_000 })
  const peak = observeLatency(first, 3_000, 2_000)
  expect(peak).toEqual({ ms: 3_000, atMs: 2_000 })
  const later = observeLatency(peak, 300, 62_000)
  expect(later.ms).toBeCloseTo(300 + 2_700 / Math.E, 6)
  expect(later.atMs).toBe(62_000)
  expect(observeLatency(peak, 300, 2_000).ms).toBe(3_000)
  expect(observeLatency(peak, 300, 1_000).ms).toBe(3_000)
  expect(observeLatency(peak, 3_000, 99_000).ms).toBe(3_000)
})

import { expect, test } from 'vitest'
import { createSpending, SPENDING_MS } from './spending.ts'
import { HOUR_MS } from './usage-sums.ts'

const now = Date.UTC(2026, 10, 23, 12, 34)

test('what a key spent from the beginning of an hour on', () => {
  const spending = createSpending()
  spending.add('anna', now, 5)
  spending.add('anna', now - HOUR_MS, 7)
  spending.add('ben', now, 100)
  expect(spending.since('anna', now)).toBe(5)
  expect(spending.since('anna', now - HOUR_MS)).toBe(12)
  expect(spending.since('anna', now + HOUR_MS)).toBe(0)
  expect(spending.since('nobody', 0)).toBe(0)
})

test('what earlier processes spent is added', () => {
  const spending = createSpending()
  spending.add('anna', now, 5)
  spending.load([{ key: 'anna', hourMs: Math.floor(now / HOUR_MS) * HOUR_MS, nanoUsd: 10 }])
  expect(spending.since('anna', now)).toBe(15)
})

test('what is older than the longest budget is forgotten', () => {
  const spending = createSpending()
  spending.add('anna', now - SPENDING_MS - HOUR_MS, 1)
  spending.add('anna', now - SPENDING_MS, 2)
  spending.add('anna', now, 4)
  expect(spending.since('anna', 0)).toBe(6)
})

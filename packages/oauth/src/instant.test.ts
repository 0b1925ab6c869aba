import { expect, test } from 'vitest'
import { ageMs, type Instant, remainingMs } from './instant.ts'

const then: Instant = { nowMs: 1_000, clockId: 'boot-1', epochMs: 50_000 }

test('under the same start the monotonic clock counts, wherever the wall clock is', () => {
  expect(ageMs(then, { nowMs: 1_700, clockId: 'boot-1', epochMs: 999_999 })).toBe(700)
  expect(ageMs(then, { nowMs: 1_700, clockId: 'boot-1', epochMs: 0 })).toBe(700)
})

test('under another start the wall clock has to do, and never makes anything younger than new', () => {
  expect(ageMs(then, { nowMs: 9_000, clockId: 'boot-2', epochMs: 51_000 })).toBe(1_000)
  expect(ageMs(then, { nowMs: 9_000, clockId: 'boot-2', epochMs: 10_000 })).toBe(0)
})

test('a monotonic clock that runs backwards under the same name is not believed', () => {
  expect(ageMs(then, { nowMs: 10, clockId: 'boot-1', epochMs: 53_000 })).toBe(3_000)
})

test('what never ends has no rest, what has ended has none left', () => {
  const now = { nowMs: 2_000, clockId: 'boot-1', epochMs: 0 }
  expect([remainingMs(then, null, now), remainingMs(then, 1_500, now), remainingMs(then, 500, now)]).toEqual([
    null,
    500,
    0,
  ])
})

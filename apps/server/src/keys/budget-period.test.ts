import fc from 'fast-check'
import { expect, test } from 'vitest'
import { stretchOf } from './budget-period.ts'

const said = (epochMs: number): string => new Date(epochMs).toISOString().slice(0, 16)

test.each([
  ['day', '2026-11-24T13:05:00Z', '2026-11-24T00:00', '2026-11-25T00:00'],
  ['day', '2026-11-24T00:00:00Z', '2026-11-24T00:00', '2026-11-25T00:00'],
  ['week', '2026-11-24T13:05:00Z', '2026-11-23T00:00', '2026-11-30T00:00'],
  ['week', '2026-11-22T23:59:59Z', '2026-11-16T00:00', '2026-11-23T00:00'],
  ['month', '2026-11-24T13:05:00Z', '2026-11-01T00:00', '2026-12-01T00:00'],
  ['month', '2026-12-31T23:59:59Z', '2026-12-01T00:00', '2027-01-01T00:00'],
  ['month', '2028-02-29T12:00:00Z', '2028-02-01T00:00', '2028-03-01T00:00'],
] as const)('the %s of %s', (period, moment, start, end) => {
  const { startMs, endMs } = stretchOf(period, Date.parse(moment))
  expect([said(startMs), said(endMs)]).toEqual([start, end])
})

test('stretches follow one another without a gap', () => {
  const period = fc.constantFrom('day' as const, 'week' as const, 'month' as const)
  fc.assert(
    fc.property(period, fc.integer({ min: 0, max: Date.UTC(2100, 0) }), (per, epochMs) => {
      const { startMs, endMs } = stretchOf(per, epochMs)
      expect(startMs).toBeLessThanOrEqual(epochMs)
      expect(endMs).toBeGreaterThan(epochMs)
      expect(stretchOf(per, endMs).startMs).toBe(endMs)
      expect(stretchOf(per, startMs - 1).endMs).toBe(startMs)
    }),
  )
})

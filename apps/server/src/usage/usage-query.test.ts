import { describe, expect, test } from 'vitest'
import { readUsageWish } from './usage-query.ts'

const now = Date.UTC(2026, 10, 23, 8)
const DAY_MS = 86_400_000
const read = (text: string, accept = ''): ReturnType<typeof readUsageWish> =>
  readUsageWish(new URLSearchParams(text), accept, now)

/** The question of a request that is understood. */
function query(text: string) {
  const wish = read(text)
  if (!wish.ok) throw new Error(`${wish.error.parameter}: ${wish.error.message}`)
  return wish.value.query
}

test('nothing said: everything of the last thirty days, the present included', () => {
  expect(query('')).toEqual({ by: [], sinceMs: now + 1 - 30 * DAY_MS, untilMs: now + 1, only: {} })
})

test('by several dimensions, in this order', () => {
  expect(query('by=day,model').by).toEqual(['day', 'model'])
  expect(query('by=key,%20session').by).toEqual(['key', 'session'])
})

test('only some entries', () => {
  expect(query('key=anna&model=claude-x').only).toEqual({ key: 'anna', model: 'claude-x' })
  expect(query('session=').only).toEqual({ session: '' })
})

describe('a moment is', () => {
  test.each([
    ['2026-11-22', Date.UTC(2026, 10, 22)],
    ['2026-11-22T10:30', Date.UTC(2026, 10, 22, 10, 30)],
    ['2026-11-22T10:30:05.5Z', Date.UTC(2026, 10, 22, 10, 30, 5, 500)],
    ['2026-11-22T10:30:05.123456%2B00:00', Date.UTC(2026, 10, 22, 10, 30, 5, 123)],
    ['2026-11-22T10:30%2B02:00', Date.UTC(2026, 10, 22, 8, 30)],
    // A plus sign that was not encoded arrives as a space.
    ['2026-11-22T10:30+02:00', Date.UTC(2026, 10, 22, 8, 30)],
    ['90m', now - 90 * 60_000],
    ['24h', now - DAY_MS],
    ['7d', now - 7 * DAY_MS],
    ['2w', now - 14 * DAY_MS],
  ])('%s', (text, ms) => {
    expect(query(`since=${text}`).sinceMs).toBe(ms)
  })

  test('counted back from until, where since is not said', () => {
    expect(query('until=2026-01-31').sinceMs).toBe(Date.UTC(2026, 0, 1))
  })
})

describe('what cannot be understood is said by name', () => {
  test.each([
    ['by=colour', 'by'],
    ['by=key,key', 'by'],
    ['by=,', 'by'],
    ['since=yesterday', 'since'],
    ['since=2026-02-30', 'since'],
    ['since=2026-13-01', 'since'],
    ['since=-1d', 'since'],
    ['since=1d&until=2d', 'since'],
    ['since=2027-01-01', 'since'],
    ['until=soon', 'until'],
    ['format=xml', 'format'],
    ['groupby=key', 'groupby'],
    ['key=a&key=b', 'key'],
    ['__proto__=1', '__proto__'],
  ])('%s', (text, parameter) => {
    expect(read(text)).toMatchObject({ ok: false, error: { parameter } })
  })
})

describe('the format is', () => {
  test.each([
    ['', '', 'json'],
    ['', '*/*', 'json'],
    ['', 'text/csv', 'csv'],
    ['', 'text/csv, application/json', 'csv'],
    ['', 'application/json, text/csv', 'json'],
    ['format=csv', 'application/json', 'csv'],
    ['format=json', 'text/csv', 'json'],
  ])('of "%s" with accept "%s": %s', (text, accept, format) => {
    expect(read(text, accept)).toMatchObject({ value: { format } })
  })
})

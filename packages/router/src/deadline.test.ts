import { expect, test } from 'vitest'
import { requestTimeoutMs } from './deadline.ts'

test.each<[string | undefined, number | null, number]>([
  [undefined, null, 600_000],
  ['600', null, 600_000],
  ['300', null, 300_000],
  ['1.5', null, 1_500],
  ['300', 20_000, 20_000],
  ['5', 20_000, 5_000],
  ['9999', null, 600_000],
  [undefined, 9_000_000, 9_000_000],
  ['1200', 9_000_000, 1_200_000],
  ['9999', 1_200_000, 1_200_000],
  ['0', null, 600_000],
  ['-5', null, 600_000],
  ['5s', null, 600_000],
  ['x5', null, 600_000],
  ['', null, 600_000],
])('X-Stainless-Timeout %s on a route with %s ms: %d ms', (header, route, expected) => {
  expect(requestTimeoutMs(header, route)).toBe(expected)
})

import { describe, expect, test } from 'vitest'
import { nanoUsdOf, type Rates } from './rates.ts'
import { noTokens } from './token-counts.ts'

const MILLION = 1e6
const sonnet: Rates = { input: 3, output: 15, cacheRead: 0.3, cacheWrite5m: 3.75, cacheWrite1h: 6, webSearch: 10 }

describe('a price per million tokens', () => {
  test.each([
    ['input', 3],
    ['output', 15],
    ['cacheRead', 0.3],
    ['cacheWrite5m', 3.75],
    ['cacheWrite1h', 6],
  ] as const)('%s', (bucket, usd) => {
    expect(nanoUsdOf({ ...noTokens, [bucket]: MILLION }, sonnet)).toBe(usd * 1e9)
    expect(nanoUsdOf({ ...noTokens, [bucket]: 1 }, sonnet)).toBe(usd * 1e3)
  })

  test('thinking is part of the output and costs nothing by itself', () => {
    expect(nanoUsdOf({ ...noTokens, output: 10, thinking: 8 }, sonnet)).toBe(150_000)
  })

  test('web searches cost by the thousand, and no surcharge applies to them', () => {
    expect(nanoUsdOf({ ...noTokens, webSearches: 3, input: 1 }, sonnet, 2)).toBe(30_000_000 + 6_000)
  })

  test('what has no price of its own costs what it is a kind of', () => {
    const plain = { input: 2, output: 8 }
    expect(nanoUsdOf({ ...noTokens, cacheRead: 1, cacheWrite5m: 1, cacheWrite1h: 1 }, plain)).toBe(6_000)
    expect(nanoUsdOf({ ...noTokens, cacheWrite1h: 1 }, { ...plain, cacheWrite5m: 3 })).toBe(3_000)
  })
})

describe('a price that depends on the length of the prompt', () => {
  const rate = (base: number, dear: number): Rates['input'] => ({ base, tiers: [{ above: 200_000, price: dear }] })
  const tiered: Rates = { input: rate(3, 6), output: rate(15, 22.5), cacheRead: rate(0.3, 0.6) }

  test.each([
    [{ input: 200_000, output: 1 }, 200_000 * 3_000 + 15_000],
    [{ input: 200_001, output: 1 }, 200_001 * 6_000 + 22_500],
    // What was cached makes a prompt long, too.
    [{ input: 1, cacheRead: 200_000 }, 6_000 + 200_000 * 600],
  ])('%j', (counts, nanoUsd) => {
    expect(nanoUsdOf({ ...noTokens, ...counts }, tiered)).toBe(nanoUsd)
  })
})

test('no count and no price makes a sum that is not whole', () => {
  const absurd = nanoUsdOf({ ...noTokens, input: 1e10, output: 1e10 }, { input: 1e9, output: 1e9 })
  expect(Number.isSafeInteger(absurd)).toBe(true)
})

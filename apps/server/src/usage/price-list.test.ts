import { calcPrice } from '@pydantic/genai-prices'
import { describe, expect, test } from 'vitest'
import { lookUpPrice } from './price-list.ts'
import { priceSupplement } from './price-supplement.ts'
import { nanoUsdOf } from './rates.ts'
import { noTokens } from './token-counts.ts'

const date = new Date('2026-11-23T12:00:00Z')
const anthropic = 'https://api.anthropic.com'
const ratesAt = (model: string, baseUrl = anthropic): object | undefined => lookUpPrice({ model, baseUrl }, date)?.rates

describe('published prices, in dollars per million tokens', () => {
  // Input, cache write for 5 minutes and for an hour, cache read, output: https://platform.claude.com/docs/en/about-claude/pricing
  test.each([
    ['claude-opus-4-5', 5, 6.25, 10, 0.5, 25],
    ['claude-opus-4-1', 15, 18.75, 30, 1.5, 75],
    ['claude-sonnet-4-5', 3, 3.75, 6, 0.3, 15],
    ['claude-haiku-4-5', 1, 1.25, 2, 0.1, 5],
    ['claude-haiku-5-5', 0.1, 0.125, 0.2, 0.01, 0.5],
    ['claude-sonnet-5-5', 2, 2.5, 4, 0.1, 10],
    ['claude-fable-5-2', 8, 10, 16, 0.2, 40],
  ])('%s', (model, input, write5m, write1h, read, output) => {
    const found = lookUpPrice({ model, baseUrl: anthropic }, date)
    if (found === null) throw new Error(`no price for ${model}`)
    const cost = (counts: object): number => nanoUsdOf({ ...noTokens, ...counts }, found.rates) / 1000
    expect(cost({ input: 1000 })).toBeCloseTo(input * 1000)
    expect(cost({ cacheWrite5m: 1000 })).toBeCloseTo(write5m * 1000)
    expect(cost({ cacheWrite1h: 1000 })).toBeCloseTo(write1h * 1000)
    expect(cost({ cacheRead: 1000 })).toBeCloseTo(read * 1000)
    expect(cost({ output: 1000 })).toBeCloseTo(output * 1000)
  })

  test('of another vendor', () => {
    expect(ratesAt('gpt-4o', 'https://api.openai.com/v1')).toMatchObject({ input: 2.5, output: 10, cacheRead: 1.25 })
  })

  test('a vendor that nobody knows sells at the maker’s price', () => {
    expect(ratesAt('gpt-4o', 'http://127.0.0.1:8080')).toEqual(ratesAt('gpt-4o', 'https://api.openai.com/v1'))
  })
})

describe('a model goes by many names', () => {
  test.each([
    'claude-sonnet-4-5-20250929',
    'anthropic/claude-sonnet-4.5',
    'us.anthropic.claude-sonnet-4-5-20250929-v1:0',
    'claude-sonnet-4-5@20250929',
    'claude-sonnet-4-5[1m]',
    ' Claude-Sonnet-4-5 ',
  ])('%s', (name) => {
    expect(ratesAt(name, 'http://10.0.0.1')).toMatchObject({ input: { base: 3 }, output: { base: 15 } })
  })

  test('a model that nobody has heard of has no price', () => {
    expect(lookUpPrice({ model: 'our-own-7b', baseUrl: 'http://127.0.0.1:1234' }, date)).toBeNull()
    expect(lookUpPrice({ model: '', baseUrl: '' }, date)).toBeNull()
  })
})

test('each row of the supplement is needed: the package knows no price, or another one', () => {
  for (const { model, rates } of priceSupplement) {
    const name = model.source.replace(/^\^|\(.*$/g, '')
    expect(ratesAt(name)).toEqual(rates)
    const listed = calcPrice({ input_tokens: 0 }, name, { providerId: 'anthropic', timestamp: date })?.model_price
    const ours = [rates.input, rates.output, rates.cacheRead]
    const theirs = [listed?.['input_mtok'], listed?.['output_mtok'], listed?.['cache_read_mtok']]
    expect(theirs, `${name} can go from the supplement`).not.toEqual(ours)
  }
})

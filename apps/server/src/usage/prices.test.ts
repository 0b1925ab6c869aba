import { expect, test } from 'vitest'
import { createLatePrices } from './late-prices.ts'
import type { ListPrice, Priced } from './price-list.ts'
import { blendOf, createPrices, type Prices } from './prices.ts'
import { booksConfig } from './testing/done-request.ts'
import type { UsageEntry } from './usage-entry.ts'

const listed: ListPrice = { rates: { input: 3, output: 15, cacheRead: 0.3 }, changes: false }

interface Surroundings {
  readonly prices: Prices
  readonly asked: Priced[]
  nowMs: number
}

function pricesFrom(answer: () => Promise<ListPrice | null>): Surroundings {
  const asked: Priced[] = []
  const surroundings = { asked, nowMs: 0 }
  const prices = createPrices({
    lookUp(priced) {
      asked.push(priced)
      return answer()
    },
    nowMs: () => surroundings.nowMs,
  })
  return Object.assign(surroundings, { prices })
}

test('a price is asked for once, and known a moment later', async () => {
  const { prices, asked } = pricesFrom(() => Promise.resolve(listed))
  const config = booksConfig()
  expect(prices.ratesOf(config, undefined, 'claude-x')).toBeUndefined()
  expect(prices.ratesOf(config, undefined, 'claude-x')).toBeUndefined()
  await prices.settled()
  expect(prices.ratesOf(config, undefined, 'claude-x')).toEqual(listed.rates)
  expect(asked).toEqual([{ model: 'claude-x', baseUrl: '' }])
})

test('one’s own prices go before the list’s, each by itself', async () => {
  const { prices } = pricesFrom(() => Promise.resolve(listed))
  const config = booksConfig([['claude-*', { output: 7 }]])
  prices.ratesOf(config, undefined, 'claude-x')
  await prices.settled()
  expect(prices.ratesOf(config, undefined, 'claude-x')).toEqual({ input: 3, output: 7, cacheRead: 0.3 })
})

test('whoever says all prices needs no list', () => {
  const { prices, asked } = pricesFrom(() => Promise.reject(new Error('not to be asked')))
  const own = { input: 1, output: 2, cacheRead: 3, cacheWrite5m: 4, cacheWrite1h: 5 }
  expect(prices.ratesOf(booksConfig([['*', own]]), undefined, 'any')).toEqual(own)
  expect(asked).toEqual([])
})

test('a new configuration is a new question', async () => {
  const { prices } = pricesFrom(() => Promise.resolve(null))
  const config = booksConfig()
  prices.ratesOf(config, undefined, 'x')
  await prices.settled()
  expect(prices.ratesOf(config, undefined, 'x')).toBeNull()
  expect(prices.ratesOf(booksConfig([['x', { input: 1, output: 1 }]]), undefined, 'x')).toBeUndefined()
})

test('a price that changes with the time of day is asked for again, and the old one holds meanwhile', async () => {
  const world = pricesFrom(() => Promise.resolve({ ...listed, changes: true }))
  const config = booksConfig()
  world.prices.ratesOf(config, undefined, 'x')
  await world.prices.settled()
  world.nowMs = 59_999
  world.prices.ratesOf(config, undefined, 'x')
  expect(world.asked).toHaveLength(1)
  world.nowMs = 60_001
  expect(world.prices.ratesOf(config, undefined, 'x')).toEqual(listed.rates)
  expect(world.asked).toHaveLength(2)
})

test('a lookup that failed is tried again soon, and settles all the same', async () => {
  const world = pricesFrom(() => Promise.reject(new Error('its thread ended')))
  const config = booksConfig()
  world.prices.ratesOf(config, undefined, 'x')
  await world.prices.settled()
  expect(world.prices.ratesOf(config, undefined, 'x')).toBeUndefined()
  expect(world.asked).toHaveLength(1)
  world.nowMs = 5_001
  world.prices.ratesOf(config, undefined, 'x')
  expect(world.asked).toHaveLength(2)
})

test('models that clients make up do not fill the memory: after some thousands all are asked for anew', async () => {
  const world = pricesFrom(() => Promise.resolve(listed))
  const config = booksConfig()
  for (let index = 0; index <= 2_000; index += 1) world.prices.ratesOf(config, undefined, `m${index}`)
  await world.prices.settled()
  world.prices.ratesOf(config, undefined, 'm0')
  expect(world.asked).toHaveLength(2_002)
})

test('an entry that waits for its price gets it, or none', async () => {
  const priced: UsageEntry[] = []
  const entry = (nanoUsd?: number): UsageEntry => ({ nanoUsd }) as UsageEntry
  const [known, unknown] = [entry(), entry()]
  const late = createLatePrices(
    { settled: () => Promise.resolve() },
    (one) => {
      if (one === known) one.nanoUsd = 5
      return one === known
    },
    (one) => priced.push(one),
  )
  late.add(known)
  late.add(unknown)
  await late.settled()
  expect([known.nanoUsd, unknown.nanoUsd]).toEqual([5, null])
  expect(priced).toEqual([known])
})

test('an entry that comes while another’s price is looked up waits for its own', async () => {
  const answers = new Map<string, (price: ListPrice) => void>()
  const prices = createPrices({
    lookUp: ({ model }) => new Promise((resolve) => answers.set(model, resolve)),
    nowMs: () => 0,
  })
  const config = booksConfig()
  const late = createLatePrices(
    prices,
    (entry) => {
      entry.nanoUsd = prices.ratesOf(config, undefined, entry.model) === undefined ? undefined : 5
      return entry.nanoUsd !== undefined
    },
    () => {},
  )
  const [first, second] = ['m1', 'm2'].map((model): UsageEntry => ({ model }) as UsageEntry)
  for (const entry of [first, second]) {
    prices.ratesOf(config, undefined, entry?.model ?? '')
    if (entry !== undefined) late.add(entry)
  }
  answers.get('m1')?.(listed)
  const settled = late.settled()
  await Promise.resolve()
  expect(second?.nanoUsd).toBeUndefined()
  answers.get('m2')?.(listed)
  await settled
  expect([first?.nanoUsd, second?.nanoUsd]).toEqual([5, 5])
})

test('an entry whose configuration was replaced meanwhile gets its price by the new one', async () => {
  const { prices } = pricesFrom(() => Promise.resolve(listed))
  let config = booksConfig()
  const price = (entry: UsageEntry): boolean => {
    const rates = prices.ratesOf(config, undefined, 'x')
    if (rates?.input === 3) entry.nanoUsd = 3
    return entry.nanoUsd !== undefined
  }
  const late = createLatePrices(prices, price, () => {})
  const entry = {} as UsageEntry
  price(entry)
  late.add(entry)
  config = booksConfig()
  await late.settled()
  expect(entry.nanoUsd).toBe(3)
})

test('what is cheapest is told by three parts of a prompt and one of an answer, one’s own prices at once', async () => {
  const { prices } = pricesFrom(() => Promise.resolve(listed))
  const blend = (model: string, own: Parameters<typeof booksConfig>[0] = []): number | null =>
    blendOf(prices, config ?? booksConfig(own), undefined, model)
  let config: ReturnType<typeof booksConfig> | undefined
  expect(blend('claude-x')).toBeNull()
  expect(blend('claude-x', [['*', { input: 1, output: 5 }]])).toBe(2)
  config = booksConfig([['*', { output: 7 }]])
  expect(blend('claude-x')).toBeNull()
  await prices.settled()
  expect(blend('claude-x')).toBe((3 * 3 + 7) / 4)
})

test('a price that grows with the prompt is that of an ordinary one', async () => {
  const input = { base: 2, tiers: [{ above: 200_000, price: 100 }] }
  const { prices } = pricesFrom(() => Promise.resolve({ rates: { input, output: 6 }, changes: false }))
  const config = booksConfig()
  blendOf(prices, config, undefined, 'm')
  await prices.settled()
  expect(blendOf(prices, config, undefined, 'm')).toBe(3)
})

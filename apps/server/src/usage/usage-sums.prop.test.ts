import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { expect, onTestFinished, test } from 'vitest'
import { createLedger } from './ledger.ts'
import { NANO_USD, type Rates } from './rates.ts'
import { booksConfig, doneRequest, type Tried } from './testing/done-request.ts'
import { promptOf } from './token-counts.ts'
import { openUsageDatabase } from './usage-database.ts'
import type { UsageEntry } from './usage-entry.ts'
import { dimensions } from './usage-query.ts'
import { rowOf } from './usage-row.ts'
import { type Sum, sumUsage } from './usage-sums.ts'

// 10,000 requests in one set of books.
const REQUESTS = 10_000

const rate = fc.oneof(
  fc.integer({ min: 1, max: 200_000 }).map((price) => price / 1000),
  fc.integer({ min: 1, max: 100 }).map((base) => ({ base, tiers: [{ above: 200_000, price: base * 2 }] })),
)
const rates: fc.Arbitrary<Rates> = fc.record(
  { input: rate, output: rate, cacheRead: rate, cacheWrite5m: rate, cacheWrite1h: rate, webSearch: fc.constant(10) },
  { requiredKeys: ['input', 'output'] },
)
const count = fc.oneof(fc.integer({ min: 0, max: 2_000 }), fc.integer({ min: 0, max: 1_000_000 }))
const usage = fc
  .record({ input: count, read: count, write5m: count, write1h: count, output: count, searches: fc.nat(3) })
  .map(({ input, read, write5m, write1h, output, searches }) => ({
    input_tokens: input,
    cache_read_input_tokens: read,
    cache_creation_input_tokens: write5m + write1h,
    cache_creation: { ephemeral_5m_input_tokens: write5m, ephemeral_1h_input_tokens: write1h },
    output_tokens: output,
    server_tool_use: { web_search_requests: searches },
  }))
const tried: fc.Arbitrary<Tried> = fc.record({
  provider: fc.constantFrom('a', 'b'),
  model: fc.constantFrom('m1', 'm2', 'm3', 'free'),
  outcome: fc.constantFrom('succeeded', 'failed'),
  usage,
})
const request = fc.record({
  tries: fc.array(tried, { maxLength: 3 }),
  tenant: fc.constantFrom('anna', 'ben', 'cleo'),
  session: fc.constantFrom('s1', 's2', 's3', 's4'),
  atMs: fc.integer({ min: 0, max: 40 * 86_400_000 }),
})

/** The plain way to the same sums: entry by entry. */
function plainSum(entries: readonly UsageEntry[]): Sum {
  const sum = (value: (entry: UsageEntry) => number): number => entries.reduce((all, entry) => all + value(entry), 0)
  return {
    input: sum(({ counts }) => counts.input),
    cacheRead: sum(({ counts }) => counts.cacheRead),
    cacheWrite5m: sum(({ counts }) => counts.cacheWrite5m),
    cacheWrite1h: sum(({ counts }) => counts.cacheWrite1h),
    output: sum(({ counts }) => counts.output),
    thinking: sum(({ counts }) => counts.thinking),
    webSearches: sum(({ counts }) => counts.webSearches),
    nanoUsd: sum(({ nanoUsd }) => nanoUsd ?? 0),
    entries: sum(({ kind }) => (kind === 'part' ? 0 : 1)),
    failed: sum(({ isFailed }) => Number(isFailed)),
    unpriced: sum(({ nanoUsd, counts }) => Number(nanoUsd === null && promptOf(counts) + counts.output > 0)),
    estimated: sum(({ isEstimated }) => Number(isEstimated)),
  }
}

test(`totals equal the sum of ${REQUESTS} requests, however they are broken down`, () => {
  const folder = mkdtempSync(join(tmpdir(), 'lb-books-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  const database = openUsageDatabase(join(folder, 'usage.db'))
  onTestFinished(() => database.close())
  const [prices] = fc.sample(fc.dictionary(fc.constantFrom('m1', 'm2', 'm3'), rates, { minKeys: 3 }), 1)
  let atMs = 0
  const ledger = createLedger({
    prices: { ratesOf: (_, __, model) => prices?.[model] ?? null, settled: () => Promise.resolve() },
    epochMs: () => atMs,
    current: () => booksConfig(),
    estimateInput: () => 123,
  })
  const entries = fc.sample(request, REQUESTS).flatMap((one, index) => {
    atMs = one.atMs
    const headers = { 'x-claude-code-session-id': one.session }
    const end = one.tries.at(-1)?.outcome === 'succeeded' ? 'completed' : 'gave-up'
    return ledger.entriesOf(doneRequest(one.tries, end, { id: `r${index}`, tenant: one.tenant, headers }))
  })
  entries.forEach((_, index) => {
    if (index % 500 === 0) database.write('p', index, entries.slice(index, index + 500).map(rowOf))
  })
  const used = plainSum(entries.filter(({ kind }) => kind === 'request' || kind === 'part'))
  const wasted = plainSum(entries.filter(({ kind }) => kind === 'waste'))
  expect(used.entries).toBe(REQUESTS)
  for (const by of [[], ...dimensions.map((name) => [name]), ['key', 'model', 'day'] as const]) {
    const { groups, total } = sumUsage(database, { by, sinceMs: 0, untilMs: Number.MAX_SAFE_INTEGER, only: {} })
    expect(total).toMatchObject({ used, wasted, saved: { entries: 0 } })
    expect(groups.reduce((sum, group) => sum + group.used.nanoUsd, 0)).toBe(used.nanoUsd)
  }
  const one = sumUsage(database, { by: [], sinceMs: 0, untilMs: 40 * 86_400_000, only: { key: 'anna', model: 'm1' } })
  const picked = entries.filter(
    ({ account, model, atMs: at }) => account.key === 'anna' && model === 'm1' && at < 40 * 86_400_000,
  )
  expect(one.total.used).toEqual(plainSum(picked.filter(({ kind }) => kind !== 'waste')))
})

test('a price by its definition: dollars per million tokens, added up by hand', () => {
  const decimal = fc.record({ input: count, read: count, write5m: count, write1h: count, output: count })
  fc.assert(
    fc.property(
      decimal,
      fc.array(fc.integer({ min: 1, max: 99_999 }), { minLength: 5, maxLength: 5 }),
      (used, mills) => {
        const [input = 0, cacheRead = 0, cacheWrite5m = 0, cacheWrite1h = 0, output = 0] = mills.map(
          (mill) => mill / 1000,
        )
        const own: Rates = { input, output, cacheRead, cacheWrite5m, cacheWrite1h }
        const ledger = createLedger({
          prices: { ratesOf: () => own, settled: () => Promise.resolve() },
          epochMs: () => 0,
          current: () => booksConfig(),
          estimateInput: () => 0,
        })
        const usageOf = {
          input_tokens: used.input,
          cache_read_input_tokens: used.read,
          cache_creation_input_tokens: used.write5m + used.write1h,
          cache_creation: { ephemeral_5m_input_tokens: used.write5m, ephemeral_1h_input_tokens: used.write1h },
          output_tokens: used.output,
        }
        const [entry] = ledger.entriesOf(doneRequest([{ outcome: 'succeeded', usage: usageOf }]))
        // In thousandths of a dollar per million tokens every product is whole, so this sum is exact.
        const [a = 0, b = 0, c = 0, d = 0, e = 0] = mills
        const exact = used.input * a + used.read * b + used.write5m * c + used.write1h * d + used.output * e
        expect(Math.abs((entry?.nanoUsd ?? 0) - exact)).toBeLessThanOrEqual(1)
        expect(NANO_USD).toBe(1e9)
      },
    ),
    { numRuns: 1_000 },
  )
})

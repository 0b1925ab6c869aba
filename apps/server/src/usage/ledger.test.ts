import { describe, expect, test } from 'vitest'
import { createFollowers } from './followers.ts'
import { accountOf, createLedger, type Ledger } from './ledger.ts'
import type { Prices } from './prices.ts'
import { booksConfig, doneRequest, requestOf } from './testing/done-request.ts'
import type { UsageEntry } from './usage-entry.ts'

const rates = { input: 3, output: 15, cacheRead: 0.3, cacheWrite5m: 3.75, cacheWrite1h: 6 }
const compiled = booksConfig()

function ledgerWith(known: ReturnType<Prices['ratesOf']> = rates): Ledger {
  const prices: Prices = { ratesOf: () => known, settled: () => Promise.resolve() }
  return createLedger({ prices, epochMs: () => 1000, current: () => compiled, estimateInput: () => 700 })
}

const told = { input_tokens: 100, output_tokens: 10 }

describe('a request that was answered', () => {
  test('is one entry: who, where, what, how much', () => {
    const entries = ledgerWith().entriesOf(doneRequest([{ outcome: 'succeeded', usage: told }]))
    expect(entries).toMatchObject([
      {
        atMs: 1000,
        kind: 'request',
        account: { request: 'req_1', key: 'anna', endpoint: 'messages', session: 'session-1' },
        provider: 'a',
        model: 'claude-x',
        isFailed: false,
        isEstimated: false,
        counts: { input: 100, output: 10 },
        nanoUsd: 100 * 3_000 + 10 * 15_000,
      },
    ])
    expect(entries).toHaveLength(1)
  })

  test('with all four buckets, and an hour’s cache apart', () => {
    const usage = {
      input_tokens: 1,
      cache_read_input_tokens: 10,
      cache_creation_input_tokens: 300,
      cache_creation: { ephemeral_5m_input_tokens: 100, ephemeral_1h_input_tokens: 200 },
      output_tokens: 5,
    }
    const [entry] = ledgerWith().entriesOf(doneRequest([{ outcome: 'succeeded', usage }]))
    expect(entry?.nanoUsd).toBe(3_000 + 10 * 300 + 100 * 3_750 + 200 * 6_000 + 5 * 15_000)
  })

  test('by an upstream that does not count is known, and costs nothing that we know of', () => {
    const entries = ledgerWith().entriesOf(doneRequest([{ outcome: 'succeeded' }]))
    expect(entries).toMatchObject([{ kind: 'request', isEstimated: false, counts: { input: 0 }, nanoUsd: 0 }])
  })

  test('of which another model did a part has an entry for each', () => {
    const iterations = [
      { input_tokens: 5, output_tokens: 5 },
      { model: 'claude-opus-5', input_tokens: 50, output_tokens: 7 },
    ]
    const usage = { input_tokens: 5, output_tokens: 5, iterations }
    const entries = ledgerWith().entriesOf(doneRequest([{ outcome: 'succeeded', usage }]))
    expect(entries.map(({ kind, model }) => [kind, model])).toEqual([
      ['request', 'claude-x'],
      ['part', 'claude-opus-5'],
    ])
  })

  test('after a failover counts what the failed attempt cost apart', () => {
    const done = doneRequest([
      { provider: 'a', outcome: 'failed', usage: { input_tokens: 40, output_tokens: 1 } },
      { provider: 'b', outcome: 'succeeded', usage: told },
    ])
    const entries = ledgerWith().entriesOf(done)
    expect(entries).toMatchObject([
      { kind: 'request', provider: 'b', counts: { input: 100 }, isEstimated: false },
      { kind: 'waste', provider: 'a', counts: { input: 40 }, isEstimated: true, isFailed: false },
    ])
    expect(entries).toHaveLength(2)
  })

  test('an attempt that was refused before it worked cost nothing', () => {
    const done = doneRequest([
      { provider: 'a', outcome: 'failed', paid: false, usage: told },
      { provider: 'b', outcome: 'succeeded', usage: told },
    ])
    expect(ledgerWith().entriesOf(done)).toHaveLength(1)
  })
})

describe('a request that ended otherwise', () => {
  test('is charged by an estimate where the upstream broke off before it said anything', () => {
    const done = doneRequest([{ outcome: 'failed' }], 'gave-up')
    expect(ledgerWith().entriesOf(done)).toMatchObject([
      { kind: 'request', isFailed: true, counts: { input: 0 }, nanoUsd: 0 },
      { kind: 'waste', isFailed: false, isEstimated: true, counts: { input: 700 }, nanoUsd: 2_100_000 },
    ])
  })

  test('nobody was asked: it is an entry all the same', () => {
    expect(ledgerWith().entriesOf(doneRequest([], 'gave-up'))).toMatchObject([
      { kind: 'request', provider: '', model: 'claude-x', isFailed: true, nanoUsd: 0 },
    ])
  })

  test('whoever leaves has not been failed', () => {
    const done = doneRequest([{ outcome: 'abandoned', usage: told }], 'client-gone')
    expect(ledgerWith().entriesOf(done)).toMatchObject([{ kind: 'request', isFailed: false, isEstimated: true }])
  })
})

describe('prices', () => {
  test('nobody knows one: null', () => {
    const [entry] = ledgerWith(null).entriesOf(doneRequest([{ outcome: 'succeeded', usage: told }]))
    expect(entry?.nanoUsd).toBeNull()
  })

  test('one that is being looked up is filled in later', () => {
    let known: typeof rates | undefined
    const prices: Prices = { ratesOf: () => known, settled: () => Promise.resolve() }
    const ledger = createLedger({ prices, epochMs: () => 1, current: () => compiled, estimateInput: () => 0 })
    const [entry] = ledger.entriesOf(doneRequest([{ outcome: 'succeeded', usage: told }])) as [UsageEntry]
    expect(entry.nanoUsd).toBeUndefined()
    expect(ledger.price(entry)).toBe(false)
    known = rates
    expect(ledger.price(entry)).toBe(true)
    expect(entry.nanoUsd).toBe(450_000)
  })

  test('a fast answer costs more', () => {
    const usage = { ...told, speed: 'fast' }
    const [entry] = ledgerWith().entriesOf(doneRequest([{ outcome: 'succeeded', usage }]))
    expect(entry).toMatchObject({ factor: 2, nanoUsd: 900_000 })
  })
})

describe('whoever gets another’s answer', () => {
  const leader = doneRequest([
    { outcome: 'failed', usage: told },
    { outcome: 'succeeded', usage: told },
  ])
  const follower = accountOf(requestOf({ id: 'req_2', tenant: 'ben' }))

  function followed(): {
    saved: UsageEntry[]
    followers: ReturnType<typeof createFollowers>
    entries: readonly UsageEntry[]
  } {
    const ledger = ledgerWith()
    const saved: UsageEntry[] = []
    const followers = createFollowers((entries, account) => saved.push(...ledger.savedOf(entries, account)))
    return { saved, followers, entries: ledger.entriesOf(leader) }
  }

  test('saves what the answer cost, not what was wasted on it: joined before the end', () => {
    const { saved, followers, entries } = followed()
    followers.joined(follower, 'req_1')
    followers.joined(follower, 'req_1')
    expect(saved).toEqual([])
    followers.answered('req_1', entries)
    expect(saved).toMatchObject([
      { kind: 'saved', account: { key: 'ben', request: 'req_2' }, nanoUsd: 450_000 },
      { kind: 'saved', account: { key: 'ben', request: 'req_2' } },
    ])
    expect(saved).toHaveLength(2)
  })

  test('joined after the end', () => {
    const { saved, followers, entries } = followed()
    followers.answered('req_1', entries)
    followers.joined(follower, 'req_1')
    expect(saved).toMatchObject([{ kind: 'saved', account: { key: 'ben' } }])
  })

  test('memory is bounded: who waits for a call that never ends is forgotten in the end', () => {
    const { saved, followers, entries } = followed()
    followers.joined(follower, 'req_1')
    for (let index = 0; index < 20_000; index += 1) followers.joined(follower, `other-${index}`)
    followers.answered('req_1', entries)
    expect(saved).toEqual([])
  })
})

import { expect, test } from 'vitest'
import { createLedger, type Wish } from './ledger.ts'

const at = (seconds: number, epochMs = Date.UTC(2026, 10, 24)) => ({ nowMs: seconds * 1000, epochMs })
const small: Wish = { kind: 'generate', tokens: 10 }

test('an estimate counts while a request is open, the count of the upstream from its end on', () => {
  const ledger = createLedger(() => 0)
  const limits = { tokensPerMinute: 1000 }
  const large: Wish = { kind: 'generate', tokens: 900 }
  ledger.begin(large, at(0))
  expect(ledger.judge(limits, { kind: 'generate', tokens: 200 }, at(1))).toEqual({
    limit: 'tokens',
    max: 1000,
    waitMs: 1000,
  })
  ledger.close(large)
  ledger.end(large, 40, at(2))
  expect(ledger.judge(limits, large, at(3))).toBeUndefined()
  expect(ledger.judge(limits, { kind: 'generate', tokens: 961 }, at(3))).toEqual({
    limit: 'tokens',
    max: 1000,
    waitMs: 59_000,
  })
})

test('a limit that is changed takes what has been used with it', () => {
  const ledger = createLedger(() => 0)
  for (let count = 0; count < 5; count += 1) ledger.begin(small, at(count))
  expect(ledger.judge({ requestsPerMinute: 6 }, small, at(5))).toBeUndefined()
  expect(ledger.judge({ requestsPerMinute: 5 }, small, at(5))?.waitMs).toBe(55_000)
  expect(ledger.judge({ requestsPerMinute: 2 }, small, at(5))?.waitMs).toBe(58_000)
})

test('of several limits the one with the longest wait is told', () => {
  const ledger = createLedger(() => 0)
  ledger.begin(small, at(0))
  ledger.close(small)
  ledger.end(small, 500, at(30))
  const limits = { requestsPerMinute: 1, tokensPerMinute: 400, concurrency: 1 }
  expect(ledger.judge(limits, small, at(31))).toEqual({ limit: 'tokens', max: 400, waitMs: 59_000 })
  ledger.begin(small, at(70))
  expect(ledger.judge(limits, small, at(100))).toEqual({ limit: 'requests', max: 1, waitMs: 30_000 })
})

test('a budget begins anew with its period, and goes by what is known to be spent by now', () => {
  const spent = new Map([[Date.UTC(2026, 10, 24), 0.5]])
  const ledger = createLedger((epochMs) => spent.get(epochMs) ?? 0)
  const limits = { budget: { usd: 1, per: 'day' } } as const
  const evening = Date.UTC(2026, 10, 24, 23, 59, 59)
  expect(ledger.judge(limits, small, at(0, evening))).toBeUndefined()
  spent.set(Date.UTC(2026, 10, 24), 1)
  expect(ledger.judge(limits, small, at(0, evening))).toEqual({ limit: 'budget', usd: 1, per: 'day', waitMs: 1000 })
  expect(ledger.judge(limits, small, at(1, evening + 1000))).toBeUndefined()
})

test('a budget of nothing is spent from the start', () => {
  const limits = { budget: { usd: 0, per: 'month' } } as const
  expect(createLedger(() => 0).judge(limits, small, at(0))?.limit).toBe('budget')
})

test('a place is free when its client is gone, what it may cost counts until its call is over', () => {
  const ledger = createLedger(() => 0)
  const limits = { concurrency: 1, tokensPerMinute: 25 }
  ledger.begin(small, at(0))
  expect(ledger.judge(limits, small, at(1))).toMatchObject({ limit: 'concurrency' })
  ledger.close(small)
  expect(ledger.judge(limits, small, at(2))).toBeUndefined()
  expect(ledger.judge(limits, { kind: 'generate', tokens: 16 }, at(2))).toMatchObject({ limit: 'tokens' })
  ledger.end(small, 3, at(3))
  expect(ledger.judge(limits, { kind: 'generate', tokens: 22 }, at(4))).toBeUndefined()
})

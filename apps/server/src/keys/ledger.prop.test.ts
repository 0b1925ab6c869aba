import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { KeyLimits } from './caller.ts'
import { createLedger, type Wish } from './ledger.ts'
import { MINUTE_MS } from './minute-window.ts'

const limits = fc.record(
  {
    requestsPerMinute: fc.integer({ min: 1, max: 8 }),
    tokensPerMinute: fc.integer({ min: 1, max: 2000 }),
    concurrency: fc.integer({ min: 1, max: 4 }),
    budget: fc.record({
      usd: fc.integer({ min: 1, max: 20 }),
      per: fc.constantFrom('day' as const, 'week' as const, 'month' as const),
    }),
  },
  { requiredKeys: [] },
)

const ask = fc.record({
  type: fc.constant('ask' as const),
  kind: fc.constantFrom('generate' as const, 'generate' as const, 'count' as const),
  tokens: fc.nat(3000),
})
const finish = fc.record({
  type: fc.constant('finish' as const),
  which: fc.nat(10),
  tokens: fc.nat(3000),
  usd: fc.nat(3),
})
const pass = fc.record({ type: fc.constant('pass' as const), ms: fc.nat(40_000) })
const story = fc.array(fc.oneof(ask, ask, finish, pass), { maxLength: 120 })

const EPOCH_MS = Date.UTC(2026, 10, 24, 22)
const at = (nowMs: number) => ({ nowMs, epochMs: EPOCH_MS + nowMs })

/** Plays a story. @returns when which request began, and the ledger as it is then. */
function play(given: KeyLimits, steps: readonly (typeof story extends fc.Arbitrary<infer S> ? S : never)[number][]) {
  const spent: { readonly epochMs: number; readonly usd: number }[] = []
  const spentSince = (sinceMs: number): number =>
    spent.reduce((sum, { epochMs, usd }) => (epochMs >= sinceMs ? sum + usd : sum), 0)
  const ledger = createLedger(spentSince)
  const begun: { atMs: number; kind: Wish['kind'] }[] = []
  const open: Wish[] = []
  let mostOpen = 0
  let nowMs = 5000
  for (const step of steps) {
    if (step.type === 'pass') nowMs += step.ms
    else if (step.type === 'finish') {
      const [wish] = open.splice(step.which % Math.max(1, open.length), 1)
      if (wish === undefined) continue
      // A token count is free.
      const usd = wish.kind === 'count' ? 0 : step.usd
      ledger.close(wish)
      ledger.end(wish, step.tokens, at(nowMs))
      spent.push({ epochMs: EPOCH_MS + nowMs, usd })
    } else {
      const wish: Wish = { kind: step.kind, tokens: step.kind === 'count' ? 0 : step.tokens }
      if (ledger.judge(given, wish, at(nowMs)) !== undefined) continue
      ledger.begin(wish, at(nowMs))
      open.push(wish)
      begun.push({ atMs: nowMs, kind: wish.kind })
      mostOpen = Math.max(mostOpen, open.filter(({ kind }) => kind === wish.kind).length)
    }
  }
  return { ledger, begun, open, mostOpen, nowMs, spentUsd: spentSince(0) }
}

describe('whatever happens', () => {
  test('no more requests begin in any 60 seconds than the limit says, of either kind', () => {
    fc.assert(
      fc.property(limits, story, (given, steps) => {
        const max = given.requestsPerMinute ?? Number.POSITIVE_INFINITY
        const { begun } = play(given, steps)
        for (const { atMs, kind } of begun) {
          const within = begun.filter((one) => one.kind === kind && one.atMs >= atMs && one.atMs < atMs + MINUTE_MS)
          expect(within.length).toBeLessThanOrEqual(max)
        }
      }),
    )
  })

  test('no more are open at a time than the limit says', () => {
    fc.assert(
      fc.property(limits, story, (given, steps) => {
        expect(play(given, steps).mostOpen).toBeLessThanOrEqual(given.concurrency ?? Number.POSITIVE_INFINITY)
      }),
    )
  })

  test('to ask changes nothing', () => {
    fc.assert(
      fc.property(limits, story, fc.nat(3000), (given, steps, tokens) => {
        const { ledger, nowMs } = play(given, steps)
        const wish: Wish = { kind: 'generate', tokens }
        const first = ledger.judge(given, wish, at(nowMs))
        for (let count = 0; count < 5; count += 1) expect(ledger.judge(given, wish, at(nowMs))).toEqual(first)
      }),
    )
  })

  test('who waits as long as told, alone and with nothing open, is let in', () => {
    fc.assert(
      fc.property(limits, story, fc.nat(3000), (given, steps, tokens) => {
        const { ledger, open, nowMs } = play(given, steps)
        for (const wish of open) {
          ledger.close(wish)
          ledger.end(wish, wish.tokens, at(nowMs))
        }
        const wish: Wish = { kind: 'generate', tokens }
        const reached = ledger.judge(given, wish, at(nowMs))
        if (reached === undefined) return
        expect(reached.waitMs).toBeGreaterThan(0)
        expect(ledger.judge(given, wish, at(nowMs + reached.waitMs - 1))).toBeDefined()
        expect(ledger.judge(given, wish, at(nowMs + reached.waitMs))).toBeUndefined()
      }),
    )
  })

  test('a key whose budget is spent begins nothing, and its counts go on', () => {
    fc.assert(
      fc.property(story, fc.integer({ min: 1, max: 5 }), (steps, usd) => {
        const given: KeyLimits = { budget: { usd, per: 'month' } }
        const { ledger, nowMs, spentUsd } = play(given, steps)
        const reached = ledger.judge(given, { kind: 'generate', tokens: 1 }, at(nowMs))
        expect(reached?.limit).toBe(spentUsd >= usd ? 'budget' : undefined)
        expect(ledger.judge(given, { kind: 'count', tokens: 0 }, at(nowMs))).toBeUndefined()
      }),
    )
  })
})

import fc from 'fast-check'
import { expect, test } from 'vitest'
import {
  type AccountEvent,
  type AccountState,
  defaultAccountPolicy,
  isUsable,
  nextDeadlineMs,
  noTokens,
  stepAccount,
} from './machine.ts'
import { type TokenProblemKind, tokenProblems } from './token-problem.ts'

const kinds = Object.keys(tokenProblems) as TokenProblemKind[]
const length = fc.integer({ min: 0, max: 40_000_000 })

const event: fc.Arbitrary<AccountEvent> = fc.oneof(
  fc.record({
    kind: fc.constant('tokens' as const),
    remainingMs: fc.option(length),
    lifetimeMs: fc.option(length),
    refreshable: fc.boolean(),
  }),
  fc.constant<AccountEvent>({ kind: 'tick' }),
  fc.constant<AccountEvent>({ kind: 'wanted' }),
  fc.constant<AccountEvent>({ kind: 'asked' }),
  fc.record({ kind: fc.constant('rejected' as const), again: fc.boolean() }),
  fc.record({
    kind: fc.constant('refresh-failed' as const),
    problem: fc.record({ kind: fc.constantFrom(...kinds), retryAfterMs: fc.integer({ min: 0, max: 600_000 }) }),
  }),
  fc.record({
    kind: fc.constant('login-needed' as const),
    reason: fc.constantFrom('grant-refused' as const, 'ended' as const),
  }),
)
const moves = fc.array(
  fc.record({
    event,
    afterMs: fc.integer({ min: 0, max: 3_000_000 }),
    roll: fc.double({ min: 0, max: 0.999, noNaN: true }),
  }),
  {
    maxLength: 40,
  },
)

test('whatever happens: one refresh at a time, plain states, and no failure takes a good token away', () => {
  fc.assert(
    fc.property(moves, (script) => {
      let state: AccountState = noTokens
      let nowMs = 0
      for (const { event: next, afterMs, roll } of script) {
        nowMs += afterMs
        const before: AccountState = state
        const { state: after, effects } = stepAccount(before, next, { nowMs, roll }, defaultAccountPolicy)
        expect(JSON.parse(JSON.stringify(after))).toEqual(after)
        const starts = effects.filter((effect) => effect.kind === 'refresh').length
        expect(starts).toBe(after.kind === 'refreshing' && before.kind !== 'refreshing' ? 1 : 0)
        if (starts === 1) expect(after.token.refreshable).toBe(true)
        if (next.kind === 'refresh-failed' && isUsable(before, nowMs)) expect(isUsable(after, nowMs)).toBe(true)
        if (next.kind === 'rejected') expect(isUsable(after, nowMs)).toBe(false)
        state = after
      }
    }),
  )
})

test('a tick that comes too early changes nothing, and one in time leaves no deadline behind it', () => {
  fc.assert(
    fc.property(moves, (script) => {
      let state: AccountState = noTokens
      let nowMs = 0
      for (const { event: next, afterMs, roll } of script) {
        nowMs += afterMs
        state = stepAccount(state, next, { nowMs, roll }, defaultAccountPolicy).state
        const due = nextDeadlineMs(state)
        if (due === null) continue
        if (due > nowMs)
          expect(stepAccount(state, { kind: 'tick' }, { nowMs, roll }, defaultAccountPolicy).state).toEqual(state)
        const atMs = Math.max(nowMs, due)
        const ticked = stepAccount(state, { kind: 'tick' }, { nowMs: atMs, roll }, defaultAccountPolicy).state
        expect(nextDeadlineMs(ticked) ?? Number.POSITIVE_INFINITY).toBeGreaterThan(atMs)
      }
    }),
  )
})

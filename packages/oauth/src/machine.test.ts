import { describe, expect, test } from 'vitest'
import {
  type AccountEvent,
  type AccountState,
  type AccountStep,
  defaultAccountPolicy,
  isUsable,
  nextDeadlineMs,
  noTokens,
  stepAccount,
} from './machine.ts'
import type { TokenProblemKind } from './token-problem.ts'

const HOUR_MS = 3_600_000
const step = (state: AccountState, event: AccountEvent, nowMs = 0, roll = 0): AccountStep =>
  stepAccount(state, event, { nowMs, roll }, defaultAccountPolicy)

const tokens = (remainingMs: number | null, refreshable = true, lifetimeMs = remainingMs): AccountEvent => ({
  kind: 'tokens',
  remainingMs,
  lifetimeMs,
  refreshable,
})
const failed = (kind: TokenProblemKind, retryAfterMs?: number): AccountEvent => ({
  kind: 'refresh-failed',
  problem: retryAfterMs === undefined ? { kind } : { kind, retryAfterMs },
})
const fresh = (remainingMs: number | null = 8 * HOUR_MS, refreshable = true): AccountState =>
  step(noTokens, tokens(remainingMs, refreshable)).state
const refreshing = step(fresh(), { kind: 'asked' }).state
const kindsOf = ({ state, effects }: AccountStep): string[] => [state.kind, ...effects.map((effect) => effect.kind)]

describe('fresh', () => {
  test('tokens are refreshed five minutes before their end, up to a minute earlier by chance', () => {
    for (const [roll, beforeMs] of [
      [0, 300_000],
      [0.5, 330_000],
      [0.999, 359_940],
    ] as const) {
      const { state } = step(noTokens, tokens(8 * HOUR_MS), 1_000, roll)
      expect(nextDeadlineMs(state)).toBeCloseTo(1_000 + 8 * HOUR_MS - beforeMs, 0)
    }
  })

  test('tokens that live shortly are refreshed when a fifth of their life is left', () => {
    expect(nextDeadlineMs(fresh(100_000))).toBe(80_000)
    // Found late in their life: what counts is how long they live altogether.
    expect(nextDeadlineMs(step(noTokens, tokens(30_000, true, 100_000)).state)).toBe(10_000)
    expect(nextDeadlineMs(step(noTokens, { ...tokens(30_000), lifetimeMs: null } as AccountEvent).state)).toBe(24_000)
  })

  test('tokens that are overdue when they are found are refreshed soon, not all at the same moment', () => {
    for (const roll of [0, 0.5, 0.9]) {
      expect(nextDeadlineMs(step(noTokens, tokens(0), 1_000, roll).state)).toBe(1_000 + 5_000 * roll)
      expect(nextDeadlineMs(step(noTokens, tokens(60_000, true, 8 * HOUR_MS), 1_000, roll).state)).toBe(
        1_000 + 5_000 * roll,
      )
    }
  })

  test('a tick before the time changes nothing, one at the time starts the refresh', () => {
    const dueMs = nextDeadlineMs(fresh()) ?? 0
    expect(kindsOf(step(fresh(), { kind: 'tick' }, dueMs - 1))).toEqual(['fresh'])
    expect(kindsOf(step(fresh(), { kind: 'tick' }, dueMs))).toEqual(['refreshing', 'refresh'])
  })

  test('tokens without an end are never due; without a refresh token they end in a login', () => {
    expect([fresh(null), fresh(null, false)].map(nextDeadlineMs)).toEqual([null, null])
    expect(kindsOf(step(fresh(null), { kind: 'tick' }, 1e15))).toEqual(['fresh'])
    const setup = fresh(HOUR_MS, false)
    expect(nextDeadlineMs(setup)).toBe(HOUR_MS)
    expect(kindsOf(step(setup, { kind: 'tick' }, HOUR_MS - 1))).toEqual(['fresh'])
    expect(kindsOf(step(setup, { kind: 'tick' }, HOUR_MS))).toEqual(['needs-login', 'ask-for-login'])
  })

  test('a request that can be served wants nothing; one that cannot starts a refresh at once', () => {
    expect(kindsOf(step(fresh(), { kind: 'wanted' }, 8 * HOUR_MS - 1))).toEqual(['fresh'])
    expect(kindsOf(step(fresh(), { kind: 'wanted' }, 8 * HOUR_MS))).toEqual(['refreshing', 'refresh'])
    const overdue = step(noTokens, tokens(0), 0, 0.9).state
    expect(kindsOf(step(overdue, { kind: 'wanted' }))).toEqual(['refreshing', 'refresh'])
    expect(kindsOf(step(fresh(HOUR_MS, false), { kind: 'wanted' }, HOUR_MS))).toEqual(['needs-login', 'ask-for-login'])
  })
})

describe('refreshing', () => {
  test('is not started twice, whatever happens meanwhile', () => {
    for (const event of [
      { kind: 'tick' },
      { kind: 'wanted' },
      { kind: 'asked' },
      { kind: 'rejected', again: false },
    ] as const) {
      expect(kindsOf(step(refreshing, event, 9 * HOUR_MS))).toEqual(['refreshing'])
    }
    expect(nextDeadlineMs(refreshing)).toBeNull()
  })

  test('keeps the old token in use to its end, unless the API has refused it', () => {
    expect([isUsable(refreshing, 8 * HOUR_MS - 1), isUsable(refreshing, 8 * HOUR_MS)]).toEqual([true, false])
    expect(isUsable(step(refreshing, { kind: 'rejected', again: false }, 5).state, 5)).toBe(false)
    expect(isUsable(step(refreshing, { kind: 'rejected', again: true }, 5).state, 5)).toBe(false)
  })

  test('ends in new tokens', () => {
    expect(kindsOf(step(refreshing, tokens(HOUR_MS)))).toEqual(['fresh'])
  })

  test.each<TokenProblemKind>(['not-sent', 'server-error', 'rate-limited', 'blocked', 'redirected', 'client-refused'])(
    'that fails by %s is tried again after growing pauses',
    (kind) => {
      let state = refreshing
      let nowMs = 0
      const pauses: number[] = []
      for (let round = 0; round < 9; round += 1) {
        state = step(state, failed(kind), nowMs, 0.999_999).state
        expect(isUsable(state, nowMs)).toBe(true)
        const atMs = nextDeadlineMs(state) ?? 0
        expect(kindsOf(step(state, { kind: 'tick' }, atMs - 1))).toEqual(['due'])
        pauses.push(Math.round((atMs - nowMs) / 1000))
        nowMs = atMs
        state = step(state, { kind: 'tick' }, nowMs).state
      }
      expect(pauses).toEqual([5, 10, 20, 40, 80, 160, 300, 300, 300])
    },
  )

  test('that fails waits at least half of its pause, and as long as the server asks', () => {
    expect(nextDeadlineMs(step(refreshing, failed('not-sent')).state)).toBe(2_500)
    expect(nextDeadlineMs(step(refreshing, failed('rate-limited', 60_000)).state)).toBe(60_000)
  })

  test.each<TokenProblemKind>(['answer-lost', 'unreadable'])(
    'that fails by %s spares the access token: the refresh token is not tried again before its end',
    (kind) => {
      const spared = step(refreshing, failed(kind), HOUR_MS)
      expect(nextDeadlineMs(spared.state)).toBe(8 * HOUR_MS)
      expect(isUsable(spared.state, 8 * HOUR_MS - 1)).toBe(true)
      expect(kindsOf(step(spared.state, { kind: 'wanted' }, 2 * HOUR_MS))).toEqual(['due'])
      // Once the API refuses it there is nothing left to spare.
      expect(kindsOf(step(spared.state, { kind: 'rejected', again: false }, 2 * HOUR_MS))).toEqual([
        'refreshing',
        'refresh',
      ])
      // And when it has ended, the pauses grow as ever.
      const later = step({ ...refreshing, failures: 2 } as AccountState, failed(kind), 9 * HOUR_MS, 0)
      expect(nextDeadlineMs(later.state)).toBe(9 * HOUR_MS + 10_000)
      // A token without an end is spared for good.
      const endless = step(fresh(null), { kind: 'asked' }).state
      expect(kindsOf(step(step(endless, failed(kind)).state, { kind: 'tick' }, 1e15))).toEqual(['due'])
    },
  )

  test('that the server refuses leaves only a login, and the access token in use to its end', () => {
    const ended = step(refreshing, failed('grant-refused'))
    expect(ended.effects).toEqual([{ kind: 'ask-for-login', reason: 'grant-refused' }])
    expect([isUsable(ended.state, HOUR_MS), isUsable(ended.state, 8 * HOUR_MS)]).toEqual([true, false])
  })

  test('that failed after somebody else has brought tokens is old news', () => {
    expect(kindsOf(step(fresh(), failed('grant-refused')))).toEqual(['fresh'])
  })
})

describe('due', () => {
  const due = step(refreshing, failed('server-error', 60_000)).state

  test('keeps its pause when the API refuses the token: the server has asked for it', () => {
    const refused = step(due, { kind: 'rejected', again: false }, 1_000)
    expect(kindsOf(refused)).toEqual(['due'])
    expect(isUsable(refused.state, 1_000)).toBe(false)
    expect(kindsOf(step(refused.state, { kind: 'wanted' }, 2_000))).toEqual(['due'])
    expect(kindsOf(step(refused.state, { kind: 'wanted' }, 60_000))).toEqual(['refreshing', 'refresh'])
    expect(kindsOf(step(due, { kind: 'rejected', again: false }, 60_000))).toEqual(['refreshing', 'refresh'])
  })

  test('does not keep a person waiting who asks by hand', () => {
    expect(kindsOf(step(due, { kind: 'asked' }))).toEqual(['refreshing', 'refresh'])
  })

  test('remembers its failures until there are tokens', () => {
    const again = step(due, { kind: 'tick' }, 60_000).state
    expect(again).toMatchObject({ kind: 'refreshing', failures: 1, startedMs: 60_000 })
    expect(step(step(again, tokens(HOUR_MS)).state, { kind: 'asked' }).state).toMatchObject({ failures: 0 })
  })
})

describe('a 401', () => {
  test('is a refresh, and the token is used no more', () => {
    const refused = step(fresh(), { kind: 'rejected', again: false }, 1_000)
    expect(kindsOf(refused)).toEqual(['refreshing', 'refresh'])
    expect(isUsable(refused.state, 1_000)).toBe(false)
    expect(step(fresh(null), { kind: 'rejected', again: false }, 1_000).state.token.endsAtMs).toBe(1_000)
    expect(step(fresh(500), { kind: 'rejected', again: false }, 1_000).state.token.endsAtMs).toBe(500)
  })

  test('without a refresh token is a login', () => {
    expect(kindsOf(step(fresh(HOUR_MS, false), { kind: 'rejected', again: false }))).toEqual([
      'needs-login',
      'ask-for-login',
    ])
  })

  test('to brand-new tokens is about the account: it rests half an hour, then a request finds out', () => {
    const barred = step(fresh(), { kind: 'rejected', again: true }, 1_000).state
    expect(nextDeadlineMs(barred)).toBe(1_801_000)
    expect([isUsable(barred, 1_800_999), isUsable(barred, 1_801_000)]).toEqual([false, true])
    expect(kindsOf(step(barred, { kind: 'tick' }, 1_800_999))).toEqual(['barred'])
    expect(kindsOf(step(barred, { kind: 'rejected', again: false }, 1_800_999))).toEqual(['barred'])
    expect(kindsOf(step(barred, { kind: 'rejected', again: false }, 1_801_000))).toEqual(['refreshing', 'refresh'])
    const back = step(barred, { kind: 'tick' }, 1_801_000).state
    expect([back.kind, nextDeadlineMs(back)]).toEqual(['fresh', 8 * HOUR_MS])
    expect(kindsOf(step(barred, { kind: 'tick' }, 9 * HOUR_MS))).toEqual(['refreshing', 'refresh'])
    expect(kindsOf(step(barred, tokens(HOUR_MS)))).toEqual(['fresh'])
  })

  test('to a brand-new token that cannot be refreshed ends in a login with the token', () => {
    const barred = step(fresh(HOUR_MS, false), { kind: 'rejected', again: true }).state
    expect(step(barred, { kind: 'tick' }, 1_800_000).state).toMatchObject({ kind: 'fresh', refreshAtMs: null })
    expect(kindsOf(step(barred, { kind: 'tick' }, HOUR_MS))).toEqual(['needs-login', 'ask-for-login'])
  })

  test('and whose token ends before its rest does wants its tick then', () => {
    const barred = step(fresh(1_000, false), { kind: 'rejected', again: true }).state
    expect(nextDeadlineMs(barred)).toBe(1_000)
    expect(kindsOf(step(barred, { kind: 'tick' }, 1_000))).toEqual(['needs-login', 'ask-for-login'])
  })
})

describe('needs-login', () => {
  const lost = step(refreshing, failed('grant-refused')).state

  test('is left only by tokens, or a person who wants to try', () => {
    expect(kindsOf(step(lost, { kind: 'tick' }, 9 * HOUR_MS))).toEqual(['needs-login'])
    expect(kindsOf(step(lost, { kind: 'wanted' }, 9 * HOUR_MS))).toEqual(['needs-login'])
    expect(kindsOf(step(lost, { kind: 'login-needed', reason: 'ended' }))).toEqual(['needs-login'])
    expect(nextDeadlineMs(lost)).toBeNull()
    expect(kindsOf(step(lost, tokens(HOUR_MS)))).toEqual(['fresh'])
    expect(kindsOf(step(lost, { kind: 'asked' }))).toEqual(['refreshing', 'refresh'])
    expect(kindsOf(step(noTokens, { kind: 'asked' }))).toEqual(['needs-login'])
  })

  test('stops using an access token that the API refuses', () => {
    for (const again of [true, false]) {
      const refused = step(lost, { kind: 'rejected', again }, 5).state
      expect([refused.kind, isUsable(refused, 5)]).toEqual(['needs-login', false])
    }
  })

  test('is told by another process, too', () => {
    expect(kindsOf(step(fresh(), { kind: 'login-needed', reason: 'grant-refused' }))).toEqual([
      'needs-login',
      'ask-for-login',
    ])
  })
})

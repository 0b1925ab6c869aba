import { describe, expect, test } from 'vitest'
import {
  closeLogin,
  defaultLoginPolicy,
  type LoginLedger,
  noLogins,
  openLogin,
  type PendingLogin,
} from './login-ledger.ts'

const login = (state: string, startedMs = 0, more: Partial<PendingLogin> = {}): PendingLogin => ({
  state,
  verifier: `verifier-${state}`,
  redirectUri: 'http://localhost/callback',
  startedMs,
  ...more,
})

const opened = (...logins: PendingLogin[]): LoginLedger =>
  logins.reduce((ledger, each) => openLogin(ledger, each, defaultLoginPolicy), noLogins)

const close = (ledger: LoginLedger, state: string, nowMs = 0, browser?: string): ReturnType<typeof closeLogin> =>
  closeLogin(ledger, browser === undefined ? { state } : { state, browser }, { nowMs }, defaultLoginPolicy)

describe('a callback', () => {
  test('finds its login among several, once', () => {
    const first = close(opened(login('a'), login('b'), login('c')), 'b')
    expect(first.match).toEqual({ kind: 'found', login: login('b') })
    expect(first.ledger.pending.map((each) => each.state)).toEqual(['a', 'c'])
    expect(close(first.ledger, 'b').match).toEqual({ kind: 'used' })
    expect(close(first.ledger, 'a').match.kind).toBe('found')
  })

  test('with a state nobody started is not known', () => {
    expect(close(opened(login('a')), 'x').match).toEqual({ kind: 'unknown' })
    expect(close(noLogins, '').match).toEqual({ kind: 'unknown' })
  })

  test('is in time for ten minutes, then expired, then forgotten', () => {
    const ledger = opened(login('a'))
    expect(close(ledger, 'a', 600_000).match.kind).toBe('found')
    expect(close(ledger, 'a', 600_001).match.kind).toBe('expired')
    expect(close(close(ledger, 'x', 1_200_001).ledger, 'a', 1_200_001).match.kind).toBe('unknown')
  })

  test('is remembered as used for a while', () => {
    const used = close(opened(login('a')), 'a').ledger
    expect(close(close(used, 'x', 1_200_001).ledger, 'a', 1_200_001).match.kind).toBe('unknown')
  })

  test('must come from the browser that was sent off, if one was; another one closes nothing', () => {
    const ledger = opened(login('a', 0, { browser: 'mine' }))
    for (const browser of [undefined, 'yours', '']) {
      const foreign = close(ledger, 'a', 0, browser)
      expect(foreign.match).toEqual({ kind: 'other-browser' })
      expect(close(foreign.ledger, 'a', 0, 'mine').match.kind).toBe('found')
    }
    expect(close(opened(login('a')), 'a', 0, 'any').match.kind).toBe('found')
  })
})

test('too many logins at once cost the oldest', () => {
  const many = Array.from({ length: 40 }, (_, number) => login(`s${number}`))
  const ledger = opened(...many)
  expect(ledger.pending.length).toBe(32)
  expect(close(ledger, 's7').match.kind).toBe('unknown')
  expect(close(ledger, 's8').match.kind).toBe('found')
  const closed = many.reduce((each, { state }) => close(each, state).ledger, ledger)
  expect(closed.closed.length).toBe(32)
})

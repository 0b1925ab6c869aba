import { describe, expect, test } from 'vitest'
import type { Credential, CredentialAnswer } from './accounts.ts'
import { settle } from './testing/virtual-time.ts'
import { createWorld } from './testing/world.ts'

const HOUR_MS = 3_600_000

function given(answer: CredentialAnswer): Credential {
  if (answer.kind !== 'credential') throw new Error(`no credential: ${JSON.stringify(answer)}`)
  return answer.credential
}

describe('a request', () => {
  test('gets the access token of a signed-in account, and the beta header that goes with it', async () => {
    const { accounts, signIn, server } = await createWorld()
    await signIn('a@x.com')
    const credential = given(await accounts.credentialFor({}))
    expect(credential).toMatchObject({ key: 'a@x.com', email: 'a@x.com', betaHeader: 'oauth-2025-04-20' })
    const [scheme, token] = credential.authorization.reveal().split(' ')
    expect(scheme).toBe('Bearer')
    expect(server.accepts(token ?? '')).toBe(true)
  })

  test('is told how to log in when nobody is signed in', async () => {
    const { accounts } = await createWorld()
    expect(await accounts.credentialFor({})).toEqual({
      kind: 'login-required',
      accounts: [],
      message: 'oauth: no account is signed in: run "lb login"',
    })
  })

  test('is told who must log in when every account needs it', async () => {
    const { accounts, signIn, server } = await createWorld()
    await signIn('a@x.com')
    await signIn('b@x.com')
    server.revokeAll()
    for (const answer of [await accounts.credentialFor({}), await accounts.credentialFor({})]) {
      expect((await accounts.refresh(given(answer))).kind).toBe('login-required')
    }
    expect(await accounts.credentialFor({})).toEqual({
      kind: 'login-required',
      accounts: ['a@x.com', 'b@x.com'],
      message: 'oauth: a@x.com, b@x.com must log in: run "lb login"',
    })
  })

  test('with a pin gets that account in any case of letters, and never another', async () => {
    const { accounts, signIn } = await createWorld()
    await signIn('A@x.com')
    await signIn('b@x.com')
    expect(given(await accounts.credentialFor({ pinnedEmail: 'B@X.COM' })).key).toBe('b@x.com')
    expect((await accounts.credentialFor({ pinnedEmail: 'c@x.com' })).kind).toBe('login-required')
    expect((await accounts.credentialFor({ pinnedEmail: 'a@x.com', tried: ['a@x.com'] })).kind).toBe('all-tried')
  })

  test('goes on to the next account, until all were tried', async () => {
    const { accounts, signIn } = await createWorld()
    await signIn('a@x.com')
    await signIn('b@x.com')
    const first = given(await accounts.credentialFor({})).key
    const second = given(await accounts.credentialFor({ tried: [first] })).key
    expect([first, second].sort()).toEqual(['a@x.com', 'b@x.com'])
    expect(await accounts.credentialFor({ tried: [first, second] })).toEqual({ kind: 'all-tried' })
  })

  test('of a conversation stays with its account, leaves while that cannot be used, and comes back', async () => {
    const { accounts, signIn, server, time } = await createWorld({ affinityTtlMs: HOUR_MS })
    await signIn('a@x.com')
    await signIn('b@x.com')
    const home = given(await accounts.credentialFor({ session: 's' }))
    await accounts.credentialFor({ session: 'other' })
    expect(given(await accounts.credentialFor({ session: 's' })).key).toBe(home.key)
    server.mode = 'down'
    await accounts.refresh(home)
    const away = given(await accounts.credentialFor({ session: 's' })).key
    expect(away).not.toBe(home.key)
    expect(given(await accounts.credentialFor({ session: 's' })).key).toBe(away)
    server.mode = 'ok'
    await time.advance(60_000)
    expect(given(await accounts.credentialFor({ session: 's' })).key).toBe(home.key)
  })
})

describe('401', () => {
  test('from fifty requests at once is one refresh, and all get the new credential', async () => {
    const { accounts, signIn, server } = await createWorld()
    await signIn('a@x.com')
    const old = given(await accounts.credentialFor({}))
    const answers = await Promise.all(Array.from({ length: 50 }, () => accounts.refresh(old)))
    expect(server.calls.refresh_token).toBe(1)
    for (const answer of answers) {
      expect(answer.kind === 'renewed' && server.accepts(answer.credential.authorization.reveal().slice(7))).toBe(true)
    }
  })

  test('that arrives late, for tokens that are replaced by now, costs no refresh', async () => {
    const { accounts, signIn, server } = await createWorld()
    await signIn('a@x.com')
    const old = given(await accounts.credentialFor({}))
    await accounts.refresh(old)
    expect((await accounts.refresh(old)).kind).toBe('renewed')
    expect(server.calls.refresh_token).toBe(1)
  })

  test('for brand-new tokens lets the account rest instead of burning refresh tokens', async () => {
    const { accounts, signIn, server, time } = await createWorld()
    await signIn('a@x.com')
    const renewed = await accounts.refresh(given(await accounts.credentialFor({})))
    if (renewed.kind !== 'renewed') throw new Error(renewed.kind)
    expect(await accounts.refresh(renewed.credential)).toEqual({ kind: 'refused' })
    expect(server.calls.refresh_token).toBe(1)
    expect(await accounts.credentialFor({})).toMatchObject({
      kind: 'login-required',
      message: expect.stringContaining('a@x.com must log in again (the sign-in is refused)'),
    })
    await time.advance(1_800_001)
    expect((await accounts.credentialFor({})).kind).toBe('credential')
  })

  test('when the refresh token is dead, leaves only a login, which heals it', async () => {
    const { accounts, signIn, server, lines } = await createWorld()
    await signIn('a@x.com')
    server.revokeAll()
    expect((await accounts.refresh(given(await accounts.credentialFor({})))).kind).toBe('login-required')
    expect(lines.some((line) => line.includes('must log in again') && line.includes('"level":"error"'))).toBe(true)
    await signIn('a@x.com')
    expect((await accounts.credentialFor({})).kind).toBe('credential')
  })

  test('while the server hangs, lets the request go on elsewhere after its wait', async () => {
    const { accounts, signIn, server, time } = await createWorld()
    await signIn('a@x.com')
    const old = given(await accounts.credentialFor({}))
    server.mode = 'hang'
    const answer = accounts.refresh(old, 3_000)
    await settle()
    await time.advance(3_000)
    expect((await answer).kind).toBe('unavailable')
    server.release()
    await settle()
    expect((await accounts.credentialFor({})).kind).toBe('credential')
  })
})

describe('ahead of need', () => {
  test('a token is refreshed five to six minutes before its end, and requests never notice', async () => {
    const { accounts, signIn, server, time } = await createWorld()
    await signIn('a@x.com')
    await time.advance(8 * HOUR_MS - 361_000)
    expect(server.calls.refresh_token).toBe(0)
    await time.advance(61_000)
    expect(server.calls.refresh_token).toBe(1)
    await time.advance(72 * HOUR_MS)
    expect(server.calls.refresh_token).toBeGreaterThanOrEqual(9)
    expect(server.reuses).toBe(0)
    expect((await accounts.credentialFor({})).kind).toBe('credential')
  })

  test('a server that is down or answers 5xx costs nothing before the token ends, and growing pauses', async () => {
    const { accounts, signIn, server, time } = await createWorld()
    await signIn('a@x.com')
    server.mode = { status: 503 }
    await time.advance(8 * HOUR_MS - 10_000)
    expect(server.calls.refresh_token).toBeGreaterThan(3)
    expect(server.calls.refresh_token).toBeLessThan(10)
    expect((await accounts.credentialFor({})).kind).toBe('credential')
    await time.advance(10_000)
    const answer = await accounts.credentialFor({ waitMs: 0 })
    expect(answer.kind).toBe('unavailable')
    server.mode = 'ok'
    await time.advance(300_000)
    expect((await accounts.credentialFor({})).kind).toBe('credential')
  })

  test('a lost answer puts the good access token at no risk: it is used to its end before the refresh token is tried again', async () => {
    const { accounts, signIn, server, time } = await createWorld()
    await signIn('a@x.com')
    server.mode = 'answer-lost'
    await time.advance(8 * HOUR_MS - 60_000)
    expect(server.calls.refresh_token).toBe(1)
    expect(server.reuses).toBe(0)
    expect((await accounts.credentialFor({})).kind).toBe('credential')
    server.mode = 'ok'
    await time.advance(120_000)
    expect(await accounts.credentialFor({})).toMatchObject({ kind: 'login-required' })
  })

  test('a connection that broke before the server acted is made good after the token has ended', async () => {
    const { accounts, signIn, server, time } = await createWorld()
    await signIn('a@x.com')
    server.mode = 'cut-before'
    await time.advance(8 * HOUR_MS - 60_000)
    server.mode = 'ok'
    await time.advance(120_000)
    expect((await accounts.credentialFor({})).kind).toBe('credential')
  })

  test('can be turned off: then the request that needs it waits for it', async () => {
    const { accounts, signIn, server, time } = await createWorld({ autoRefresh: false })
    await signIn('a@x.com')
    await time.advance(20 * HOUR_MS)
    expect(server.calls.refresh_token).toBe(0)
    const answers = await Promise.all(Array.from({ length: 50 }, () => accounts.credentialFor({})))
    expect(answers.every((answer) => answer.kind === 'credential')).toBe(true)
    expect(server.calls.refresh_token).toBe(1)
  })

  test('a server that does not rotate refresh tokens keeps the old one good', async () => {
    const { accounts, signIn, server, time } = await createWorld({ rotates: false })
    await signIn('a@x.com')
    await time.advance(40 * HOUR_MS)
    expect(server.calls.refresh_token).toBeGreaterThanOrEqual(4)
    expect((await accounts.credentialFor({})).kind).toBe('credential')
  })
})

describe('clocks', () => {
  test.each([
    ['ten days ahead', 240 * HOUR_MS],
    ['two hours back', -2 * HOUR_MS],
  ])('set %s: no account expires and none gets stuck', async (_name, jumpMs) => {
    const { accounts, signIn, server, time, another } = await createWorld()
    for (const email of ['a@x.com', 'b@x.com', 'c@x.com']) await signIn(email)
    await time.advance(HOUR_MS)
    time.setWall(jumpMs)
    await time.advance(HOUR_MS)
    expect(server.calls.refresh_token).toBe(0)
    const list = await accounts.list()
    for (const account of list.accounts) expect(account.expires_in_human).toBe('6h')
    // A process that starts now, under the same boot, knows better than the wall clock, too.
    const late = await another()
    expect(server.calls.refresh_token).toBe(0)
    expect((await late.credentialFor({})).kind).toBe('credential')
    // And the refresh still comes in time.
    await time.advance(6 * HOUR_MS)
    expect(server.calls.refresh_token).toBe(3)
    expect(server.reuses).toBe(0)
  })

  test('wrong after a restart of the machine: refreshed or tried, never dropped', async () => {
    const { signIn, server, time, another } = await createWorld()
    await signIn('a@x.com')
    time.reboot()
    time.setWall(240 * HOUR_MS)
    const ahead = await another()
    expect((await ahead.credentialFor({})).kind).toBe('credential')
    expect(server.calls.refresh_token).toBe(1)
    time.reboot()
    time.setWall(-242 * HOUR_MS)
    const back = await another()
    expect((await back.credentialFor({})).kind).toBe('credential')
    expect(server.reuses).toBe(0)
  })
})

describe('allowance', () => {
  test('new conversations go where most is left, and a rejected account is the last choice', async () => {
    const { accounts, signIn } = await createWorld({ strategy: 'most-headroom' })
    await signIn('a@x.com')
    await signIn('b@x.com')
    accounts.reportQuota('a@x.com', { 'anthropic-ratelimit-unified-5h-utilization': '0.9' }, 'claude-opus')
    accounts.reportQuota('b@x.com', { 'anthropic-ratelimit-unified-5h-utilization': '0.2' }, 'claude-opus')
    expect(given(await accounts.credentialFor({ model: 'claude-opus' })).key).toBe('b@x.com')
    const rejected = {
      'anthropic-ratelimit-unified-status': 'rejected',
      'anthropic-ratelimit-unified-reset': '1795003600',
      'anthropic-ratelimit-unified-representative-claim': 'seven_day_opus',
    }
    accounts.reportQuota('b@x.com', rejected, 'claude-opus')
    expect(given(await accounts.credentialFor({ model: 'claude-opus' })).key).toBe('a@x.com')
    expect(given(await accounts.credentialFor({ model: 'claude-sonnet' })).key).toBe('b@x.com')
    const forced = await accounts.credentialFor({ model: 'claude-opus', pinnedEmail: 'b@x.com' })
    expect(forced).toMatchObject({ kind: 'credential', rejectedForMs: 3_600_000 })
  })
})

describe('several processes', () => {
  test('see each other’s logins at once, refreshes without another call, and logouts at the next look', async () => {
    const { accounts, signIn, server, time, another } = await createWorld()
    const other = await another()
    await signIn('a@x.com')
    expect((await other.credentialFor({})).kind).toBe('credential')
    const old = given(await other.credentialFor({}))
    await accounts.refresh(given(await accounts.credentialFor({})))
    expect((await other.refresh(old)).kind).toBe('renewed')
    expect(server.calls.refresh_token).toBe(1)
    expect(await accounts.remove('A@x.com')).toBe(true)
    await time.advance(60_000)
    expect((await other.credentialFor({})).kind).toBe('login-required')
    expect(await other.remove('a@x.com')).toBe(false)
  })

  test('that find a token due at the same time refresh it once', async () => {
    const { signIn, server, time, another } = await createWorld()
    await signIn('a@x.com')
    const others = [await another(), await another(), await another()]
    await time.advance(8 * HOUR_MS)
    expect(server.calls.refresh_token).toBe(1)
    expect(server.reuses).toBe(0)
    for (const other of others) expect((await other.credentialFor({})).kind).toBe('credential')
  })
})

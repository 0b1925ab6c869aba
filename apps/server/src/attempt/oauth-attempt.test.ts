import type { Answer, MockRequest, MockScript } from '@lb/mock-provider'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { type OidcServer, startOidcServer } from '../oauth/testing/oidc-server.ts'
import { signIn, startSignedInWorld } from '../testing/signed-in-world.ts'
import { hello, type World } from '../testing/world.ts'

let oidc: OidcServer
beforeAll(async () => {
  oidc = await startOidcServer()
})
beforeEach(() => {
  oidc.mode = 'ok'
})
afterAll(() => oidc.close())

const startSignedIn = (scripts: readonly MockScript[], names: readonly string[]): Promise<World> =>
  startSignedInWorld(oidc, scripts, names)

const ok: MockScript = {}
const expired: Answer = { error: { status: 401, type: 'authentication_error', message: 'expired' } }
const limited: Answer = { status: 429, headers: { 'retry-after': '60' }, body: '{"type":"error"}' }

function tokensOf(world: World, upstream = 0): (string | undefined)[] {
  return world.mocks[upstream]?.requests.map(({ headers }) => headers['authorization']) ?? []
}

describe('a request to a provider of stored logins', () => {
  test('brings the token of the account and the beta that says so, and not the client’s own key', async () => {
    const world = await startSignedIn([ok], ['ada'])
    const response = await world.post(hello, { headers: { 'x-api-key': 'mine', 'anthropic-beta': 'one-2025-01-01' } })
    expect(response.status).toBe(200)
    const sent = world.mocks[0]?.requests[0]?.headers
    expect(sent?.['authorization']).toMatch(/^Bearer .{20,}/)
    expect(sent?.['x-api-key']).toBeUndefined()
    expect(sent?.['anthropic-beta']).toBe('one-2025-01-01,oauth-2025-04-20')
  })

  test('is repeated with a fresh token after a 401, without the client noticing', async () => {
    const world = await startSignedIn([{ rules: [{ answer: expired, repeat: 1 }] }], ['ada'])
    const refreshes = oidc.counts.tokenCalls
    expect((await world.post({ ...hello, stream: true })).status).toBe(200)
    const [first, second, ...more] = tokensOf(world)
    expect(more).toEqual([])
    expect(second).not.toBe(first)
    expect(oidc.counts.tokenCalls).toBe(refreshes + 1)
  })

  test('goes to the next account when the fresh token is refused, too', async () => {
    const world = await startSignedIn([{ rules: [{ answer: expired, repeat: 2 }] }], ['ada', 'bob'])
    expect((await world.post(hello)).status).toBe(200)
    expect(new Set(tokensOf(world)).size).toBe(3)
  })

  test('goes to the next account when one is used up', async () => {
    const world = await startSignedIn([{ rules: [{ answer: limited, repeat: 1 }] }], ['ada', 'bob'])
    expect((await world.post(hello)).status).toBe(200)
    expect(new Set(tokensOf(world)).size).toBe(2)
    // The one that is used up is not asked again before its time.
    await world.post({ ...hello, max_tokens: 7 })
    expect(tokensOf(world)[2]).toBe(tokensOf(world)[1])
  })

  test('is not sent at all while every account is used up', async () => {
    const world = await startSignedIn([{ default: limited }, ok], ['ada', 'bob'])
    expect((await world.post(hello)).status).toBe(200)
    expect((await world.post({ ...hello, max_tokens: 7 })).status).toBe(200)
    expect(tokensOf(world)).toHaveLength(2)
    expect(world.mocks[1]?.requests).toHaveLength(2)
  })

  test('is told by a limit when an account returns, by the first of them, and nothing of one account’s limits', async () => {
    const until = (seconds: number): Answer => ({
      error: { status: 429, message: `in ${seconds}` },
      headers: { 'retry-after': `${seconds}`, 'anthropic-ratelimit-unified-status': 'rejected' },
    })
    const world = await startSignedIn(
      [{ rules: [expired, expired, until(300), until(900)].map((answer) => ({ answer, repeat: 1 })) }],
      ['ada', 'bob', 'eve'],
    )
    const response = await world.post(hello)
    expect(tokensOf(world)).toHaveLength(4)
    expect([response.status, response.headers.get('retry-after')]).toEqual([429, '300'])
    expect(response.headers.has('anthropic-ratelimit-unified-status')).toBe(false)
    expect(await response.text()).toContain('in 300')
    // Nobody is asked, and the client is told the same.
    expect(Number((await world.post({ ...hello, max_tokens: 7 })).headers.get('retry-after'))).toBeGreaterThan(290)
    expect(tokensOf(world)).toHaveLength(4)
  })

  test('is shown the limits of the only account', async () => {
    const headers = { 'retry-after': '300', 'anthropic-ratelimit-unified-status': 'rejected' }
    const world = await startSignedIn([{ default: { error: { status: 429 }, headers } }], ['ada'])
    const response = await world.post(hello)
    expect([response.status, response.headers.get('anthropic-ratelimit-unified-status')]).toEqual([429, 'rejected'])
  })

  test('goes to the next candidate when all accounts are refused', async () => {
    const world = await startSignedIn([{ default: expired }, ok], ['ada', 'bob'])
    expect((await world.post(hello)).status).toBe(200)
    expect(tokensOf(world)).toHaveLength(4)
    expect(world.mocks[1]?.requests).toHaveLength(1)
  })

  test.each([
    ['renewed', [ok], ['ada'], [{ answer: expired, repeat: 1 }]],
    ['handed on', [ok], ['ada', 'bob'], [{ answer: limited, repeat: 1 }]],
    ['refused altogether', [ok], ['ada', 'bob'], [{ answer: expired }]],
    ['absent', [ok], [], []],
  ])('is one attempt, which begins and ends once, when the login is %s', async (_name, more, names, rules) => {
    const world = await startSignedIn([{ rules }, ...more], names)
    expect((await world.post(hello)).status).toBe(200)
    const metrics = await (await fetch(`${world.lb.url}/metrics`)).text()
    expect(metrics).toContain('lb_attempts_in_flight{provider="a"} 0\n')
    const ends = [...metrics.matchAll(/^lb_attempts_total\{provider="a",.*\} (\d+)$/gm)].map(([, ended]) =>
      Number(ended),
    )
    expect(ends.reduce((sum, ended) => sum + ended, 0)).toBe(1)
  })

  test('is told what to do when nobody is signed in', async () => {
    const world = await startSignedIn([ok], [])
    const response = await world.post(hello)
    expect(response.status).toBe(401)
    expect(await response.json()).toMatchObject({
      type: 'error',
      error: { type: 'authentication_error', message: expect.stringContaining('lb login') },
    })
    expect(tokensOf(world)).toEqual([])
  })

  test('is told to log in again while every account rests because its sign-in was refused', async () => {
    const world = await startSignedIn([{ default: expired }], ['ada', 'bob'])
    expect((await world.post(hello)).status).toBe(401)
    const response = await world.post({ ...hello, max_tokens: 7 })
    expect([response.status, response.headers.get('x-should-retry')]).toEqual([401, 'false'])
    const { error } = (await response.json()) as { error: { type: string; message: string } }
    expect(error.type).toBe('authentication_error')
    expect(error.message).toMatch(/ada@\S+, bob@\S+ must log in again \(the sign-in is refused\): .*lb login/)
    expect(tokensOf(world)).toHaveLength(4)
    // It helps at once.
    world.mocks[0]?.setScript(ok)
    await signIn(oidc, world, 'bob')
    expect((await world.post({ ...hello, max_tokens: 8 })).status).toBe(200)
  })

  test('goes to the next candidate when nobody is signed in', async () => {
    const world = await startSignedIn([ok, ok], [])
    expect((await world.post(hello)).status).toBe(200)
    expect(world.mocks[1]?.requests).toHaveLength(1)
  })

  test('uses the current token while the authorization server is down', async () => {
    const world = await startSignedIn([ok], ['ada'])
    oidc.mode = 'down'
    expect((await world.post(hello)).status).toBe(200)
  })

  test('is told to come back while its login can neither be used nor renewed, and not that it is limited', async () => {
    const world = await startSignedIn([{ default: expired }], ['ada'])
    oidc.mode = 'down'
    for (const max_tokens of [1, 2]) {
      const response = await world.post({ ...hello, max_tokens })
      expect([response.status, response.headers.get('x-should-retry')]).toEqual([529, 'true'])
      const { error } = (await response.json()) as { error: { type: string; message: string } }
      expect(error.type).toBe('overloaded_error')
      if (max_tokens === 1) expect(error.message).toMatch(/login .* cannot be used at the moment/)
    }
    // It helps that the server is there again, and nobody has to log in.
    oidc.mode = 'ok'
    world.mocks[0]?.setScript(ok)
    await expect.poll(async () => (await world.post({ ...hello, max_tokens: 3 })).status, { timeout: 20_000 }).toBe(200)
  }, 30_000)

  test('50 at once with an expired token cost one renewal', async () => {
    const world = await startSignedIn([ok], ['ada'])
    await world.post(hello)
    const [stale] = tokensOf(world)
    const isStale = ({ headers }: MockRequest): boolean => headers['authorization'] === stale
    world.mocks[0]?.setScript({ rules: [{ when: isStale, answer: expired }] })
    const renewals = oidc.counts.tokenCalls
    const answers = await Promise.all(
      Array.from({ length: 50 }, (_, index) => world.post({ ...hello, max_tokens: index + 1 })),
    )
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]))
    expect(oidc.counts.tokenCalls).toBe(renewals + 1)
  })
})

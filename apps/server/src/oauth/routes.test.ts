import { claudeAuthority } from '@lb/oauth'
import { beforeEach, describe, expect, test } from 'vitest'
import type { Answer, RequestFacts } from './http.ts'
import { createLogins } from './logins.ts'
import { oauthRoutes } from './routes.ts'
import { createWorld, type World } from './testing/world.ts'

let world: World
let ask: (method: string, url: string, body?: unknown, headers?: Record<string, string>) => Promise<Answer>

beforeEach(async () => {
  world = await createWorld()
  const { accounts, server, time } = world
  const logins = createLogins({
    authority: claudeAuthority,
    accounts,
    client: server,
    clock: time,
    log: () => undefined,
  })
  const routes = oauthRoutes({
    authority: claudeAuthority,
    accounts,
    clock: time,
    logins,
    publicUrl: 'http://127.0.0.1:9090',
  })
  ask = (method, url, body, headers = {}) => {
    const request: RequestFacts = {
      method,
      url,
      headers: { host: '127.0.0.1:9090', 'content-type': 'application/json', ...headers },
      body: body === undefined ? '' : JSON.stringify(body),
    }
    const path = url.split('?')[0]?.replace(/(refresh|tokens)\/.+/, '$1/:email')
    const route = routes.find((candidate) => candidate.method === method && candidate.path === path)
    if (route === undefined) throw new Error(`no route ${method} ${url}`)
    return route.answer(request)
  }
})

async function json(
  answer: Promise<Answer>,
): Promise<{ readonly status: number; readonly body: Record<string, unknown> }> {
  const { status, headers, body } = await answer
  expect(headers['content-type']).toBe('application/json')
  expect(headers['cache-control']).toBe('no-store')
  return { status, body: JSON.parse(body) }
}

describe('GET /oauth/generate-url', () => {
  test('gives the address, four steps, and how to send the code', async () => {
    const { status, body } = await json(ask('GET', '/oauth/generate-url'))
    expect(status).toBe(200)
    expect(Object.keys(body)).toEqual([
      'status',
      'login_url',
      'instructions',
      'callback_format',
      'exchange_example',
      'expires_in_minutes',
      'redirect_uri',
    ])
    expect(body).toMatchObject({ status: 'success', expires_in_minutes: 10, callback_format: 'CODE#STATE' })
    expect(Object.keys(body['instructions'] as object)).toEqual(['step_1', 'step_2', 'step_3', 'step_4'])
    const url = new URL(String(body['login_url']))
    expect(url.origin + url.pathname).toBe('https://claude.com/cai/oauth/authorize')
    expect(Object.fromEntries(url.searchParams)).toMatchObject({
      code: 'true',
      response_type: 'code',
      code_challenge_method: 'S256',
      redirect_uri: 'https://platform.claude.com/oauth/code/callback',
    })
    expect(url.searchParams.get('state')).toMatch(/^[\w-]{43}$/)
  })
})

describe('GET /oauth/authorize', () => {
  test('sends a browser on, and gives a program the address', async () => {
    const page = await ask('GET', '/oauth/authorize', undefined, { accept: 'text/html,*/*' })
    expect(page.status).toBe(302)
    expect(page.headers['location']).toContain('https://claude.com/cai/oauth/authorize?')
    const redirect = new URL(page.headers['location'] ?? '').searchParams.get('redirect_uri') ?? ''
    expect(redirect).toMatch(/^http:\/\/localhost:\d+\/callback$/)
    const { status, body } = await json(ask('GET', '/oauth/authorize?account=a@x.com', undefined, { accept: '*/*' }))
    expect(status).toBe(200)
    expect(new URL(String(body['login_url'])).searchParams.get('login_hint')).toBe('a@x.com')
  })

  test('asked from another machine, uses the page that shows the code: a listener here would be out of its reach', async () => {
    const { body } = await json(ask('GET', '/oauth/authorize', undefined, { host: 'lb.example.com' }))
    expect(body['redirect_uri']).toBe('https://platform.claude.com/oauth/code/callback')
  })
})

describe('POST /oauth/exchange-code', () => {
  const started = async (): Promise<string> => {
    const { body } = await json(ask('GET', '/oauth/generate-url'))
    return new URL(String(body['login_url'])).searchParams.get('state') ?? ''
  }

  test('signs in with CODE#STATE', async () => {
    const code = `good:a@x.com#${await started()}`
    const { status, body } = await json(ask('POST', '/oauth/exchange-code', { code, account_email: 'a@x.com' }))
    expect(status).toBe(200)
    expect(body).toEqual({
      status: 'success',
      message: 'Authorization successful',
      account_email: 'a@x.com',
      expires_at: 1_795_028_800,
      expires_in_human: '8h',
      scopes: ['user:inference'],
    })
    expect((await world.accounts.credentialFor({})).kind).toBe('credential')
  })

  test('takes the whole address from the browser, too', async () => {
    const code = `http://localhost:5/callback?code=good%3Aa%40x.com&state=${await started()}`
    expect((await ask('POST', '/oauth/exchange-code', { code, account_email: 'a@x.com' })).status).toBe(200)
  })

  test.each([
    ['nothing', {}, 'Missing authorization code'],
    ['no code', { account_email: 'a@x.com' }, 'Missing authorization code'],
    ['no e-mail', { code: 'a#b' }, expect.stringContaining('Missing account_email parameter. ')],
    [
      'an e-mail that a terminal would obey',
      { code: 'a#b', account_email: 'a\u001b[2J' },
      expect.stringContaining('Missing account_email'),
    ],
    ['no state', { code: 'a', account_email: 'a@x.com' }, 'Failed to exchange authorization code'],
    ['a foreign state', { code: 'a#b', account_email: 'a@x.com' }, 'Failed to exchange authorization code'],
  ])('%s: 400', async (_name, body, error) => {
    const answer = await json(ask('POST', '/oauth/exchange-code', body))
    expect(answer.status).toBe(400)
    expect(answer.body['error']).toEqual(error)
  })

  test('a state is good once, and for ten minutes', async () => {
    const code = `good:a@x.com#${await started()}`
    await ask('POST', '/oauth/exchange-code', { code, account_email: 'a@x.com' })
    const again = await json(ask('POST', '/oauth/exchange-code', { code, account_email: 'a@x.com' }))
    expect(again.body['reason']).toBe('state-used')
    const late = `good:a@x.com#${await started()}`
    await world.time.advance(600_001)
    const { body } = await json(ask('POST', '/oauth/exchange-code', { code: late, account_email: 'a@x.com' }))
    expect(body['reason']).toBe('state-expired')
    expect(world.server.calls.authorization_code).toBe(1)
  })

  test('refuses another account than the one that is named', async () => {
    const code = `good:b@x.com#${await started()}`
    const { status, body } = await json(ask('POST', '/oauth/exchange-code', { code, account_email: 'a@x.com' }))
    expect([status, body['reason']]).toEqual([400, 'other-account'])
  })

  test('takes only JSON: a form of another site cannot send that', async () => {
    const answer = await ask('POST', '/oauth/exchange-code', { code: 'a#b' }, { 'content-type': 'text/plain' })
    expect(answer.status).toBe(415)
  })
})

describe('GET /oauth/status', () => {
  test('has every member of the predecessor, and no letter of a token', async () => {
    await world.signIn('a@x.com')
    await world.signIn('b@x.com')
    await world.accounts.credentialFor({ pinnedEmail: 'a@x.com' })
    const answer = await ask('GET', '/oauth/status')
    expect(answer.body).not.toContain('canary')
    const body = JSON.parse(answer.body)
    expect(body.system).toMatchObject({
      oauth_manager_status: 'active',
      current_time: 1_795_000_000,
      timezone: 'Local',
    })
    expect(body.system.current_time_iso).toBe(new Date(1_795_000_000_000).toISOString())
    expect(body.summary).toMatchObject({
      total_tokens: 2,
      healthy_tokens: 2,
      expired_tokens: 0,
      expiring_soon: 0,
      current_token_index: 0,
      rotation_enabled: true,
    })
    expect(body.active_token).toEqual({
      account_email: 'a@x.com',
      expires_in_human: '8h',
      is_healthy: true,
      scopes: ['user:inference'],
    })
    expect(body.tokens[0]).toMatchObject({
      account_email: 'a@x.com',
      index: 0,
      is_current: true,
      created_at: 1_795_000_000,
      expires_at: 1_795_028_800,
      expires_in_seconds: 28_800,
      expires_in_minutes: 480,
      expires_in_human: '8h',
      is_expired: false,
      is_healthy: true,
      will_expire_soon: false,
      access_token_preview: expect.stringMatching(/^sha256:[0-9a-f]{8}$/),
      refresh_token_preview: expect.stringMatching(/^sha256:[0-9a-f]{8}$/),
      scopes: ['user:inference'],
      scope_count: 1,
      usage_count: 1,
      last_used: 'just now',
      last_used_timestamp: 1_795_000_000,
    })
    expect(body.tokens[1]).toMatchObject({ is_current: false, last_used: 'Never', last_used_timestamp: null })
  })

  test('without accounts has none, and no active one', async () => {
    const { body } = await json(ask('GET', '/oauth/status'))
    expect(body).toMatchObject({
      active_token: null,
      tokens: [],
      summary: { total_tokens: 0, current_token_index: null },
    })
  })

  test('says which account must log in again', async () => {
    await world.signIn('a@x.com')
    world.server.revokeAll()
    await world.accounts.refreshByHand('a@x.com')
    const { body } = await json(ask('GET', '/oauth/status'))
    expect(body['tokens']).toMatchObject([{ state: 'needs-login', reason: 'grant-refused', is_healthy: false }])
  })
})

describe('POST /oauth/refresh/{email}', () => {
  test('refreshes, in any case of letters, well escaped or not', async () => {
    await world.signIn('a@x.com')
    const { status, body } = await json(ask('POST', '/oauth/refresh/A%40x.com'))
    expect(status).toBe(200)
    expect(body).toMatchObject({
      status: 'success',
      message: 'Token for a@x.com refreshed',
      account_email: 'a@x.com',
      account_id: 'a@x.com',
      expires_at: 1_795_028_800,
      expires_in_seconds: 28_800,
      expires_in_minutes: 480,
      expires_in_human: '8h',
      access_token_preview: expect.stringMatching(/^sha256:/),
      scopes: ['user:inference'],
      refreshed_at: 1_795_000_000,
    })
    expect((await ask('POST', '/oauth/refresh/a@x.com')).status).toBe(200)
    expect(world.server.calls.refresh_token).toBe(2)
  })

  test('404 for an unknown account, 500 with the reason when it fails', async () => {
    expect(await json(ask('POST', '/oauth/refresh/nobody%'))).toMatchObject({
      status: 404,
      body: { error: 'Token for nobody% not found', details: expect.any(String) },
    })
    await world.signIn('a@x.com')
    world.server.mode = 'down'
    expect(await json(ask('POST', '/oauth/refresh/a@x.com'))).toMatchObject({
      status: 500,
      body: {
        error: 'Failed to refresh token for a@x.com',
        reason: 'unavailable',
        details: 'oauth: a@x.com cannot be refreshed: the server cannot be reached',
      },
    })
    world.server.mode = 'ok'
    world.server.revokeAll()
    const { body } = await json(ask('POST', '/oauth/refresh/a@x.com'))
    expect(body).toMatchObject({ reason: 'login-required', details: expect.stringContaining('lb login') })
  })
})

describe('DELETE /oauth/tokens', () => {
  test('signs out one, or 404, or all', async () => {
    await world.signIn('a@x.com')
    await world.signIn('b@x.com')
    await world.signIn('c@x.com')
    expect(await json(ask('DELETE', '/oauth/tokens/B@x.com'))).toEqual({
      status: 200,
      body: { status: 'success', message: 'Token for B@x.com removed' },
    })
    expect(await json(ask('DELETE', '/oauth/tokens/b@x.com'))).toEqual({
      status: 404,
      body: { error: 'Token for b@x.com not found' },
    })
    expect(await json(ask('DELETE', '/oauth/tokens'))).toEqual({
      status: 200,
      body: { status: 'success', message: 'All tokens cleared' },
    })
    expect((await world.accounts.list()).accounts).toEqual([])
  })
})

describe('while OAuth is off', () => {
  test('every route says so, and how to turn it on', async () => {
    for (const route of oauthRoutes(undefined)) {
      const answer = await route.answer({ method: route.method, url: route.path, headers: {}, body: '' })
      expect(answer.status).toBe(404)
      expect(JSON.parse(answer.body)).toMatchObject({
        error: 'OAuth manager not initialized',
        details: expect.stringContaining('settings.oauth.enabled'),
      })
    }
  })

  test('only the callback is open to anybody when it is on', () => {
    const open = oauthRoutes(undefined).filter((route) => route.access === 'state')
    expect(open.map((route) => route.path)).toEqual(['/oauth/callback'])
  })
})

import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { openIdIdentity } from './authority.ts'
import { encodeBase64Url } from './base64url.ts'
import { claudeAuthority } from './claude.ts'
import { describeTokenProblem, tokenProblems } from './token-problem.ts'
import { readTokenResponse, type TokenResponse } from './token-response.ts'

function answer(status: number, body: unknown, headers: Record<string, string> = {}): TokenResponse {
  return { status, headers, body: typeof body === 'string' ? body : JSON.stringify(body), epochMs: 1_795_000_000_000 }
}

const read = (status: number, body: unknown, headers?: Record<string, string>): ReturnType<typeof readTokenResponse> =>
  readTokenResponse(claudeAuthority, answer(status, body, headers))

const jwt = (claims: object): string =>
  `e30.${encodeBase64Url(new TextEncoder().encode(JSON.stringify(claims)))}.c2lnbmF0dXJl`

describe('tokens', () => {
  test('are read with their life, scopes and owner', () => {
    const body = {
      access_token: 'at',
      refresh_token: 'rt',
      token_type: 'bearer',
      expires_in: 28_800,
      scope: 'a  b',
      account: { uuid: 'id', email_address: 'a@x.com', full_name: 'Ada' },
      organization: { uuid: 'org' },
    }
    expect(read(200, body)).toEqual({
      ok: true,
      value: {
        accessToken: 'at',
        refreshToken: 'rt',
        lifetimeMs: 28_800_000,
        scopes: ['a', 'b'],
        identity: { email: 'a@x.com', id: 'id', name: 'Ada', organization: 'org' },
      },
    })
  })

  test('may come with no more than the access token', () => {
    const { identity: _none, ...nobody } = claudeAuthority
    expect(readTokenResponse(nobody, answer(200, { access_token: 'at', refresh_token: '' }))).toEqual({
      ok: true,
      value: { accessToken: 'at', lifetimeMs: null, identity: {} },
    })
    expect(read(200, { access_token: 'at', token_type: '' })).toMatchObject({ ok: true })
  })

  test.each([
    [3600, 3_600_000],
    ['3600', 3_600_000],
    [0, null],
    ['0', null],
    ['', null],
    [1.5, 1_500],
    [-1, null],
    ['soon', null],
    [1e12, 400 * 86_400_000],
  ])('that expire in %j', (expires, lifetimeMs) => {
    expect(read(200, { access_token: 'at', expires_in: expires })).toMatchObject({ value: { lifetimeMs } })
  })

  test('of an OpenID Connect server say their owner in the id token', () => {
    const body = { access_token: 'at', id_token: jwt({ sub: '7', email: 'b@x.com', name: 'Bob' }) }
    expect(read(200, body)).toMatchObject({ value: { identity: { id: '7', email: 'b@x.com', name: 'Bob' } } })
    const only = readTokenResponse({ ...claudeAuthority, identity: [openIdIdentity] }, answer(200, body))
    expect(only).toMatchObject({ value: { identity: { email: 'b@x.com' } } })
  })

  test.each(['x', 'a.b', 'a.!!.c', `a.${encodeBase64Url(new TextEncoder().encode('no json'))}.c`])(
    'with the id token %j have no owner',
    (token) => {
      expect(read(200, { access_token: 'at', id_token: token })).toMatchObject({ ok: true, value: { identity: {} } })
    },
  )

  test('with an owner of no sense have none', () => {
    const account = { email_address: 7, uuid: ' ', full_name: 'x'.repeat(321) }
    const organization = { uuid: 'o\u001b[31m' }
    expect(read(200, { access_token: 'at', account, organization })).toMatchObject({ value: { identity: {} } })
  })
})

describe('an answer without tokens', () => {
  test.each([
    ['no JSON', '<html>'],
    ['no object', '7'],
    ['no token', {}],
    ['a token that would split a header', { access_token: 'a\r\nb' }],
    ['a refresh token that would', { access_token: 'a', refresh_token: 'a b' }],
    ['another kind of token', { access_token: 'a', token_type: 'DPoP' }],
    ['a token that is too long', { access_token: 'a'.repeat(20_000) }],
  ])('%s, is unreadable: the server did act', (_name, body) => {
    expect(read(200, body)).toEqual({ ok: false, error: { kind: 'unreadable', status: 200 } })
  })

  test.each([
    [200, { error: 'invalid_grant', error_description: 'rt-canary' }, 'grant-refused', 'invalid_grant'],
    [200, { error: 'bad_verification_code' }, 'unreadable', undefined],
    [400, { error: 'invalid_grant' }, 'grant-refused', 'invalid_grant'],
    [401, { error: 'invalid_client' }, 'client-refused', 'invalid_client'],
    [400, { error: 'invalid_scope' }, 'client-refused', 'invalid_scope'],
    [403, { error: 'access_denied' }, 'grant-refused', 'access_denied'],
    [400, { error: { type: 'invalid_grant' } }, 'grant-refused', 'invalid_grant'],
    [400, { error: 'rt-canary' }, 'client-refused', undefined],
    [400, { error: 'constructor' }, 'client-refused', undefined],
    [404, 'Not Found', 'client-refused', undefined],
    [403, { type: 'error' }, 'client-refused', undefined],
    [403, '<html>blocked', 'blocked', undefined],
    [429, {}, 'rate-limited', undefined],
    [400, { error: 'slow_down' }, 'rate-limited', 'slow_down'],
    [302, '', 'redirected', undefined],
    [408, '', 'answer-lost', undefined],
    [500, '', 'server-error', undefined],
    [503, { error: 'temporarily_unavailable' }, 'server-error', 'temporarily_unavailable'],
    [502, '', 'answer-lost', undefined],
    [504, '', 'answer-lost', undefined],
    [520, '', 'answer-lost', undefined],
    [524, '', 'answer-lost', undefined],
    [525, '', 'server-error', undefined],
    [519, '', 'server-error', undefined],
    [101, '', 'client-refused', undefined],
  ])('%i %j is %s', (status, body, kind, error) => {
    expect(read(status, body)).toEqual({
      ok: false,
      error: error === undefined ? { kind, status } : { kind, status, error },
    })
  })

  test('says how long to wait, if the server does', () => {
    expect(read(429, {}, { 'retry-after': '7' })).toMatchObject({ error: { retryAfterMs: 7_000 } })
  })

  test('is described for people', () => {
    expect(describeTokenProblem({ kind: 'not-sent' })).toBe('the server cannot be reached')
    expect(describeTokenProblem({ kind: 'grant-refused', status: 400, error: 'invalid_grant' })).toBe(
      `${tokenProblems['grant-refused'].message} (400 invalid_grant)`,
    )
  })

  test('whatever it is, is read without throwing, and nothing of its text is passed on', () => {
    fc.assert(
      fc.property(fc.integer({ min: 100, max: 599 }), fc.json(), (status, body) => {
        const answered = read(status, body.replace(/^"?/, '$&canary'))
        if (!answered.ok) expect(JSON.stringify(answered.error)).not.toContain('canary')
      }),
    )
  })
})

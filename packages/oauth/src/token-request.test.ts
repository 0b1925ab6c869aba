import { expect, test } from 'vitest'
import type { Authority } from './authority.ts'
import { claudeAuthority } from './claude.ts'
import { codeRequest, refreshRequest, revokeRequest } from './token-request.ts'

const exchange = { code: 'c', state: 's', redirectUri: 'https://x.com/cb', verifier: 'v' }
const { tokenBody: _json, stateInExchange: _too, ...preset } = claudeAuthority
const plain: Authority = { ...preset, clientId: 'me', tokenUrl: 'https://x.com/token' }

test('a code is exchanged in JSON, with the state, where the preset says so', () => {
  const request = codeRequest(claudeAuthority, exchange)
  expect(request).toMatchObject({
    url: 'https://platform.claude.com/v1/oauth/token',
    method: 'POST',
    headers: { accept: 'application/json', 'content-type': 'application/json' },
  })
  expect(JSON.parse(request.body)).toEqual({
    grant_type: 'authorization_code',
    code: 'c',
    redirect_uri: 'https://x.com/cb',
    code_verifier: 'v',
    state: 's',
    client_id: claudeAuthority.clientId,
  })
})

test('and as a form without it anywhere else, as the RFC has it', () => {
  const request = codeRequest(plain, exchange)
  expect(request.headers['content-type']).toBe('application/x-www-form-urlencoded')
  expect(request.body).toBe(
    'grant_type=authorization_code&code=c&redirect_uri=https%3A%2F%2Fx.com%2Fcb&code_verifier=v&client_id=me',
  )
})

test('a refresh names its scopes, if there are any, and the secret of a client that has one', () => {
  expect(refreshRequest(plain, 'r', ['a', 'b']).body).toBe(
    'grant_type=refresh_token&refresh_token=r&scope=a+b&client_id=me',
  )
  expect(refreshRequest({ ...plain, clientSecret: 'k' }, 'r', []).body).toBe(
    'grant_type=refresh_token&refresh_token=r&client_id=me&client_secret=k',
  )
})

test('a logout is told to a server that has an ear for it, always as a form', () => {
  expect(revokeRequest(plain, 'r')).toBeUndefined()
  expect(revokeRequest({ ...claudeAuthority, revokeUrl: 'https://x.com/revoke', clientId: 'me' }, 'r')).toMatchObject({
    url: 'https://x.com/revoke',
    body: 'token=r&token_type_hint=refresh_token&client_id=me',
  })
})

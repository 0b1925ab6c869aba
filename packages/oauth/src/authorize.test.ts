import { expect, test } from 'vitest'
import { authorizeUrl } from './authorize.ts'
import { claudeAuthority } from './claude.ts'

const request = { redirectUri: 'http://localhost:1/callback', state: 's', challenge: 'c' }

test('the address has what the RFCs ask for, and what the authority wants beside', () => {
  const url = new URL(authorizeUrl(claudeAuthority, request))
  expect(`${url.origin}${url.pathname}`).toBe('https://claude.com/cai/oauth/authorize')
  expect(Object.fromEntries(url.searchParams)).toEqual({
    code: 'true',
    client_id: claudeAuthority.clientId,
    response_type: 'code',
    redirect_uri: 'http://localhost:1/callback',
    scope: claudeAuthority.scopes.join(' '),
    code_challenge: 'c',
    code_challenge_method: 'S256',
    state: 's',
  })
})

test('a hint of who signs in is passed on, and a query that was there stays', () => {
  const { authorizeParameters: _none, ...plain } = claudeAuthority
  const authority = { ...plain, authorizeUrl: 'https://x.com/a?tenant=1' }
  const url = new URL(authorizeUrl(authority, { ...request, loginHint: 'a@x.com' }))
  expect(url.searchParams.get('tenant')).toBe('1')
  expect(url.searchParams.get('login_hint')).toBe('a@x.com')
  expect(url.searchParams.has('code')).toBe(false)
})

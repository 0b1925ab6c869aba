import { describe, expect, test } from 'vitest'
import { type Authority, authorityId, authorityProblems, isIssuedBy, isLoopbackHost } from './authority.ts'
import { claudeAuthority } from './claude.ts'

const with_ = (change: Partial<Authority>): Authority => ({ ...claudeAuthority, ...change })

test('the preset has nothing wrong with it, and is known by the origin of its token endpoint', () => {
  expect(authorityProblems(claudeAuthority)).toEqual([])
  expect(authorityId(claudeAuthority)).toBe('https://platform.claude.com')
})

test.each<[string, Partial<Authority>, string]>([
  ['plain http', { tokenUrl: 'http://x.com/token' }, 'token_url must be https'],
  ['no URL', { authorizeUrl: 'nonsense' }, 'authorize_url is not a URL'],
  ['a password', { tokenUrl: 'https://me:pw@x.com/' }, 'token_url must not hold'],
  ['a name', { tokenUrl: 'https://me@x.com/' }, 'token_url must not hold'],
  ['a fragment', { revokeUrl: 'https://x.com/#a' }, 'revoke_url must not have a fragment'],
  ['no client', { clientId: '' }, 'client_id is empty'],
  ['no way back', { redirects: {} }, 'redirect_uri is missing'],
  ['a bad way back', { redirects: { manual: 'ftp://x' } }, 'redirect_uri must be https'],
])('%s is refused', (_name, change, problem) => {
  expect(authorityProblems(with_(change)).join()).toContain(problem)
})

test('http is fine on this machine', () => {
  for (const host of ['127.0.0.1', '127.9.9.9', 'localhost', '[::1]']) {
    expect(authorityProblems(with_({ tokenUrl: `http://${host}:9/token` }))).toEqual([])
  }
  expect([isLoopbackHost('127.0.0.1.evil.com'), isLoopbackHost('1127.0.0.1'), isLoopbackHost('localhost.x')]).toEqual([
    false,
    false,
    false,
  ])
})

describe('the sender of a callback', () => {
  test('must be the configured issuer, letter by letter', () => {
    const known = with_({ issuer: 'https://claude.com' })
    expect([isIssuedBy(known, 'https://claude.com'), isIssuedBy(known, 'https://claude.com/')]).toEqual([true, false])
  })

  test('must share an endpoint’s origin where none is configured', () => {
    expect(isIssuedBy(claudeAuthority, 'https://claude.com/issuer')).toBe(true)
    expect(isIssuedBy(claudeAuthority, 'https://platform.claude.com')).toBe(true)
    expect(isIssuedBy(claudeAuthority, 'https://evil.com')).toBe(false)
    expect(isIssuedBy(claudeAuthority, 'nonsense')).toBe(false)
  })
})

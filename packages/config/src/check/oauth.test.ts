import { expect, test } from 'vitest'
import { said, withSettings } from '../testing/load.ts'

test('the key of the token file comes from one place', () => {
  expect(said(withSettings('{ oauth: { encryption_key: canary, encryption_key_file: f } }'))).toEqual([
    '3:67: settings.oauth.encryption_key_file: encryption_key is there, too; keep one of the two',
  ])
})

test.each(['authorize_url', 'token_url', 'revoke_url', 'redirect_uri'])('%s is safe from those on the way', (key) => {
  const oauth = (url: string, enabled = true): string[] =>
    said(withSettings(`{ oauth: { enabled: ${enabled}, ${key}: "${url}" } }`))
  expect(oauth('http://auth.example.com/x')[0]).toContain(
    `settings.oauth.${key}: must begin with https://; http:// is for this machine only; tokens and codes go there`,
  )
  for (const url of ['https://auth.example.com/x', 'http://127.0.0.1:9/x', 'http://localhost/x', 'http://[::1]:9/x'])
    expect(oauth(url)).toEqual([])
  expect(oauth('http://auth.example.com/x', false)).toEqual([])
})

test('a short key of the token file is a mistake, and never shown', () => {
  expect(said(withSettings('{ oauth: { enabled: true, encryption_key: canary } }'))).toEqual([
    '3:53: settings.oauth.encryption_key: must have at least 16 characters; make one with: openssl rand -base64 32',
  ])
  for (const key of ['keyring', '0123456789abcdef'])
    expect(said(withSettings(`{ oauth: { enabled: true, encryption_key: ${key} } }`))).toEqual([])
})

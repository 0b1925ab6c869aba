import { createHash } from 'node:crypto'
import { loadConfig } from '@lb/config'
import { describe, expect, test } from 'vitest'
import { createKeyring, type Keyring } from './keyring.ts'

const keys = {
  api: 'api-0123456789abcdef0123456789',
  admin: 'admin-0123456789abcdef012345',
  alice: 'alice-0123456789abcdef012345',
  bob: 'bob-0123456789abcdef01234567',
}
const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex')

function ring(auth: string): Keyring {
  const text = `
providers: [{ name: a, type: anthropic, base_url: "http://a", auth_value: key-of-a-0123456789abcdef }]
model_routes: { "*": [{ provider: a }] }
settings: { auth: { enabled: true, ${auth} } }`
  const loaded = loadConfig(text, {})
  if (!loaded.ok) throw new Error(JSON.stringify(loaded.error))
  return createKeyring(loaded.value.config.settings.auth, [], Buffer.alloc(32, 7))
}

describe('who holds a key', () => {
  const full = ring(
    `api_key: ${keys.api}, admin_key: ${keys.admin}, keys: [{ name: alice, key: ${keys.alice} }, { name: bob, key_sha256: ${sha256(keys.bob)} }]`,
  )

  test.each([
    [keys.api, 'api_key', false],
    [keys.admin, 'admin_key', true],
    [keys.alice, 'alice', false],
    [keys.bob, 'bob', false],
  ])('%s', (presented, tenant, isAdmin) => {
    expect(full.holderOf(presented)).toMatchObject({ tenant, isAdmin })
  })

  test.each([
    '',
    ' ',
    keys.api.slice(0, -1),
    `${keys.api} `,
    keys.api.toUpperCase(),
    sha256(keys.bob),
    '\u0000',
    'ключ',
    'x'.repeat(100_000),
  ])('nobody holds %j', (presented) => {
    expect(full.holderOf(presented)).toBeUndefined()
  })
})

test('the shared key manages lb where there is no admin key', () => {
  expect(ring(`api_key: ${keys.api}`).holderOf(keys.api)).toMatchObject({ isAdmin: true })
})

test('a key that is there twice, once as a hash, may what the lesser entry may', () => {
  const twice = ring(`api_key: ${keys.api}, keys: [{ name: alice, key_sha256: ${sha256(keys.api)} }]`)
  expect(twice.holderOf(keys.api)).toMatchObject({ tenant: 'alice', isAdmin: false })
})

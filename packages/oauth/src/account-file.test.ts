import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type AccountFile, readAccountFile, type StoredAccount, writeAccountFile } from './account-file.ts'

const account: StoredAccount = {
  key: 'ada@x.com',
  email: 'Ada@x.com',
  id: 'id-1',
  name: 'Ada',
  organization: 'org-1',
  authority: 'https://x.com',
  accessToken: 'at',
  refreshToken: 'rt',
  scopes: ['a', 'b'],
  issued: { epochMs: 1_795_000_000_000, nowMs: 5_000, clockId: 'boot' },
  lifetimeMs: 28_800_000,
  login: 'login-1',
  rotation: 3,
  needsLogin: 'grant-refused',
  createdMs: 1_794_000_000_000,
  uses: 7,
  lastUsedMs: 1_795_000_001_000,
  quotaUsed: { '5h': 0.5 },
}
const bare: StoredAccount = {
  key: 'b',
  email: 'b',
  authority: '',
  accessToken: 'at',
  scopes: [],
  issued: { epochMs: 0, nowMs: 0, clockId: '' },
  lifetimeMs: null,
  login: '',
  rotation: 0,
  createdMs: 0,
  uses: 0,
  lastUsedMs: null,
}

test('what is written is read again', () => {
  const file: AccountFile = {
    generation: 9,
    accounts: [account, bare, { ...bare, key: 'c', email: 'c', needsLogin: 'ended' }],
  }
  expect(readAccountFile(writeAccountFile(file, 0))).toEqual({ ok: true, value: { file, unreadable: 0 } })
})

test('its members are the predecessor’s, and ours beside them', () => {
  expect(JSON.parse(writeAccountFile({ generation: 1, accounts: [account] }, 1_795_000_002_000))).toMatchObject({
    version: 1,
    generation: 1,
    tokens: [
      {
        account_id: 'id-1',
        account_email: 'Ada@x.com',
        account_name: 'Ada',
        access_token: 'at',
        refresh_token: 'rt',
        expires_at: 1_795_028_800,
        scopes: ['a', 'b'],
        usage_count: 7,
        last_used: 1_795_000_001,
        created_at: 1_794_000_000,
      },
    ],
    metadata: { last_saved: 1_795_000_002 },
  })
})

test('the predecessor’s own value can be read: its tokens count as issued at their login', () => {
  const old = {
    tokens: [
      {
        access_token: 'at',
        refresh_token: 'rt',
        expires_at: 2_000,
        scopes: ['a', 7],
        account_id: 'ada@x.com',
        account_email: 'Ada@X.com',
        account_name: null,
        usage_count: 2,
        last_used: 0,
        created_at: 1_000,
      },
    ],
    metadata: { current_token_index: 0 },
  }
  const read = readAccountFile(JSON.stringify(old))
  expect(read).toMatchObject({
    ok: true,
    value: {
      file: {
        generation: 0,
        accounts: [
          {
            key: 'ada@x.com',
            email: 'Ada@X.com',
            scopes: ['a'],
            issued: { epochMs: 1_000_000 },
            lifetimeMs: 1_000_000,
            lastUsedMs: null,
            uses: 2,
          },
        ],
      },
    },
  })
  expect(read.ok && 'id' in (read.value.file.accounts[0] ?? {})).toBe(false)
  const least = readAccountFile(JSON.stringify({ tokens: [{ access_token: 'at', account_email: 'a' }] }))
  expect(least.ok && least.value.file.accounts[0]?.lifetimeMs).toBe(0)
})

test('an instant without all its parts has the least that is known', () => {
  const token = {
    access_token: 'at',
    account_email: 'a',
    issued: { epoch_ms: 5 },
    refresh_token: '',
    quota_used: { a: 1, b: 'x' },
  }
  const read = readAccountFile(JSON.stringify({ tokens: [token] }))
  expect(read.ok && read.value.file.accounts[0]).toMatchObject({
    issued: { epochMs: 5, nowMs: 0, clockId: '' },
    lifetimeMs: null,
    quotaUsed: { a: 1 },
  })
})

describe('a text that is no token file', () => {
  test.each([
    ['', { kind: 'empty' }],
    [' \n', { kind: 'empty' }],
    ['{"tokens":[{"access_token":"canary', { kind: 'not-json' }],
    ['[]', { kind: 'not-a-token-file' }],
    ['{}', { kind: 'not-a-token-file' }],
    ['{"version":2,"tokens":[]}', { kind: 'newer', version: 2 }],
  ])('%j', (text, error) => {
    expect(readAccountFile(text)).toEqual({ ok: false, error })
  })

  test('in part, gives the rest', () => {
    const tokens = [
      7,
      {},
      { account_email: 'a' },
      { account_email: '', access_token: 'x' },
      { account_email: 'a', access_token: '' },
    ]
    const read = readAccountFile(JSON.stringify({ tokens: [...tokens, { account_email: 'a', access_token: 'at' }] }))
    expect(read).toMatchObject({ ok: true, value: { unreadable: 5, file: { accounts: [{ key: 'a' }] } } })
  })

  test('of any kind is answered, never thrown at', () => {
    fc.assert(fc.property(fc.json(), (text) => void readAccountFile(text)))
    fc.assert(fc.property(fc.array(fc.jsonValue()), (tokens) => void readAccountFile(JSON.stringify({ tokens }))))
  })
})

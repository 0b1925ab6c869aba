import { describe, expect, test } from 'vitest'
import {
  addUsage,
  putLogin,
  putLoginNeeded,
  putTokens,
  removeAccount,
  restoreAccounts,
  rotated,
  type SignedIn,
} from './account-edit.ts'
import { type AccountFile, emptyFile, type StoredAccount } from './account-file.ts'
import type { AccountIdentity } from './token-response.ts'

const at = { nowMs: 1, clockId: 'boot', epochMs: 5_000 }
const login = (email: string, name: string, identity: AccountIdentity = {}, authority = 'https://x.com'): SignedIn => ({
  email,
  authority,
  login: name,
  grant: { accessToken: `at-${name}`, refreshToken: `rt-${name}`, lifetimeMs: 1_000, identity },
  scopes: ['asked'],
  at,
})
const grant = { accessToken: 'at-new', refreshToken: 'rt-new', lifetimeMs: 2_000, identity: {} }
const first = (file: AccountFile): StoredAccount => {
  const [account] = file.accounts
  if (account === undefined) throw new Error('nobody')
  return account
}
const start = putLogin(emptyFile, login('Ada@x.com ', '1'))

describe('a login', () => {
  test('adds an account under its e-mail', () => {
    expect(first(start)).toEqual({
      key: 'ada@x.com',
      email: 'Ada@x.com',
      authority: 'https://x.com',
      accessToken: 'at-1',
      refreshToken: 'rt-1',
      scopes: ['asked'],
      issued: at,
      lifetimeMs: 1_000,
      login: '1',
      rotation: 1,
      createdMs: 5_000,
      uses: 0,
      lastUsedMs: null,
    })
  })

  test('replaces the one under the same e-mail, and keeps what was counted', () => {
    const used = addUsage(start, new Map([['ada@x.com', { uses: 3, lastUsedMs: 9 }]]))
    const again = putLogin(used, { ...login('ADA@X.COM', '2'), grant: { ...grant, scopes: ['granted'] } })
    expect(again.accounts.length).toBe(1)
    expect(first(again)).toMatchObject({ login: '2', rotation: 1, uses: 3, lastUsedMs: 9, scopes: ['granted'] })
  })

  test('replaces the same account under another name, but not another organization’s or server’s', () => {
    const identity = { id: 'i', organization: 'o', name: 'Ada' }
    const work = putLogin(emptyFile, login('work', '1', identity))
    expect(putLogin(work, login('ada@x.com', '2', identity)).accounts.map((each) => each.key)).toEqual(['ada@x.com'])
    expect(putLogin(work, login('b', '2', { ...identity, organization: 'p' })).accounts.length).toBe(2)
    expect(putLogin(work, login('b', '2', { ...identity, id: 'j' })).accounts.length).toBe(2)
    expect(putLogin(work, login('b', '2', identity, 'https://y.com')).accounts.length).toBe(2)
    expect(putLogin(work, login('b', '2')).accounts.length).toBe(2)
  })

  test('may come without a refresh token', () => {
    const { refreshToken: _none, ...setup } = grant
    expect('refreshToken' in first(putLogin(emptyFile, { ...login('a', '1'), grant: setup }))).toBe(false)
  })
})

describe('a rotation', () => {
  const later = { nowMs: 9, clockId: 'boot', epochMs: 9_000 }

  test('brings younger tokens, and ends the need of a login', () => {
    const account = rotated({ ...first(start), needsLogin: 'grant-refused' }, grant, later)
    expect(account).toMatchObject({
      accessToken: 'at-new',
      refreshToken: 'rt-new',
      rotation: 2,
      issued: later,
      lifetimeMs: 2_000,
      scopes: ['asked'],
    })
    expect('needsLogin' in account).toBe(false)
    expect(rotated(first(start), { ...grant, scopes: ['less'] }, later).scopes).toEqual(['less'])
  })

  test('of a server that sends no new refresh token keeps the old one', () => {
    const { refreshToken: _none, ...still } = grant
    expect(rotated(first(start), still, later).refreshToken).toBe('rt-1')
  })

  test('is kept, with what was counted meanwhile', () => {
    const counted = addUsage(start, new Map([['ada@x.com', { uses: 3, lastUsedMs: 9 }]]))
    const put = putTokens(counted, rotated(first(start), grant, later))
    expect(put.ok && first(put.value)).toMatchObject({ rotation: 2, uses: 3, lastUsedMs: 9 })
  })

  test('that comes late is refused: others have rotated as far, or the account is gone, or signed in anew', () => {
    const account = rotated(first(start), grant, later)
    const put = putTokens(start, account)
    expect(put.ok && putTokens(put.value, account)).toEqual({ ok: false, error: 'superseded' })
    expect(putTokens(emptyFile, account)).toEqual({ ok: false, error: 'gone' })
    expect(putTokens(putLogin(start, login('ada@x.com', '2')), account)).toEqual({ ok: false, error: 'gone' })
  })
})

describe('the need of a login', () => {
  test('is noted for the tokens that it was found out with, and no others', () => {
    const noted = putLoginNeeded(start, first(start), 'grant-refused')
    expect(noted.ok && first(noted.value)).toMatchObject({ needsLogin: 'grant-refused', accessToken: 'at-1' })
    const newer = putTokens(start, rotated(first(start), grant, at))
    expect(newer.ok && putLoginNeeded(newer.value, first(start), 'ended')).toEqual({ ok: false, error: 'superseded' })
    expect(putLoginNeeded(emptyFile, first(start), 'ended')).toEqual({ ok: false, error: 'gone' })
    expect(putLoginNeeded(putLogin(start, login('ada@x.com', '2')), first(start), 'ended')).toEqual({
      ok: false,
      error: 'gone',
    })
  })
})

test('removing takes one out; removing nobody changes nothing', () => {
  const two = putLogin(start, login('b', '2'))
  expect(removeAccount(two, 'ada@x.com').accounts.map((each) => each.key)).toEqual(['b'])
  expect(removeAccount(two, 'nobody')).toBe(two)
})

test('a damaged file gets back what is missing and what is younger, and keeps what is better', () => {
  const ada = first(start)
  const younger = rotated(ada, grant, at)
  const file = putLogin(putLogin(start, login('b', '2')), login('c', '3'))
  const other = putLogin(emptyFile, login('b', 'another'))
  const restored = restoreAccounts(file, [younger, first(other), { ...ada, key: 'd', email: 'd' }])
  expect(restored.accounts.map((each) => [each.key, each.login, each.rotation])).toEqual([
    ['ada@x.com', '1', 2],
    ['b', '2', 1],
    ['c', '3', 1],
    ['d', '1', 1],
  ])
  expect(restoreAccounts(file, [ada]).accounts).toEqual(file.accounts)
})

test('what was counted is added up; the vendor’s last word replaces the one before', () => {
  const file = putLogin(start, login('b', '2'))
  const once = addUsage(
    file,
    new Map([
      ['b', { uses: 2, lastUsedMs: 50, quotaUsed: { '5h': 0.1 } }],
      ['gone', { uses: 1, lastUsedMs: 1 }],
    ]),
  )
  const twice = addUsage(once, new Map([['b', { uses: 1, lastUsedMs: 40 }]]))
  expect(twice.accounts[0]).toBe(file.accounts[0])
  expect(twice.accounts[1]).toMatchObject({ uses: 3, lastUsedMs: 50, quotaUsed: { '5h': 0.1 } })
})

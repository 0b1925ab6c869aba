import { err, ok, type Result } from '@lb/protocol'
import { type AccountFile, accountKey, type StoredAccount } from './account-file.ts'
import type { Instant } from './instant.ts'
import type { LoginReason } from './machine.ts'
import type { AccountIdentity, TokenGrant } from './token-response.ts'

/**
 * The changes that the token file goes through. Each is applied to what the file holds *at that moment*, under the file's
 * lock, and says no when it is out of date: tokens count only if they descend from the login that the file knows, and are
 * younger than what it holds. So a process that slept through its lock cannot undo what others did meanwhile.
 */
export type EditProblem =
  | 'gone' // the account was removed, or signed in anew: what was fetched before is not wanted any more
  | 'superseded' // the file holds tokens that are as young or younger

/** Tokens of a new login. */
export interface SignedIn {
  readonly email: string
  readonly authority: string
  readonly grant: TokenGrant
  /** A random name for this login. */
  readonly login: string
  /** What was asked for; the grant may say less. */
  readonly scopes: readonly string[]
  readonly at: Instant
}

/** An account signed in: it replaces an older sign-in under the same e-mail or the same id at the same authority. */
export function putLogin(file: AccountFile, login: SignedIn): AccountFile {
  const key = accountKey(login.email)
  const { identity } = login.grant
  const isSame = (account: StoredAccount): boolean =>
    account.key === key || (identity.id !== undefined && isOwner(account, login.authority, identity))
  const before = file.accounts.find(isSame)
  const others = file.accounts.filter((account) => !isSame(account))
  const account: StoredAccount = {
    key,
    email: login.email.trim(),
    ...(identity.id === undefined ? {} : { id: identity.id }),
    ...(identity.name === undefined ? {} : { name: identity.name }),
    ...(identity.organization === undefined ? {} : { organization: identity.organization }),
    authority: login.authority,
    accessToken: login.grant.accessToken,
    ...(login.grant.refreshToken === undefined ? {} : { refreshToken: login.grant.refreshToken }),
    scopes: login.grant.scopes ?? login.scopes,
    issued: login.at,
    lifetimeMs: login.grant.lifetimeMs,
    login: login.login,
    rotation: 1,
    createdMs: login.at.epochMs,
    uses: before?.uses ?? 0,
    lastUsedMs: before?.lastUsedMs ?? null,
  }
  return { ...file, accounts: [...others, account] }
}

/** One person may belong to several organizations: those are different accounts with different allowances. */
function isOwner(account: StoredAccount, authority: string, identity: AccountIdentity): boolean {
  const { id, organization } = identity
  return account.id === id && account.organization === organization && account.authority === authority
}

/** The account with the tokens that its refresh token was exchanged for. */
export function rotated(account: StoredAccount, grant: TokenGrant, at: Instant): StoredAccount {
  const { needsLogin: _over, ...rest } = account
  return {
    ...rest,
    accessToken: grant.accessToken,
    // A server that does not rotate sends none: the old one stays good.
    ...(grant.refreshToken === undefined ? {} : { refreshToken: grant.refreshToken }),
    scopes: grant.scopes ?? account.scopes,
    issued: at,
    lifetimeMs: grant.lifetimeMs,
    rotation: account.rotation + 1,
  }
}

/** Keeps the tokens of an account that were rotated. What is counted (uses) stays as the file has it. */
export function putTokens(file: AccountFile, account: StoredAccount): Result<AccountFile, EditProblem> {
  const held = file.accounts.find((candidate) => candidate.key === account.key)
  if (held === undefined || held.login !== account.login) return err('gone')
  if (held.rotation >= account.rotation) return err('superseded')
  const { uses, lastUsedMs } = held
  return ok(replaced(file, { ...account, uses, lastUsedMs }))
}

/**
 * Only a new login helps: noted, so that no process tries the refresh token again. The tokens stay, the access token may
 * still be good.
 */
export function putLoginNeeded(
  file: AccountFile,
  account: StoredAccount,
  reason: LoginReason,
): Result<AccountFile, EditProblem> {
  const held = file.accounts.find((candidate) => candidate.key === account.key)
  if (held === undefined || held.login !== account.login) return err('gone')
  if (held.rotation !== account.rotation) return err('superseded')
  return ok(replaced(file, { ...held, needsLogin: reason }))
}

/**
 * Puts back what a damaged file has lost, from the memory of a process that still knows it: accounts that are missing, and
 * tokens that are younger than the ones of an older copy.
 */
export function restoreAccounts(file: AccountFile, known: readonly StoredAccount[]): AccountFile {
  const missing = known.filter((account) => !file.accounts.some((held) => held.key === account.key))
  const accounts = file.accounts.map((held) => {
    const account = known.find((candidate) => candidate.key === held.key)
    const put = account === undefined ? undefined : putTokens(file, account)
    return put?.ok ? (put.value.accounts.find((each) => each.key === held.key) ?? held) : held
  })
  return { ...file, accounts: [...accounts, ...missing] }
}

/** Removes an account; the file itself when there is no such account. */
export function removeAccount(file: AccountFile, key: string): AccountFile {
  if (!file.accounts.some((account) => account.key === key)) return file
  return { ...file, accounts: file.accounts.filter((account) => account.key !== key) }
}

/** What was counted in one process since it last wrote. */
export interface UsageDelta {
  readonly uses: number
  readonly lastUsedMs: number
  readonly quotaUsed?: Readonly<Record<string, number>>
}

/** Adds what was counted; accounts that are gone are skipped. */
export function addUsage(file: AccountFile, deltas: ReadonlyMap<string, UsageDelta>): AccountFile {
  const accounts = file.accounts.map((account) => {
    const delta = deltas.get(account.key)
    if (delta === undefined) return account
    return {
      ...account,
      uses: account.uses + delta.uses,
      lastUsedMs: Math.max(account.lastUsedMs ?? 0, delta.lastUsedMs),
      ...(delta.quotaUsed === undefined ? {} : { quotaUsed: delta.quotaUsed }),
    }
  })
  return { ...file, accounts }
}

function replaced(file: AccountFile, account: StoredAccount): AccountFile {
  return { ...file, accounts: file.accounts.map((each) => (each.key === account.key ? account : each)) }
}

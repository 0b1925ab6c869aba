import {
  type AccountView,
  type Authority,
  headroom,
  isUsable,
  type Quota,
  rejectedUntilMs,
  reservedHeadroom,
  type StoredAccount,
} from '@lb/oauth'
import type { Entry } from './account-book.ts'
import type { AddedAccount, Credential } from './accounts.ts'
import { Secret } from './secret.ts'
import type { StoreProblem } from './token-store.ts'

/** An account as the choice sees it. */
export function viewOf(entry: Entry, model: string, nowMs: number): AccountView {
  const rejected = rejectedUntilMs(entry.quota, model, nowMs)
  return {
    key: entry.account.key,
    email: entry.account.key,
    usable: isUsable(entry.state, nowMs),
    uses: entry.account.uses + entry.pendingUses,
    lastTurn: entry.lastTurn,
    headroom: reservedHeadroom(headroom(entry.quota, model, nowMs), entry.turnsSinceQuota),
    ...(rejected === undefined ? {} : { rejectedUntilMs: rejected }),
  }
}

/** What a request with this account needs. */
export function credentialOf({ account }: Entry, authority: Authority): Credential {
  return {
    key: account.key,
    email: account.email,
    authorization: new Secret(`Bearer ${account.accessToken}`),
    ...(authority.betaHeader === undefined ? {} : { betaHeader: authority.betaHeader }),
    login: account.login,
    rotation: account.rotation,
  }
}

/** A new login as others may see it. */
export function added(account: StoredAccount, unsaved: StoreProblem | undefined): AddedAccount {
  const { email, issued, lifetimeMs, name, scopes } = account
  return {
    email,
    scopes,
    endsMs: lifetimeMs === null ? null : issued.epochMs + lifetimeMs,
    ...(name === undefined ? {} : { name }),
    ...(unsaved === undefined ? {} : { unsaved }),
  }
}

/** Whether the account still holds the tokens that a credential was made of. */
export function isCurrent({ account }: Entry, credential: Credential): boolean {
  return account.login === credential.login && account.rotation === credential.rotation
}

/**
 * The allowance after another response. One about one model says nothing about a rejection that is for other models, and one
 * that names no windows says nothing about them.
 */
export function mergeQuota(before: Quota | undefined, said: Quota, model: string): Quota {
  const { rejected } = before ?? {}
  const other = rejected?.models !== undefined && !model.toLowerCase().includes(rejected.models) ? rejected : undefined
  const windows = said.windows.length > 0 ? said.windows : (before?.windows ?? [])
  const still = said.rejected ?? other
  return still === undefined ? { windows } : { windows, rejected: still }
}

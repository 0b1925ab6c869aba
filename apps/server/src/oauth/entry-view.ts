import { Secret } from '@lb/config'
import {
  type AccountView,
  type Authority,
  headroom,
  isUsable,
  nextDeadlineMs,
  type Quota,
  rejectedUntilMs,
  reservedHeadroom,
  revokeRequest,
  type StoredAccount,
} from '@lb/oauth'
import type { AddedAccount, Credential, CredentialAnswer, CredentialWish } from './accounts.ts'
import type { Entry } from './entry.ts'
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

/** The request that takes a login back at its authority; `undefined`: there is nothing to take back, or no way to. */
export function revocationOf({ account }: Entry, authority: Authority): ReturnType<typeof revokeRequest> {
  return account.refreshToken === undefined ? undefined : revokeRequest(authority, account.refreshToken)
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

/** The allowance after a 429 that said until when. What the vendor's own quota headers said is more exact. */
export function limitedQuota(before: Quota | undefined, untilMs: number, model: string): Quota {
  const { windows = [], rejected } = before ?? {}
  const still =
    rejected !== undefined && rejected.untilMs >= untilMs ? rejected : { untilMs, models: model.toLowerCase() }
  return { windows, rejected: still }
}

/** The states in which only a person can help, and what is told of them. An account that rests is tried again by itself, too. */
const loginAsked: Readonly<Partial<Record<Entry['state']['kind'], string>>> = {
  'needs-login': 'must log in',
  barred: 'must log in again (the sign-in is refused)',
}

function loginsAsked(entries: readonly Entry[]): string {
  const groups = new Map<string | undefined, string[]>()
  for (const { account, state } of entries) {
    const said = loginAsked[state.kind]
    groups.set(said, [...(groups.get(said) ?? []), account.email])
  }
  return [...groups].map(([said, emails]) => `${emails.join(', ')} ${said}`).join('; ')
}

/** Why there is no credential, for accounts that would do and cannot be used. */
export function refusalOf(
  entries: readonly Entry[],
  wish: CredentialWish,
  nowMs: number,
  loginAdvice: string,
): CredentialAnswer {
  const emails = entries.map((entry) => entry.account.email)
  const waiting = entries.filter(({ state }) => loginAsked[state.kind] === undefined)
  if (waiting.length === 0) {
    const who = wish.pinnedEmail === undefined ? 'no account is signed in' : `${wish.pinnedEmail} must log in`
    const what = entries.length === 0 ? who : loginsAsked(entries)
    return { kind: 'login-required', accounts: emails, message: loginMessage(loginAdvice, what) }
  }
  const soonestMs = Math.min(...waiting.map((entry) => nextDeadlineMs(entry.state) ?? nowMs))
  return {
    kind: 'unavailable',
    retryAfterMs: Math.max(1_000, soonestMs - nowMs),
    message: `oauth: no account can be used at the moment: ${emails.join(', ')}`,
  }
}

/** What happened, and how to log in. */
export function loginMessage(loginAdvice: string, what: string): string {
  return `oauth: ${what}: ${loginAdvice}`
}

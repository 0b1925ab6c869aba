import type { Secret } from '@lb/config'
import type { AccountStrategy, SignedIn } from '@lb/oauth'
import type { BookPorts } from './account-book.ts'
import type { AccountStatus } from './status.ts'
import type { StoreProblem } from './token-store.ts'

/**
 * The stored logins, as the attempt loop uses them:
 *
 *   answer = await accounts.credentialFor({ pinnedEmail, session, model, tried })
 *   … 401 …  again = await accounts.refresh(answer.credential)      once: `renewed` → send again with `again.credential`
 *   … 401 again, or not renewed: tried.push(credential.key), credentialFor again → next account, at last next candidate
 *   … any response: accounts.reportQuota(credential.key, headers, model)
 *   … 429 with a time: accounts.reportLimit(credential.key, waitMs, model)
 */
export interface Accounts {
  /** A credential for a request. Immediate, unless the only accounts that would do are just being refreshed. Never throws. */
  credentialFor(wish: CredentialWish): Promise<CredentialAnswer>
  /**
   * The API answered 401 to this credential. However many requests say so at once, in however many processes, the refresh
   * token is exchanged once. Called again for the credential that it has just renewed, it renews no more: then it is the
   * account that is refused, and the account rests. Never throws.
   */
  refresh(credential: Credential, waitMs?: number): Promise<RefreshAnswer>
  /** What the API's response headers say about the account's allowance. Takes any headers, by lower-case name. */
  reportQuota(key: string, headers: Readonly<Record<string, string>>, model: string): void
  /** The API refuses the account for this model, and says for how long: it becomes the last choice until then. */
  reportLimit(key: string, waitMs: number, model: string): void
  /** Refreshes now, because a person wants it. */
  refreshByHand(email: string): Promise<RefreshAnswer | { readonly kind: 'unknown' }>
  /** Keeps a new login. */
  add(login: SignedIn): Promise<AddedAccount>
  /** Signs out one account, here and in the store. `false`: it was not signed in. */
  remove(email: string): Promise<boolean | StoreProblem>
  /** Signs out all. */
  clear(): Promise<StoreProblem | undefined>
  /** Everything that may be shown, brought up to date with the store first. */
  list(): Promise<AccountList>
  /** Ends timers and waits for what is being written. */
  close(): Promise<void>
}

/** What a request needs. */
export interface CredentialWish {
  /** `account_email` of the provider or route: this account and no other. */
  readonly pinnedEmail?: string
  /** What names the conversation, for affinity. */
  readonly session?: string
  /** The upstream's model name: some allowances are for some models only. */
  readonly model?: string
  /** The keys of accounts that this request has tried. */
  readonly tried?: readonly string[]
  /** How long to wait at most for a refresh that is under way. Default 10 s. */
  readonly waitMs?: number
}

/** What to send with a request. */
export interface Credential {
  /** The account, for logs, health, `tried`. */
  readonly key: string
  readonly email: string
  /** The `authorization` header's value. */
  readonly authorization: Secret
  /** To be appended to the request's `anthropic-beta` list. */
  readonly betaHeader?: string
  /** Which tokens of which login these are. */
  readonly login: string
  readonly rotation: number
}

/** A credential, or what to do instead. `message` is for the client. */
export type CredentialAnswer =
  | { readonly kind: 'credential'; readonly credential: Credential; readonly rejectedForMs?: number }
  /** Nobody is signed in, or every account that would do must sign in again: its login is over, or the API refuses it. */
  | { readonly kind: 'login-required'; readonly accounts: readonly string[]; readonly message: string }
  /** There are accounts, and none can be used for a while. */
  | { readonly kind: 'unavailable'; readonly retryAfterMs: number; readonly message: string }
  /** This request has tried them all. */
  | { readonly kind: 'all-tried' }

/** What became of a refused credential. */
export type RefreshAnswer =
  | { readonly kind: 'renewed'; readonly credential: Credential }
  /** The account itself is refused: fresh tokens are, too. It rests. */
  | { readonly kind: 'refused' }
  | { readonly kind: 'login-required'; readonly message: string }
  /** Not now: the server cannot be reached, or takes longer than a request may wait. */
  | { readonly kind: 'unavailable'; readonly message: string }

/** What {@link Accounts.list} gives. */
export interface AccountList {
  readonly accounts: readonly AccountStatus[]
  readonly epochMs: number
  /** E-mails of accounts that are kept for other authorities. */
  readonly foreign: readonly string[]
  /** Where the accounts are kept, for people. */
  readonly place: string
}

/** A login that was kept. */
export interface AddedAccount {
  readonly email: string
  readonly name?: string
  readonly scopes: readonly string[]
  /** Epoch milliseconds; `null`: the access token does not end. */
  readonly endsMs: number | null
  /** It works, and could not be kept: a restart would lose it. */
  readonly unsaved?: StoreProblem
}

/** How the accounts behave. */
export interface AccountsOptions extends BookPorts {
  readonly strategy: AccountStrategy
  readonly affinityTtlMs: number
  /** Refresh ahead of need. */
  readonly autoRefresh: boolean
  /** What to tell somebody who must log in, e.g. "run `lb login` or open http://…/oauth/authorize". */
  readonly loginAdvice: string
  readonly timers: Timers
  /** How often to look at the store for what other processes do. Default 2 s. */
  readonly pollMs?: number
}

/** How the accounts wait. */
export interface Timers {
  /** Calls back once; the result cancels. Must not keep the process alive. */
  after(ms: number, call: () => void): () => void
}

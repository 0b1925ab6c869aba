import type { Moment } from '@lb/protocol'
import { sameSecret } from './pkce.ts'

/**
 * The logins that have been started and not finished. Each is known by its `state`, which is good for one callback within
 * its time; several may be under way at once and do not know of each other.
 */
export interface LoginLedger {
  readonly pending: readonly PendingLogin[]
  /** The states of logins that are over, kept for a while only to say "already used" rather than "never heard of". */
  readonly closed: readonly { readonly state: string; readonly closedMs: number }[]
}

/** One login under way. Holds the verifier: never show it. */
export interface PendingLogin {
  readonly state: string
  readonly verifier: string
  readonly redirectUri: string
  /** When it was started, on the monotonic clock. */
  readonly startedMs: number
  /** The e-mail that the person said will sign in. */
  readonly account?: string
  /** A random text that the browser got as a cookie when it was sent off; its callback must bring it back. */
  readonly browser?: string
}

/** What the callback brings. */
export interface LoginClaim {
  readonly state: string
  /** The cookie, if the browser sent one. */
  readonly browser?: string
}

/** Whose callback it is, or why it is refused. */
export type LoginMatch =
  | { readonly kind: 'found'; readonly login: PendingLogin }
  | { readonly kind: 'unknown' } // wrong, or of another lb, or of one that was restarted
  | { readonly kind: 'used' }
  | { readonly kind: 'expired' }
  | { readonly kind: 'other-browser' } // right state, but not the browser in which the login was started

/** Limits of the ledger. */
export interface LoginPolicy {
  /** How long a login may take. */
  readonly ttlMs: number
  /** How many may be under way at once; the oldest is dropped. */
  readonly pendingMax: number
}

/** Ten minutes, as the authorization code itself rarely lives longer (RFC 6749 §4.1.2); a few dozen people at once. */
export const defaultLoginPolicy: LoginPolicy = { ttlMs: 600_000, pendingMax: 32 }

/** A ledger without logins. */
export const noLogins: LoginLedger = { pending: [], closed: [] }

/** Adds a login. */
export function openLogin(ledger: LoginLedger, login: PendingLogin, policy: LoginPolicy): LoginLedger {
  const { pending, closed } = swept(ledger, login.startedMs, policy)
  return { pending: [...pending, login].slice(-policy.pendingMax), closed }
}

/**
 * Finds the login that a callback belongs to and closes it, whatever becomes of the exchange: a state is good for one try.
 * A callback from another browser closes nothing, or anybody could end a login whose state leaked.
 */
export function closeLogin(
  ledger: LoginLedger,
  claim: LoginClaim,
  at: Pick<Moment, 'nowMs'>,
  policy: LoginPolicy,
): { readonly ledger: LoginLedger; readonly match: LoginMatch } {
  // Every entry is compared, so that the time tells nothing about which one matched.
  const found = ledger.pending.filter((pending) => sameSecret(pending.state, claim.state))[0]
  const wasClosed = ledger.closed.filter((closed) => sameSecret(closed.state, claim.state)).length > 0
  const rest = swept(ledger, at.nowMs, policy)
  if (found === undefined) return { ledger: rest, match: { kind: wasClosed ? 'used' : 'unknown' } }
  if (at.nowMs - found.startedMs > policy.ttlMs) return { ledger: rest, match: { kind: 'expired' } }
  if (found.browser !== undefined && !sameSecret(found.browser, claim.browser ?? '')) {
    return { ledger: rest, match: { kind: 'other-browser' } }
  }
  return {
    ledger: {
      pending: rest.pending.filter((pending) => pending !== found),
      closed: [...rest.closed, { state: found.state, closedMs: at.nowMs }].slice(-policy.pendingMax),
    },
    match: { kind: 'found', login: found },
  }
}

/** Without what is long over. An expired login stays as long again as it lived, to be told apart from an unknown one. */
function swept(ledger: LoginLedger, nowMs: number, policy: LoginPolicy): LoginLedger {
  return {
    pending: ledger.pending.filter((login) => nowMs - login.startedMs <= 2 * policy.ttlMs),
    closed: ledger.closed.filter((login) => nowMs - login.closedMs <= 2 * policy.ttlMs),
  }
}

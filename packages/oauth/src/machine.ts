import { assertNever, type Moment } from '@lb/protocol'
import type { TokenProblem } from './token-problem.ts'
import { tokenProblems } from './token-problem.ts'

/**
 * The life of ONE signed-in account.
 *
 *   fresh ── refreshAtMs reached ──────────────▶ refreshing    (due at once, when nothing speaks against it)
 *   fresh ── the API refused the token ────────▶ refreshing    (the token is over; see `rejected`)
 *   refreshing ── new tokens ──────────────────▶ fresh
 *   refreshing ── failed, can be tried again ──▶ due           (from retryAtMs on, pauses grow)
 *   due ── retryAtMs reached ──────────────────▶ refreshing
 *   refreshing ── grant refused ───────────────▶ needs-login   (the access token is still used to its end)
 *   fresh ── refused although brand-new ───────▶ barred        (until untilMs: it is the account, not the token)
 *   barred ── untilMs reached ─────────────────▶ fresh         (the next request finds out)
 *   any ── new tokens, from a login or from another process ──▶ fresh
 *
 * Rules of this file: no wall clock (the caller turns it into `remainingMs`, see instant.ts), no secrets (it never sees a
 * token), and no failure of a refresh ever takes away an access token that the API still accepts.
 */
export type AccountState =
  | { readonly kind: 'fresh'; readonly token: TokenLife; readonly refreshAtMs: number | null }
  | {
      readonly kind: 'due'
      readonly token: TokenLife
      readonly retryAtMs: number
      /** Refreshes that failed in a row. */
      readonly failures: number
      /** The pause lasts because the access token is not to be put at risk (`spare` in the table of token problems). */
      readonly sparing: boolean
    }
  | { readonly kind: 'refreshing'; readonly token: TokenLife; readonly startedMs: number; readonly failures: number }
  | { readonly kind: 'barred'; readonly token: TokenLife; readonly untilMs: number }
  | { readonly kind: 'needs-login'; readonly token: TokenLife; readonly reason: LoginReason }

/** What is known about the access token that is held. */
export interface TokenLife {
  /** When it ends, on the monotonic clock; `null` when it does not. In the past: it is over. */
  readonly endsAtMs: number | null
  /** Whether there is a refresh token. */
  readonly refreshable: boolean
}

/** Why only a new login helps. */
export type LoginReason =
  | 'grant-refused' // the server no longer accepts the refresh token: expired, revoked, or used twice
  | 'ended' // the access token is over and there never was a refresh token

/** What happens to an account. */
export type AccountEvent =
  /** Tokens are held that were not held before: a login, a refresh of ours, or one of another process. */
  | {
      readonly kind: 'tokens'
      /** How long the access token has left; `null`: it does not end. */
      readonly remainingMs: number | null
      /** How long it lives altogether, which sizes the margin; `null`: unknown. */
      readonly lifetimeMs: number | null
      readonly refreshable: boolean
    }
  /** Time has passed. May come too early or too often without harm. Without ticks nothing is refreshed ahead of need. */
  | { readonly kind: 'tick' }
  /** A request wants to use the account and cannot, because its token is over. */
  | { readonly kind: 'wanted' }
  /** Somebody asks for a refresh by hand: pauses do not count. */
  | { readonly kind: 'asked' }
  /** The API answered 401 to the token that is held. `again`: it was brand-new, fetched because of such a 401. */
  | { readonly kind: 'rejected'; readonly again: boolean }
  | { readonly kind: 'refresh-failed'; readonly problem: TokenProblem }
  /** Another process found out that only a new login helps. */
  | { readonly kind: 'login-needed'; readonly reason: LoginReason }

/** What the caller is to do. */
export type AccountEffect =
  /** Exchange the refresh token; report `tokens` or `refresh-failed`. Given only on entering `refreshing`. */
  | { readonly kind: 'refresh' }
  /** Tell the operator. Given only on entering `needs-login`. */
  | { readonly kind: 'ask-for-login'; readonly reason: LoginReason }

/** The numbers of the policy, all in milliseconds. */
export interface AccountPolicy {
  /** How long before its end a token is refreshed, at least. Short-lived tokens: a fifth of their life, if that is less. */
  readonly refreshMarginMs: number
  /** The first pause after a failed refresh; doubled by each further one. */
  readonly retryBaseMs: number
  /** The longest pause. */
  readonly retryMaxMs: number
  /** How long an account rests whose brand-new token was refused. */
  readonly barredMs: number
}

/** Refresh 5 min ahead, as the vendor's own client does; 5 s to 5 min between tries; half an hour for a refused account. */
export const defaultAccountPolicy: AccountPolicy = {
  refreshMarginMs: 300_000,
  retryBaseMs: 5_000,
  retryMaxMs: 300_000,
  barredMs: 1_800_000,
}

/** What {@link stepAccount} gives back. */
export interface AccountStep {
  readonly state: AccountState
  readonly effects: readonly AccountEffect[]
}

/** An account about which nothing is known yet: the first `tokens` event says the rest. */
export const noTokens: AccountState = {
  kind: 'needs-login',
  token: { endsAtMs: 0, refreshable: false },
  reason: 'ended',
}

/** The next state of an account, and what is to be done. Total: any event in any state has a meaning. */
export function stepAccount(state: AccountState, event: AccountEvent, at: Moment, policy: AccountPolicy): AccountStep {
  switch (event.kind) {
    case 'tokens':
      return settled(freshState(event, at, policy))
    case 'tick':
      return onTick(state, at)
    case 'wanted':
      return onWanted(state, at)
    case 'asked':
      return state.token.refreshable && state.kind !== 'refreshing' ? start(state, at) : settled(state)
    case 'rejected':
      return onRejected(state, event.again, at, policy)
    case 'refresh-failed':
      return onRefreshFailed(state, event.problem, at, policy)
    case 'login-needed':
      return needsLogin(state, event.reason)
    default:
      return assertNever(event)
  }
}

/** Whether a request may be sent with the token that is held. */
export function isUsable(state: AccountState, nowMs: number): boolean {
  return isTokenGood(state.token, nowMs) && (state.kind !== 'barred' || nowMs >= state.untilMs)
}

/** When the account wants a `tick`, on the monotonic clock; `null` when time alone changes nothing. */
export function nextDeadlineMs(state: AccountState): number | null {
  switch (state.kind) {
    case 'fresh':
      return state.refreshAtMs ?? state.token.endsAtMs
    case 'due':
      return state.retryAtMs
    case 'barred':
      return barredUntilMs(state)
    case 'refreshing':
    case 'needs-login':
      return null
    default:
      return assertNever(state)
  }
}

/** A token that cannot be renewed may end before its account has rested. */
function barredUntilMs({ token: { endsAtMs, refreshable }, untilMs }: AccountState & { kind: 'barred' }): number {
  return refreshable || endsAtMs === null ? untilMs : Math.min(untilMs, endsAtMs)
}

function isTokenGood(token: TokenLife, nowMs: number): boolean {
  return token.endsAtMs === null || nowMs < token.endsAtMs
}

function freshState(event: AccountEvent & { kind: 'tokens' }, at: Moment, policy: AccountPolicy): AccountState {
  const { remainingMs, refreshable } = event
  if (remainingMs === null) return { kind: 'fresh', token: { endsAtMs: null, refreshable }, refreshAtMs: null }
  const token = { endsAtMs: at.nowMs + remainingMs, refreshable }
  if (!refreshable) return { kind: 'fresh', token, refreshAtMs: null }
  // The jitter goes towards earlier: several processes and accounts should not come all at once, and none too late.
  const margin = Math.min(policy.refreshMarginMs, (event.lifetimeMs ?? remainingMs) / 5)
  const planned = token.endsAtMs - margin * (1 + at.roll / 5)
  // Overdue already: found in the store like that, perhaps many at once, perhaps because a clock is wrong.
  const refreshAtMs = planned > at.nowMs ? planned : at.nowMs + policy.retryBaseMs * at.roll
  return { kind: 'fresh', token, refreshAtMs }
}

function onTick(state: AccountState, at: Moment): AccountStep {
  if (state.kind === 'refreshing' || state.kind === 'needs-login') return settled(state)
  const { token } = state
  const good = isTokenGood(token, at.nowMs)
  if (!token.refreshable && !good) return needsLogin(state, 'ended')
  if (state.kind === 'barred') {
    if (at.nowMs < state.untilMs) return settled(state)
    return good
      ? settled({ kind: 'fresh', token, refreshAtMs: token.refreshable ? token.endsAtMs : null })
      : start(state, at)
  }
  const dueAtMs = state.kind === 'due' ? state.retryAtMs : state.refreshAtMs
  return dueAtMs !== null && at.nowMs >= dueAtMs ? start(state, at) : settled(state)
}

function onWanted(state: AccountState, at: Moment): AccountStep {
  if (isUsable(state, at.nowMs)) return settled(state)
  // An overdue refresh may have been planned a little later, not to come with all others at once: now somebody waits.
  return state.kind === 'fresh' && state.token.refreshable ? start(state, at) : onTick(state, at)
}

function onRejected(state: AccountState, again: boolean, at: Moment, policy: AccountPolicy): AccountStep {
  const token = ended(state.token, at)
  if (state.kind === 'needs-login' || state.kind === 'refreshing') return settled({ ...state, token })
  // A second opinion with a brand-new token: renewing it once more would only burn refresh tokens.
  if (again) return settled({ kind: 'barred', token: state.token, untilMs: at.nowMs + policy.barredMs })
  // Late news of the requests that were on their way when it was barred; a request after its rest is news.
  if (state.kind === 'barred' && at.nowMs < state.untilMs) return settled(state)
  if (!token.refreshable) return needsLogin({ ...state, token }, 'ended')
  // Nothing is left to spare; another pause is kept, because the server needs it or has asked for it.
  if (state.kind === 'due' && !state.sparing && at.nowMs < state.retryAtMs) return settled({ ...state, token })
  return start({ ...state, token }, at)
}

function onRefreshFailed(state: AccountState, problem: TokenProblem, at: Moment, policy: AccountPolicy): AccountStep {
  // Late news: somebody else has brought new tokens meanwhile.
  if (state.kind !== 'refreshing') return settled(state)
  const row = tokenProblems[problem.kind]
  if (row.next === 'login') return needsLogin(state, 'grant-refused')
  const pause =
    Math.min(policy.retryMaxMs, policy.retryBaseMs * 2 ** Math.min(state.failures, 30)) * (0.5 + at.roll / 2)
  const retryAtMs = at.nowMs + Math.max(pause, problem.retryAfterMs ?? 0)
  const sparing = row.next === 'spare' && isTokenGood(state.token, at.nowMs)
  const spareUntilMs = sparing ? (state.token.endsAtMs ?? Number.MAX_SAFE_INTEGER) : 0
  return settled({
    kind: 'due',
    token: state.token,
    retryAtMs: Math.max(retryAtMs, spareUntilMs),
    failures: state.failures + 1,
    sparing,
  })
}

function start(state: AccountState, at: Moment): AccountStep {
  const failures = state.kind === 'due' ? state.failures : 0
  return {
    state: { kind: 'refreshing', token: state.token, startedMs: at.nowMs, failures },
    effects: [{ kind: 'refresh' }],
  }
}

/** The refresh token is kept: it is not tried again by itself, but a person may ask for it (`asked`). */
function needsLogin(state: AccountState, reason: LoginReason): AccountStep {
  if (state.kind === 'needs-login') return settled(state)
  return {
    state: { kind: 'needs-login', token: state.token, reason },
    effects: [{ kind: 'ask-for-login', reason }],
  }
}

function ended(token: TokenLife, at: Moment): TokenLife {
  return { ...token, endsAtMs: token.endsAtMs === null ? at.nowMs : Math.min(token.endsAtMs, at.nowMs) }
}

function settled(state: AccountState): AccountStep {
  return { state, effects: [] }
}

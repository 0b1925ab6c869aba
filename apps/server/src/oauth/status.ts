import { createHash } from 'node:crypto'
import { isUsable } from '@lb/oauth'
import type { AccountList } from './accounts.ts'
import type { Entry } from './entry.ts'
import { humanAgo, humanRemaining } from './human-time.ts'

/** One account for display, in `GET /oauth/status`. The predecessor's members, and after them ours. */
export interface AccountStatus {
  readonly account_email: string
  readonly account_name?: string
  readonly index: number
  readonly is_current: boolean
  /** Seconds since 1970, as all times here. */
  readonly created_at: number
  readonly expires_at: number | null
  readonly expires_in_seconds: number | null
  readonly expires_in_minutes: number | null
  readonly expires_in_human: string
  /** With a margin of 300 s, as the predecessor reckons. */
  readonly is_expired: boolean
  /** Whether a request would be sent with it now. */
  readonly is_healthy: boolean
  /** Within 900 s. */
  readonly will_expire_soon: boolean
  readonly access_token_preview: string
  readonly refresh_token_preview: string
  readonly scopes: readonly string[]
  readonly scope_count: number
  readonly usage_count: number
  readonly last_used: string
  readonly last_used_timestamp: number | null
  readonly account_id: string
  readonly organization: string | null
  /** The state of its machine: `fresh`, `due`, `refreshing`, `barred`, `needs-login`. */
  readonly state: Entry['state']['kind']
  /** Why it needs a login. */
  readonly reason: string | null
  /** How many times its tokens were rotated since the login. */
  readonly rotation: number
  /** Whether its tokens are only in memory, because they cannot be saved. */
  readonly unsaved: boolean
  /** The used part of each allowance, 0…1, as the API said it last. */
  readonly quota_used: Readonly<Record<string, number>>
}

const EXPIRED_MARGIN_MS = 300_000
const SOON_MARGIN_MS = 900_000

/** The body of `GET /oauth/status`. */
export function statusBody(list: AccountList): object {
  const tokens = list.accounts
  const current = tokens.find((token) => token.is_current)
  return {
    system: {
      oauth_manager_status: 'active',
      current_time: Math.floor(list.epochMs / 1000),
      current_time_iso: new Date(list.epochMs).toISOString(),
      timezone: 'Local',
      storage: list.place,
    },
    summary: {
      total_tokens: tokens.length,
      healthy_tokens: tokens.filter((token) => token.is_healthy).length,
      expired_tokens: tokens.filter((token) => token.is_expired).length,
      expiring_soon: tokens.filter((token) => token.will_expire_soon && !token.is_expired).length,
      needs_login: tokens.filter((token) => token.state === 'needs-login').length,
      current_token_index: current?.index ?? null,
      rotation_enabled: tokens.length > 1,
    },
    active_token:
      current === undefined
        ? null
        : {
            account_email: current.account_email,
            expires_in_human: current.expires_in_human,
            is_healthy: current.is_healthy,
            scopes: current.scopes,
          },
    tokens,
    other_authorities: list.foreign,
  }
}

/** What an account is shown against. */
export interface StatusTime {
  readonly nowMs: number
  readonly epochMs: number
  /** The key of the account that was used last. */
  readonly lastKey: string | undefined
}

/** One account for display. Never holds a token, nor a part of one. */
export function accountStatus(entry: Entry, index: number, list: StatusTime): AccountStatus {
  const { account, state } = entry
  const { endsAtMs } = state.token
  const leftMs = endsAtMs === null ? null : Math.max(0, endsAtMs - list.nowMs)
  const within = (marginMs: number): boolean => leftMs !== null && leftMs <= marginMs
  const seconds = leftMs === null ? null : Math.floor(leftMs / 1000)
  const quota = entry.quota && Object.fromEntries(entry.quota.windows.map((window) => [window.name, window.used]))
  return {
    account_email: account.email,
    ...(account.name === undefined ? {} : { account_name: account.name }),
    index,
    is_current: account.key === list.lastKey,
    created_at: account.createdMs / 1000,
    expires_at: leftMs === null ? null : Math.floor((list.epochMs + leftMs) / 1000),
    expires_in_seconds: seconds,
    expires_in_minutes: seconds === null ? null : Math.floor(seconds / 60),
    expires_in_human: humanRemaining(leftMs),
    is_expired: within(EXPIRED_MARGIN_MS),
    is_healthy: isUsable(state, list.nowMs) && state.kind !== 'needs-login',
    will_expire_soon: within(SOON_MARGIN_MS),
    access_token_preview: preview(account.accessToken),
    refresh_token_preview: preview(account.refreshToken),
    scopes: account.scopes,
    scope_count: account.scopes.length,
    usage_count: account.uses + entry.pendingUses,
    last_used: humanAgo(entry.lastUsedMs, list.epochMs),
    last_used_timestamp: entry.lastUsedMs === null ? null : entry.lastUsedMs / 1000,
    account_id: account.id ?? account.key,
    organization: account.organization ?? null,
    state: state.kind,
    reason: state.kind === 'needs-login' ? state.reason : null,
    rotation: account.rotation,
    unsaved: entry.unsaved !== undefined,
    quota_used: quota ?? account.quotaUsed ?? {},
  }
}

/**
 * Something to tell tokens apart by that is no part of them: the start of a hash. The predecessor showed the first eight and
 * the last four letters; letters of a secret have no business on a status page.
 */
function preview(token: string | undefined): string {
  return token === undefined ? '' : `sha256:${createHash('sha256').update(token).digest('hex').slice(0, 8)}`
}

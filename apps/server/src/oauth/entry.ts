import type { AccountState, Quota, StoredAccount, UsageDelta } from '@lb/oauth'
import type { FileLock } from './file-lock.ts'

/** One account as this process knows it. Holds secrets: what may be shown of it is in status.ts. */
export interface Entry {
  account: StoredAccount
  state: AccountState
  quota?: Quota
  /** Choices since the API last spoke of the quota. */
  turnsSinceQuota: number
  /** The number of the choice that took it last. */
  lastTurn: number
  /** What has not been written yet. */
  pendingUses: number
  lastUsedMs: number | null
  /** The refresh that is under way; it never rejects. */
  flight?: Promise<void>
  /** Why the last refresh brought nothing, for people. */
  trouble?: string
  /** Its tokens are only in memory. */
  unsaved?: { readonly lock?: FileLock; failures: number; retryAtMs: number }
  /** When its tokens were fetched because the API had refused the ones before, on the monotonic clock. */
  renewedMs?: number
}

/** Whether the store knows something about the account that the entry does not. */
export function isNews({ account }: Entry, held: StoredAccount): boolean {
  if (held.login !== account.login || held.rotation > account.rotation) return true
  return held.rotation === account.rotation && held.needsLogin !== undefined && account.needsLogin === undefined
}

/** Whether the access token has not ended. */
export function isGood(state: AccountState, nowMs: number): boolean {
  return state.token.endsAtMs === null || nowMs < state.token.endsAtMs
}

/** What was counted and not written yet. */
export function usageOf(entry: Entry): UsageDelta {
  const quotaUsed = entry.quota && Object.fromEntries(entry.quota.windows.map((window) => [window.name, window.used]))
  return {
    uses: entry.pendingUses,
    lastUsedMs: entry.lastUsedMs ?? 0,
    ...(quotaUsed === undefined ? {} : { quotaUsed }),
  }
}

/** Why there are no new tokens, for people. */
export function whyNotRefreshed({ account, trouble = 'try again later' }: Entry): string {
  return `oauth: ${account.email} cannot be refreshed: ${trouble}`
}

import { createHash } from 'node:crypto'
import {
  type Authority,
  describeTokenProblem,
  putLoginNeeded,
  putTokens,
  readTokenResponse,
  refreshRequest,
  restoreAccounts,
  rotated,
  type StoredAccount,
  type TokenProblem,
} from '@lb/oauth'
import { err, ok, type Result } from '@lb/protocol'
import type { InstantClock } from './boot-clock.ts'
import type { FileLock } from './file-lock.ts'
import type { OAuthLog } from './log.ts'
import type { TokenClient } from './token-client.ts'
import { isStoreProblem, type StoreProblem, type TokenStore } from './token-store.ts'

/**
 * One refresh of one account, once over all processes: take the account's lock, look whether somebody else has done it,
 * exchange the refresh token, keep the answer, and only then use it. A refresh token is often good for one exchange only,
 * and a second one ends the login; so whatever is uncertain here is decided for *not* sending it.
 */
export interface RefresherPorts {
  readonly store: TokenStore
  readonly client: TokenClient
  readonly authority: Authority
  readonly clock: InstantClock
  readonly log: OAuthLog
}

/** What is refreshed. */
export interface RefreshOrder {
  readonly account: StoredAccount
  /** Whether the API still takes the access token, so that there is something to lose. */
  readonly tokenGood: boolean
  /** A person wants it now, and takes the risk. */
  readonly byHand: boolean
  /** The account's tokens are only in memory; the store knows older ones or none. */
  readonly unsaved: boolean
  /** The account's lock, if it is still held because its tokens could not be saved. */
  readonly lock?: FileLock
}

/** How it ended. */
export type RefreshOutcome =
  | { readonly kind: 'rotated'; readonly account: StoredAccount }
  /** New tokens, and they could not be kept. The lock is still held, so that no other process uses the old ones up. */
  | {
      readonly kind: 'unsaved'
      readonly account: StoredAccount
      readonly lock?: FileLock
      readonly problem: StoreProblem
    }
  /** Another process has brought newer ones, or has found out that a login is needed. */
  | { readonly kind: 'found'; readonly account: StoredAccount }
  /** The account was removed meanwhile. */
  | { readonly kind: 'gone' }
  | { readonly kind: 'failed'; readonly problem: TokenProblem }

/** Longer than a token request may take: whoever waits should see how it ended. */
const LOCK_WAIT_MS = 90_000

/** Refreshes an account. Never throws: what is unexpected is a failure that allows another try. */
export async function refreshAccount(ports: RefresherPorts, order: RefreshOrder): Promise<RefreshOutcome> {
  const seen: { outcome?: RefreshOutcome } = {}
  const stop = async (): Promise<boolean> => {
    const found = await look(ports, order)
    if (found !== undefined) seen.outcome = found
    return found !== undefined
  }
  const lock = order.lock ?? (await takeLock(ports, order, stop))
  if (seen.outcome !== undefined) return seen.outcome
  if (lock === 'busy' || lock === 'stopped') return { kind: 'failed', problem: { kind: 'not-sent' } }
  const outcome = await underLock(ports, order, lock === 'none' ? undefined : lock).catch((error: unknown) =>
    broken(ports, order, error),
  )
  // A lock that came with the order goes back with its owner; one that guards unsaved tokens stays.
  const ours = lock !== 'none' && lock !== order.lock
  if (ours && outcome.kind !== 'unsaved') await lock.release().catch(() => undefined)
  return outcome
}

function broken({ log }: RefresherPorts, { account }: RefreshOrder, error: unknown): RefreshOutcome {
  log('error', 'refresh-broken', `oauth: the refresh of ${account.email} broke off`, { error: nameOf(error) })
  return { kind: 'failed', problem: { kind: 'answer-lost' } }
}

/** Keeps tokens that could not be kept before. @returns the store's problem, or `undefined` when there is nothing left to do. */
export async function saveLate(store: TokenStore, account: StoredAccount): Promise<StoreProblem | undefined> {
  const saved = await keep(store, account, true)
  return !saved.ok && isStoreProblem(saved.error) ? saved.error : undefined
}

async function underLock(
  ports: RefresherPorts,
  order: RefreshOrder,
  lock: FileLock | undefined,
): Promise<RefreshOutcome> {
  const found = await look(ports, order)
  if (found !== undefined) return found
  // The one before us died, perhaps with its request on the way: the refresh token may be used up.
  if (lock?.tookOver === true && order.tokenGood && !order.byHand) {
    return { kind: 'failed', problem: { kind: 'answer-lost' } }
  }
  if (lock !== undefined && !(await lock.isHeld())) return { kind: 'failed', problem: { kind: 'not-sent' } }
  const { account } = order
  if (account.refreshToken === undefined) return { kind: 'failed', problem: { kind: 'grant-refused' } }
  const sent = await ports.client.send(refreshRequest(ports.authority, account.refreshToken, account.scopes))
  if (!sent.ok) return { kind: 'failed', problem: { kind: sent.error } }
  const grant = readTokenResponse(ports.authority, sent.value)
  if (!grant.ok) return refused(ports, order, grant.error)
  const fresh = rotated(account, grant.value, ports.clock.read())
  const kept = await keep(ports.store, fresh, order.unsaved)
  if (kept.ok) return { kind: 'rotated', account: kept.value }
  if (isStoreProblem(kept.error)) {
    return { kind: 'unsaved', account: fresh, problem: kept.error, ...(lock === undefined ? {} : { lock }) }
  }
  return (await look(ports, order)) ?? { kind: 'gone' }
}

async function refused(ports: RefresherPorts, order: RefreshOrder, problem: TokenProblem): Promise<RefreshOutcome> {
  if (problem.kind !== 'grant-refused') return { kind: 'failed', problem }
  // Perhaps it was refused because somebody else has just used it, and not yet told when we looked.
  const found = await look(ports, order)
  if (found !== undefined) return found
  const { store, log } = ports
  const noted = await store.update((file) => putLoginNeeded(file, order.account, 'grant-refused'))
  if (!noted.ok && isStoreProblem(noted.error)) log('warn', 'not-noted', `oauth: ${noted.error.message}`)
  return { kind: 'failed', problem }
}

/** What the store knows that the caller does not; `undefined` when nothing. */
async function look({ store }: RefresherPorts, order: RefreshOrder): Promise<RefreshOutcome | undefined> {
  const read = await store.read()
  // What cannot be read, or only an older version of it, tells nothing new.
  if (!read.ok || order.unsaved) return undefined
  const { account } = order
  const held = read.value.file.accounts.find((candidate) => candidate.key === account.key)
  if (held === undefined) return read.value.origin === 'current' ? { kind: 'gone' } : undefined
  if (held.login !== account.login || held.rotation > account.rotation) return { kind: 'found', account: held }
  const noted = held.needsLogin !== undefined && account.needsLogin === undefined
  return noted && held.rotation === account.rotation && !order.byHand ? { kind: 'found', account: held } : undefined
}

/** `none`: the disk does not let us have a lock. Then this process's own single flight has to do, and the operator is told. */
async function takeLock(
  { store, log }: RefresherPorts,
  { account }: RefreshOrder,
  stop: () => Promise<boolean>,
): Promise<FileLock | 'stopped' | 'busy' | 'none'> {
  try {
    return await store.lock(lockName(account.key), { waitMs: LOCK_WAIT_MS, stop })
  } catch (error) {
    log('error', 'no-lock', `oauth: no lock can be had for ${account.email}; other processes may refresh it too`, {
      error: nameOf(error),
    })
    return 'none'
  }
}

async function keep(
  store: TokenStore,
  account: StoredAccount,
  unsaved: boolean,
): Promise<Result<StoredAccount, 'gone' | 'superseded' | StoreProblem>> {
  const kept = await store.update((file, origin) =>
    unsaved || origin !== 'current' ? ok(restoreAccounts(file, [account])) : putTokens(file, account),
  )
  if (!kept.ok) return kept
  const held = kept.value.accounts.find((candidate) => candidate.key === account.key)
  return held === undefined ? err('gone') : ok(held)
}

/** A file name for any e-mail. */
function lockName(key: string): string {
  return `account-${createHash('sha256').update(key).digest('hex').slice(0, 16)}`
}

function nameOf(error: unknown): string {
  return error instanceof Error ? error.name : typeof error
}

/** One line about a failed refresh. */
export function describeFailure(account: StoredAccount, problem: TokenProblem): string {
  return `oauth: ${account.email} could not be refreshed: ${describeTokenProblem(problem)}`
}

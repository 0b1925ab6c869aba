import {
  type AccountEvent,
  type AccountPolicy,
  addUsage,
  authorityId,
  describeTokenProblem,
  type Instant,
  nextDeadlineMs,
  noTokens,
  remainingMs,
  restoreAccounts,
  type StoredAccount,
  stepAccount,
} from '@lb/oauth'
import { ok } from '@lb/protocol'
import { type Entry, isGood, isNews, usageOf } from './entry.ts'
import type { FileLock } from './file-lock.ts'
import { describeFailure, type RefresherPorts, type RefreshOutcome, refreshAccount, saveLate } from './refresher.ts'
import type { StoredFile } from './token-store.ts'

/** What the book needs. */
export interface BookPorts extends RefresherPorts {
  readonly policy: AccountPolicy
  readonly roll: () => number
}

/** Pauses between tries to save what could not be saved. */
const SAVE_RETRY_MS = [1_000, 2_000, 5_000, 15_000, 60_000] as const

/**
 * What this process knows of the accounts: one entry for each, its state stepped by the pure machine of `@lb/oauth`, its
 * effects carried out here. The store is the truth about who is signed in; this is the memory beside it, which is asked for
 * every request and never waits for a disk.
 */
export class AccountBook {
  readonly entries: Map<string, Entry> = new Map()
  /** Accounts of other authorities: kept in the file, never used here. */
  foreign: readonly StoredAccount[] = []
  readonly #ports: BookPorts
  readonly #home: string
  #stamp = ''
  /** What was last said about the store: it is asked every few seconds. */
  #complaint = ''

  constructor(ports: BookPorts) {
    this.#ports = ports
    this.#home = authorityId(ports.authority)
  }

  /** Brings in what other processes have written; cheap when they have not. */
  async sync(always = false): Promise<void> {
    const { store, log } = this.#ports
    const stamp = await store.stamp()
    if (stamp === this.#stamp && !always) return
    const read = await store.read()
    if (!read.ok) {
      if (read.error.message !== this.#complaint) log('error', 'store', `oauth: ${read.error.message}`)
      this.#complaint = read.error.message
      return
    }
    this.#complaint = ''
    this.#stamp = stamp
    this.#bringIn(read.value)
    if (read.value.origin !== 'current' && this.entries.size > 0) await this.#repair()
  }

  /** Something happened to an account. */
  apply(entry: Entry, event: AccountEvent): void {
    const { policy, clock, roll } = this.#ports
    const before = entry.state.kind
    const { state, effects } = stepAccount(entry.state, event, { nowMs: clock.read().nowMs, roll: roll() }, policy)
    entry.state = state
    for (const effect of effects) {
      if (effect.kind === 'refresh') this.#refresh(entry, event)
      else
        this.#say(
          entry,
          'error',
          'login-needed',
          `must log in again (${effect.reason}): lb login --account ${entry.account.email}`,
        )
    }
    if (state.kind === 'barred' && before !== 'barred')
      this.#say(entry, 'error', 'barred', 'is refused by the API with fresh tokens; it rests')
  }

  /** New tokens for an account, from wherever. */
  adopt(account: StoredAccount, known?: Entry): Entry {
    const entry = known ?? this.#newEntry(account)
    const same = known?.account.login === account.login && known.account.rotation === account.rotation
    entry.account = account
    // The same tokens with a note: what is known of them here, for instance that the API refuses them, stays.
    if (!same) {
      this.apply(entry, {
        kind: 'tokens',
        remainingMs: remainingMs(account.issued, account.lifetimeMs, this.#ports.clock.read()),
        lifetimeMs: account.lifetimeMs,
        refreshable: account.refreshToken !== undefined,
      })
    }
    if (account.needsLogin !== undefined) this.apply(entry, { kind: 'login-needed', reason: account.needsLogin })
    return entry
  }

  /** The account is not here any more. */
  drop(entry: Entry): void {
    this.entries.delete(entry.account.key)
    this.#saved(entry)
  }

  /** Time has passed. @param ahead whether refreshes are started before a request needs them. */
  async tick(at: Instant, ahead: boolean): Promise<void> {
    for (const entry of this.entries.values()) {
      const due = nextDeadlineMs(entry.state)
      if (ahead && due !== null && at.nowMs >= due) this.apply(entry, { kind: 'tick' })
      if (entry.unsaved !== undefined && at.nowMs >= entry.unsaved.retryAtMs) await this.saveAgain(entry)
    }
  }

  /** When {@link tick} is wanted next. */
  deadlineMs(ahead: boolean): number {
    const times = [...this.entries.values()].flatMap((entry) => [
      (ahead ? nextDeadlineMs(entry.state) : null) ?? Number.POSITIVE_INFINITY,
      entry.unsaved?.retryAtMs ?? Number.POSITIVE_INFINITY,
    ])
    return Math.min(Number.POSITIVE_INFINITY, ...times)
  }

  /** Tokens that could not be kept: an alarm, and another try before long. */
  keepTrying(entry: Entry, message: string, lock: FileLock | undefined): void {
    const failures = entry.unsaved?.failures ?? 0
    const pauseMs = SAVE_RETRY_MS[Math.min(failures, SAVE_RETRY_MS.length - 1)] ?? 60_000
    const kept = lock ?? entry.unsaved?.lock
    entry.unsaved = {
      failures: failures + 1,
      retryAtMs: this.#ports.clock.read().nowMs + pauseMs,
      ...(kept === undefined ? {} : { lock: kept }),
    }
    this.#say(
      entry,
      'error',
      'not-saved',
      `has new tokens that are only in memory; a restart now would lose them: ${message}`,
    )
  }

  /** Another try to keep tokens that are only in memory. */
  async saveAgain(entry: Entry): Promise<void> {
    const problem = await saveLate(this.#ports.store, entry.account)
    if (problem !== undefined) {
      this.keepTrying(entry, problem.message, undefined)
      return
    }
    this.#saved(entry)
    this.#say(entry, 'info', 'saved', 'has its tokens saved again')
  }

  /** Writes down what was counted. */
  async flush(): Promise<void> {
    const counted = [...this.entries.values()].filter((entry) => entry.pendingUses > 0)
    if (counted.length === 0) return
    const deltas = new Map(counted.map((entry) => [entry.account.key, usageOf(entry)]))
    const written = await this.#ports.store.update((file) => ok(addUsage(file, deltas)))
    if (!written.ok) return
    for (const entry of counted) {
      const written = deltas.get(entry.account.key)?.uses ?? 0
      entry.pendingUses -= written
      entry.account = { ...entry.account, uses: entry.account.uses + written }
    }
  }

  #newEntry(account: StoredAccount): Entry {
    const { lastUsedMs } = account
    const entry = { account, state: noTokens, turnsSinceQuota: 0, lastTurn: 0, pendingUses: 0, lastUsedMs }
    this.entries.set(account.key, entry)
    return entry
  }

  #bringIn({ file, origin }: StoredFile): void {
    this.foreign = file.accounts.filter((account) => account.authority !== this.#home)
    const ours = file.accounts.filter((account) => account.authority === this.#home)
    for (const account of ours) {
      const entry = this.entries.get(account.key)
      if (entry === undefined || isNews(entry, account)) this.adopt(account, entry)
      // Somebody has put an older file there. Its refresh token may be used up already: ours is the one to keep.
      else if (account.rotation < entry.account.rotation) entry.unsaved ??= { failures: 0, retryAtMs: 0 }
    }
    if (origin !== 'current') return
    for (const entry of this.entries.values()) {
      const known = ours.some((account) => account.key === entry.account.key)
      if (!known && entry.unsaved === undefined) this.drop(entry)
    }
  }

  /** The file is damaged, and we still know what was in it. */
  async #repair(): Promise<void> {
    const known = [...this.entries.values()].map((entry) => entry.account)
    const { store, log } = this.#ports
    const repaired = await store.update((file, origin) =>
      ok(origin === 'current' ? file : restoreAccounts({ ...file }, known)),
    )
    if (repaired.ok) log('warn', 'repaired', 'oauth: the damaged token file was written anew from memory')
    else this.#stamp = ''
  }

  #refresh(entry: Entry, event: AccountEvent): void {
    // One is still on its way when another process's tokens came in between and have ended already.
    const before = entry.flight ?? Promise.resolve()
    const flight = before
      .then(async () => {
        const outcome = await this.#fly(entry, event)
        if (entry.flight === flight) delete entry.flight
        if (this.entries.get(entry.account.key) === entry) this.#land(entry, outcome, event)
        // Signed out while it was on its way.
        else if (outcome.kind === 'unsaved') await outcome.lock?.release()
      })
      .catch((error: unknown) => {
        const name = error instanceof Error ? error.name : typeof error
        this.#say(entry, 'error', 'broken', `could not be looked after (${name})`)
      })
    entry.flight = flight
  }

  #fly(entry: Entry, event: AccountEvent): Promise<RefreshOutcome> {
    const { unsaved } = entry
    return refreshAccount(this.#ports, {
      account: entry.account,
      tokenGood: isGood(entry.state, this.#ports.clock.read().nowMs),
      byHand: event.kind === 'asked',
      unsaved: unsaved !== undefined,
      ...(unsaved?.lock === undefined ? {} : { lock: unsaved.lock }),
    })
  }

  /** Nothing of the account is only in memory any more: other processes may refresh it again. */
  #saved(entry: Entry): void {
    void entry.unsaved?.lock?.release().catch(() => undefined)
    delete entry.unsaved
  }

  #land(entry: Entry, outcome: RefreshOutcome, event: AccountEvent): void {
    switch (outcome.kind) {
      case 'gone':
        this.drop(entry)
        return
      case 'failed':
        this.apply(entry, { kind: 'refresh-failed', problem: outcome.problem })
        entry.trouble = describeTokenProblem(outcome.problem)
        this.#ports.log('warn', 'refresh-failed', describeFailure(entry.account, outcome.problem), {
          problem: outcome.problem.kind,
        })
        return
      case 'unsaved':
        this.adopt(outcome.account, entry)
        this.keepTrying(entry, outcome.problem.message, outcome.lock)
        break
      case 'rotated':
      case 'found':
        delete entry.trouble
        this.#saved(entry)
        this.adopt(outcome.account, entry)
        this.#say(
          entry,
          'info',
          'refreshed',
          outcome.kind === 'rotated' ? 'was refreshed' : 'was refreshed by another process',
        )
        break
    }
    if (event.kind === 'rejected') entry.renewedMs = this.#ports.clock.read().nowMs
  }

  #say(entry: Entry, level: 'info' | 'warn' | 'error', event: string, what: string): void {
    this.#ports.log(level, event, `oauth: ${entry.account.email} ${what}`, { account: entry.account.email })
  }
}

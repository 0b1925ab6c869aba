import {
  type AccountChoice,
  type AccountView,
  type Affinity,
  accountKey,
  chooseAccount,
  createAffinity,
  emptyFile,
  isUsable,
  putLogin,
  readQuota,
  removeAccount,
  type SignedIn,
} from '@lb/oauth'
import { ok } from '@lb/protocol'
import { AccountBook } from './account-book.ts'
import type {
  AccountList,
  Accounts,
  AccountsOptions,
  AddedAccount,
  Credential,
  CredentialAnswer,
  CredentialWish,
  RefreshAnswer,
} from './accounts.ts'
import { type Entry, whyNotRefreshed } from './entry.ts'
import {
  added,
  credentialOf,
  isCurrent,
  limitedQuota,
  loginMessage,
  mergeQuota,
  refusalOf,
  revocationOf,
  viewOf,
} from './entry-view.ts'
import { accountStatus } from './status.ts'
import { isStoreProblem, type StoreProblem } from './token-store.ts'
import { within } from './within.ts'

/** The store is looked at this often, for what other processes do; also the longest nap, so that a machine's sleep is noticed. */
const POLL_MS = 2_000
/** Counts are written down this often: they are not worth a write each. */
const FLUSH_MS = 60_000
/** A 401 so soon after a renewal because of a 401 speaks about the account, not about its tokens. */
const BRAND_NEW_MS = 60_000
/** How long a request waits for a refresh, where it does not say. */
const WAIT_MS = 10_000
/** Somebody who asked by hand sees the end of it: a token request takes a minute at most. */
const WAIT_BY_HAND_MS = 90_000
/** How many conversations are remembered. */
const SESSIONS = 10_000

/** Opens the accounts: reads the store and starts to look after it. */
export async function openAccounts(options: AccountsOptions): Promise<Accounts> {
  const accounts = new StoredAccounts(options)
  await accounts.open()
  return accounts
}

class StoredAccounts implements Accounts {
  readonly #options: AccountsOptions
  readonly #book: AccountBook
  readonly #affinity: Affinity
  #turn = 0
  #lastKey: string | undefined
  #flushedMs: number
  #cancel = (): void => undefined
  #closed = false

  constructor(options: AccountsOptions) {
    this.#options = options
    this.#book = new AccountBook(options)
    this.#affinity = createAffinity({ ttlMs: options.affinityTtlMs, sessions: SESSIONS })
    this.#flushedMs = this.#nowMs()
  }

  async open(): Promise<void> {
    await this.#book.sync(true)
    this.#nap()
  }

  async credentialFor(wish: CredentialWish): Promise<CredentialAnswer> {
    const giveUpMs = this.#nowMs() + (wish.waitMs ?? WAIT_MS)
    let looked = false
    for (;;) {
      const choice = this.#choose(wish)
      if (choice.kind === 'chosen') return this.#take(choice, wish)
      if (choice.kind === 'all-tried') return choice
      // Perhaps somebody has logged in a moment ago, in another process.
      if (!looked) await this.#book.sync()
      else if (!(await this.#flights(choice, giveUpMs))) return this.#refusal(choice, wish)
      looked = true
    }
  }

  async refresh(credential: Credential, waitMs: number = WAIT_MS): Promise<RefreshAnswer> {
    const entry = this.#book.entries.get(credential.key)
    if (entry === undefined) return this.#loginRequired(`${credential.email} is signed out`)
    if (isCurrent(entry, credential)) {
      const again = entry.renewedMs !== undefined && this.#nowMs() - entry.renewedMs < BRAND_NEW_MS
      this.#book.apply(entry, { kind: 'rejected', again })
      if (entry.state.kind === 'barred') return { kind: 'refused' }
    }
    await this.#landed(entry, waitMs)
    return this.#renewed(entry, credential)
  }

  reportQuota(key: string, headers: Readonly<Record<string, string>>, model: string): void {
    const entry = this.#book.entries.get(key)
    const rules = this.#options.authority.quota
    if (entry === undefined || rules === undefined) return
    const { nowMs, epochMs } = this.#options.clock.read()
    const said = readQuota(rules, { headers, nowMs, epochMs })
    if (said === undefined) return
    entry.quota = mergeQuota(entry.quota, said, model)
    entry.turnsSinceQuota = 0
  }

  reportLimit(key: string, waitMs: number, model: string): void {
    const entry = this.#book.entries.get(key)
    if (entry === undefined) return
    entry.quota = limitedQuota(entry.quota, this.#nowMs() + waitMs, model)
  }

  async refreshByHand(email: string): Promise<RefreshAnswer | { readonly kind: 'unknown' }> {
    await this.#book.sync()
    const entry = this.#book.entries.get(accountKey(email))
    if (entry === undefined) return { kind: 'unknown' }
    const before = credentialOf(entry, this.#options.authority)
    this.#book.apply(entry, { kind: 'asked' })
    await this.#landed(entry, WAIT_BY_HAND_MS)
    return isCurrent(entry, before) ? this.#notRenewed(entry) : this.#renewed(entry, before)
  }

  async add(login: SignedIn): Promise<AddedAccount> {
    const key = accountKey(login.email)
    const kept = await this.#options.store.update((file) => ok(putLogin(file, login)))
    const file = kept.ok ? kept.value : putLogin(emptyFile, login)
    const account = file.accounts.find((candidate) => candidate.key === key)
    if (account === undefined) throw new Error('a login that was put is there')
    const entry = this.#book.adopt(account, this.#book.entries.get(key))
    const unsaved = !kept.ok && isStoreProblem(kept.error) ? kept.error : undefined
    if (unsaved !== undefined) this.#book.keepTrying(entry, unsaved.message, undefined)
    // It may have replaced another e-mail of the same account.
    else await this.#book.sync()
    return added(account, unsaved)
  }

  async remove(email: string): Promise<boolean | StoreProblem> {
    const key = accountKey(email)
    await this.#book.sync()
    const entry = this.#book.entries.get(key)
    let known = entry !== undefined
    const removed = await this.#options.store.update<never>(
      (file) => {
        const rest = removeAccount(file, key)
        known ||= rest !== file
        return ok(rest)
      },
      { forget: true },
    )
    if (entry !== undefined) await this.#forget(entry)
    if (!removed.ok) return removed.error
    return known
  }

  async clear(): Promise<StoreProblem | undefined> {
    const cleared = await this.#options.store.update<never>((file) => ok({ ...file, accounts: [] }), { forget: true })
    for (const entry of [...this.#book.entries.values()]) await this.#forget(entry)
    return cleared.ok ? undefined : cleared.error
  }

  async list(): Promise<AccountList> {
    await this.#book.sync()
    const { nowMs, epochMs } = this.#options.clock.read()
    const at = { nowMs, epochMs, lastKey: this.#lastKey }
    const accounts = [...this.#book.entries.values()].map((entry, index) => accountStatus(entry, index, at))
    const foreign = this.#book.foreign.map(({ email }) => email)
    return { accounts, epochMs, foreign, place: this.#options.store.place }
  }

  async close(): Promise<void> {
    this.#closed = true
    this.#cancel()
    const entries = [...this.#book.entries.values()]
    await Promise.all(entries.map((entry) => entry.flight))
    for (const entry of entries) if (entry.unsaved !== undefined) await this.#book.saveAgain(entry)
    await this.#book.flush()
    await this.#options.store.close()
    await this.#options.client.close()
  }

  /** An account for the request, and a push for those that only a refresh keeps from being usable. */
  #choose(wish: CredentialWish): AccountChoice {
    const { nowMs } = this.#options.clock.read()
    const views: AccountView[] = []
    for (const entry of this.#book.entries.values()) {
      if (!isUsable(entry.state, nowMs)) this.#book.apply(entry, { kind: 'wanted' })
      views.push(viewOf(entry, wish.model ?? '', nowMs))
    }
    const open = (key: string): boolean =>
      views.some((view) => view.key === key && view.usable && view.rejectedUntilMs === undefined)
    const bound = wish.session === undefined ? undefined : this.#affinity.prefer(wish.session, open, nowMs)
    const { tried = [], pinnedEmail } = wish
    const asked = pinnedEmail === undefined ? { tried } : { tried, pinnedEmail }
    return chooseAccount(views, bound === undefined ? asked : { ...asked, bound }, this.#options.strategy)
  }

  #take(choice: AccountChoice & { kind: 'chosen' }, wish: CredentialWish): CredentialAnswer {
    const entry = this.#book.entries.get(choice.key)
    if (entry === undefined) return { kind: 'all-tried' }
    const { nowMs, epochMs } = this.#options.clock.read()
    this.#turn += 1
    this.#lastKey = choice.key
    entry.lastTurn = this.#turn
    entry.turnsSinceQuota += 1
    entry.pendingUses += 1
    entry.lastUsedMs = epochMs
    if (wish.session !== undefined) this.#affinity.bind(wish.session, choice.key, nowMs)
    const credential = credentialOf(entry, this.#options.authority)
    if (choice.rejectedUntilMs === undefined) return { kind: 'credential', credential }
    return { kind: 'credential', credential, rejectedForMs: choice.rejectedUntilMs - nowMs }
  }

  /** Waits until one of the accounts' refreshes has ended. @returns whether it was worth looking again. */
  async #flights(choice: AccountChoice, giveUpMs: number): Promise<boolean> {
    const keys = choice.kind === 'none-usable' ? choice.keys : []
    const flights = keys.flatMap((key) => this.#book.entries.get(key)?.flight ?? [])
    const waitMs = giveUpMs - this.#nowMs()
    if (flights.length === 0 || waitMs <= 0) return false
    await within(this.#options.timers, Promise.race(flights), waitMs)
    return true
  }

  #refusal(choice: AccountChoice, wish: CredentialWish): CredentialAnswer {
    const keys = choice.kind === 'none-usable' ? choice.keys : []
    const entries = keys.flatMap((key) => this.#book.entries.get(key) ?? [])
    return refusalOf(entries, wish, this.#nowMs(), this.#options.loginAdvice)
  }

  #renewed(entry: Entry, before: Credential): RefreshAnswer {
    if (isCurrent(entry, before) || !isUsable(entry.state, this.#nowMs())) return this.#notRenewed(entry)
    return { kind: 'renewed', credential: credentialOf(entry, this.#options.authority) }
  }

  #notRenewed(entry: Entry): RefreshAnswer {
    const { email } = entry.account
    if (entry.state.kind === 'needs-login') return this.#loginRequired(`${email} must log in`)
    if (entry.state.kind === 'barred') return { kind: 'refused' }
    return { kind: 'unavailable', message: whyNotRefreshed(entry) }
  }

  #loginRequired(why: string): RefreshAnswer {
    return { kind: 'login-required', message: loginMessage(this.#options.loginAdvice, why) }
  }

  async #landed(entry: Entry, waitMs: number): Promise<void> {
    if (entry.flight !== undefined) await within(this.#options.timers, entry.flight, waitMs)
  }

  async #forget(entry: Entry): Promise<void> {
    this.#book.drop(entry)
    this.#affinity.forget(entry.account.key)
    const { authority, client, log } = this.#options
    const request = revocationOf(entry, authority)
    if (request !== undefined) await client.send(request)
    log('info', 'removed', `oauth: ${entry.account.email} is signed out`, { account: entry.account.email })
  }

  #nap(): void {
    if (this.#closed) return
    const untilDueMs = this.#book.deadlineMs(this.#options.autoRefresh) - this.#nowMs()
    this.#cancel = this.#options.timers.after(
      Math.max(10, Math.min(this.#options.pollMs ?? POLL_MS, untilDueMs)),
      () => void this.#wake(),
    )
  }

  async #wake(): Promise<void> {
    try {
      await this.#book.sync()
      await this.#book.tick(this.#options.clock.read(), this.#options.autoRefresh)
      if (this.#nowMs() - this.#flushedMs >= FLUSH_MS) {
        this.#flushedMs = this.#nowMs()
        await this.#book.flush()
      }
    } catch (error) {
      const name = error instanceof Error ? error.name : typeof error
      this.#options.log('error', 'broken', 'oauth: looking after the accounts failed; it goes on', { error: name })
    }
    this.#nap()
  }

  #nowMs(): number {
    return this.#options.clock.read().nowMs
  }
}

import { assertNever, type Failure, failureTable } from '@lb/protocol'
import type { Accounts, Credential, CredentialAnswer } from '../oauth/index.ts'
import type { Attempt, AttemptNews } from './attempt.ts'

/** What an attempt with a stored login needs. */
export interface OAuthAttemptSpec {
  readonly accounts: Accounts
  /** The account that the provider is pinned to. */
  readonly pinnedEmail: string | undefined
  /** The conversation; it stays with its account. */
  readonly session: string | null
  readonly model: string
  /** Sends the request with this credential. */
  start(credential: Credential, tell: (news: AttemptNews) => void): Attempt
}

/**
 * An attempt on a provider of stored logins: one for the attempt loop, though it may go through several accounts. A login
 * that is refused is renewed once and tried again; an account that cannot be used makes room for the next; when all have been
 * tried, the loop goes on to the next candidate.
 */
export class OAuthAttempt implements Attempt {
  readonly #spec: OAuthAttemptSpec
  readonly #tell: (news: AttemptNews) => void
  readonly #tried: string[] = []
  #inner: Attempt | undefined
  #renewed: string | undefined
  /** Why a login that was refused could not be renewed, though it may be again soon. */
  #notRenewable: string | undefined
  /** The refusal that tells the client most, and whose it is. */
  #refused: { readonly news: Refused; readonly attempt: Attempt | undefined } | undefined
  /** When the first of those is usable again that said when. */
  #soonestMs: number | undefined
  /** The loop has been told of an answer: from then on it decides, since the client may have seen some of it. */
  #isAnswered = false
  #isOver = false

  constructor(spec: OAuthAttemptSpec, tell: (news: AttemptNews) => void) {
    this.#spec = spec
    this.#tell = tell
    void this.#next()
  }

  /** The next account, or the end. */
  async #next(): Promise<void> {
    const { accounts, pinnedEmail, session, model } = this.#spec
    const answer = await accounts.credentialFor({
      model,
      tried: this.#tried,
      ...(pinnedEmail === undefined ? {} : { pinnedEmail }),
      ...(session === null ? {} : { session }),
    })
    if (this.#isOver) return
    if (answer.kind !== 'credential') this.#giveUp(answer)
    else if (answer.rejectedForMs === undefined) this.#send(answer.credential)
    else
      this.#giveUp({
        kind: 'used-up',
        retryAfterMs: answer.rejectedForMs,
        message: 'the allowance of every account is used up',
      })
  }

  #send(credential: Credential): void {
    this.#inner = this.#spec.start(credential, (news) => this.#heard(credential, news))
  }

  #heard(credential: Credential, news: AttemptNews): void {
    if (this.#isOver) return
    if (!this.#isAnswered) this.#report(credential, news)
    if (news.type !== 'failed' || this.#isAnswered || !concernsAccount(news.failure)) {
      this.#isAnswered = true
      return this.#tell(news)
    }
    this.#keep(news)
    void this.#replace(credential, news.failure)
  }

  #report({ key }: Credential, news: AttemptNews): void {
    const { accounts, model } = this.#spec
    const headers = this.#inner?.head()?.headers
    if (headers !== undefined) accounts.reportQuota(key, headers, model)
    if (news.type !== 'failed' || !concernsAccount(news.failure)) return
    if ('retryAfterMs' in news.failure && news.failure.retryAfterMs !== undefined) {
      accounts.reportLimit(key, news.failure.retryAfterMs, model)
    }
  }

  /** A limit passes; what is wrong with a login of lb's is nothing to its client. Among equals the first is kept. */
  #keep(news: Refused): void {
    const { retryAfterMs } = news.failure
    if (retryAfterMs !== undefined) this.#soonestMs = Math.min(this.#soonestMs ?? retryAfterMs, retryAfterMs)
    const isBetter = this.#refused === undefined || (isLimit(news.failure) && !isLimit(this.#refused.news.failure))
    if (isBetter) this.#refused = { news, attempt: this.#inner }
  }

  /** The account was refused: renew it once, then go on to another. */
  async #replace(credential: Credential, { kind }: Failure): Promise<void> {
    if (kind === 'credential-expired' && this.#renewed !== credential.key) {
      this.#renewed = credential.key
      const renewed = await this.#spec.accounts.refresh(credential)
      if (this.#isOver) return
      if (renewed.kind === 'renewed') return this.#send(renewed.credential)
      if (renewed.kind === 'unavailable') this.#notRenewable = renewed.message
    } else if (kind === 'credential-expired') {
      // The fresh token is refused too: then it is the account.
      await this.#spec.accounts.refresh(credential)
    }
    this.#tried.push(credential.key)
    if (!this.#isOver) await this.#next()
  }

  #giveUp(answer: NoCredential): void {
    this.#isOver = true
    // That the upstream refused the old login is no news for a client who cannot do anything about it; it passes.
    if (this.#notRenewable !== undefined && this.#refused?.news.failure.kind === 'credential-expired') {
      this.#inner = undefined
      return this.#tell({ type: 'failed', failure: { kind: 'login-unavailable', message: this.#notRenewable } })
    }
    if (this.#refused !== undefined) {
      const { news, attempt } = this.#refused
      this.#inner = attempt
      if (this.#soonestMs === undefined) return this.#tell(news)
      return this.#tell({ ...news, failure: { ...news.failure, retryAfterMs: this.#soonestMs } })
    }
    switch (answer.kind) {
      case 'login-required':
        return this.#tell({ type: 'failed', failure: { kind: 'login-required', message: answer.message } })
      case 'unavailable':
      case 'used-up': {
        const { message, retryAfterMs } = answer
        const kind = answer.kind === 'used-up' ? 'rate-limited' : 'login-unavailable'
        return this.#tell({ type: 'failed', failure: { kind, message, retryAfterMs } })
      }
      case 'all-tried':
        return this.#tell({ type: 'failed', failure: { kind: 'login-required', message: 'every account was refused' } })
      default:
        return assertNever(answer)
    }
  }

  commit(opening: 'send' | 'drop'): void {
    this.#inner?.commit(opening)
  }

  releaseOpening(): void {
    this.#inner?.releaseOpening()
  }

  resume(): void {
    this.#inner?.resume()
  }

  cancel(): void {
    this.#isOver = true
    this.#inner?.cancel()
  }

  supplyEnd(): void {
    this.#inner?.supplyEnd()
  }

  head(): ReturnType<Attempt['head']> {
    return this.#inner?.head()
  }

  refusal(): ReturnType<Attempt['refusal']> {
    const refused = this.#inner?.refusal()
    return refused === undefined || this.#tried.length < 2 ? refused : { ...refused, isOneOfMany: true }
  }

  errorEvent(): Uint8Array | undefined {
    return this.#inner?.errorEvent()
  }

  timing(): ReturnType<Attempt['timing']> {
    return this.#inner?.timing() ?? { sentAtMs: undefined, arrivedAtMs: undefined, shownAtMs: undefined }
  }

  usage(): ReturnType<Attempt['usage']> {
    return this.#inner?.usage() ?? {}
  }

  losses(): ReturnType<Attempt['losses']> {
    return this.#inner?.losses() ?? []
  }

  stopReason(): string | undefined {
    return this.#inner?.stopReason()
  }
}

type Refused = Extract<AttemptNews, { type: 'failed' }>

/** Why no account is asked. */
type NoCredential =
  | Exclude<CredentialAnswer, { kind: 'credential' }>
  /** There are accounts that work, and each has used up what it may use. */
  | { readonly kind: 'used-up'; readonly retryAfterMs: number; readonly message: string }

function isLimit({ kind }: Failure): boolean {
  return failureTable[kind].scope === 'credential+model'
}

/** Whether another account may be luckier. */
function concernsAccount({ kind }: Failure): boolean {
  const { scope } = failureTable[kind]
  return scope === 'credential' || scope === 'credential+model'
}

import { createHash, randomBytes } from 'node:crypto'
import {
  type Authority,
  authorityId,
  authorizeUrl,
  type CallbackCode,
  closeLogin,
  codeRequest,
  defaultLoginPolicy,
  isIssuedBy,
  type LoginLedger,
  type LoginMatch,
  noLogins,
  openLogin,
  type PendingLogin,
  pkceChallenge,
  pkceVerifier,
  readCallback,
  readTokenResponse,
  SECRET_BYTES,
  sameSecret,
  type TokenGrant,
} from '@lb/oauth'
import { err, ok, type Result } from '@lb/protocol'
import type { Accounts, AddedAccount } from './accounts.ts'
import type { InstantClock } from './boot-clock.ts'
import type { Answer } from './http.ts'
import type { OAuthLog } from './log.ts'
import { type LoginRefusal, refusalText } from './login-refusal.ts'
import { type LoopbackListener, openLoopback } from './loopback.ts'
import { pageAnswer } from './pages.ts'
import type { TokenClient } from './token-client.ts'

/** Signing in: from "where to send the browser" to "these tokens are kept". */
export interface Logins {
  /** Starts a login. Several may be under way at once. */
  start(wish: LoginWish): Promise<StartedLogin>
  /** Finishes the login that a code belongs to; its state is then used up, whatever the outcome. */
  finish(code: CallbackCode, browser?: string, account?: string): Promise<Result<AddedAccount, LoginRefusal>>
  /** A callback of the browser: finishes the login and says so on a page. */
  callback(query: string, browser?: string): Promise<{ readonly page: Answer; readonly done: boolean }>
  close(): Promise<void>
}

/** How to log in. */
export interface LoginWish {
  /** `loopback`: a listener of its own on this machine. Otherwise the address that the browser comes back to. */
  readonly redirect: 'loopback' | { readonly uri: string }
  /** The e-mail that will sign in, when it is known: named to the server, and compared with what comes back. */
  readonly account?: string
  /** What the browser got as a cookie. */
  readonly browser?: string
}

/** A login under way. */
export interface StartedLogin {
  readonly url: string
  readonly redirectUri: string
  /** Settles when a listener of its own has got the callback, good or bad; never for other redirects. */
  readonly outcome: Promise<Result<AddedAccount, LoginRefusal>>
  /** Gives it up. */
  cancel(): Promise<void>
}

/** What logins need. */
export interface LoginPorts {
  readonly authority: Authority
  readonly accounts: Accounts
  readonly client: TokenClient
  readonly clock: InstantClock
  readonly log: OAuthLog
}

/** Logins that know of no other. */
export function createLogins(ports: LoginPorts): Logins {
  return new LedgerLogins(ports)
}

type Settle = (outcome: Result<AddedAccount, LoginRefusal>) => void

class LedgerLogins implements Logins {
  readonly #ports: LoginPorts
  readonly #listeners = new Map<string, LoopbackListener>()
  #ledger: LoginLedger = noLogins

  constructor(ports: LoginPorts) {
    this.#ports = ports
  }

  async start(wish: LoginWish): Promise<StartedLogin> {
    const state = randomBytes(SECRET_BYTES).toString('base64url')
    let settle: Settle = () => undefined
    const outcome = new Promise<Result<AddedAccount, LoginRefusal>>((resolve) => {
      settle = resolve
    })
    const redirectUri = wish.redirect === 'loopback' ? await this.#listen(state, settle) : wish.redirect.uri
    const { login, url } = begin(this.#ports, wish, state, redirectUri)
    const before = this.#ledger.pending
    this.#ledger = openLogin(this.#ledger, login, defaultLoginPolicy)
    // Whoever starts too many at once loses the oldest.
    const dropped = before.filter((pending) => !this.#ledger.pending.includes(pending))
    await Promise.all(dropped.map((pending) => this.#stopListening(pending.state)))
    return { url, redirectUri, outcome, cancel: () => this.#stopListening(state) }
  }

  async finish(code: CallbackCode, browser?: string, account?: string): Promise<Result<AddedAccount, LoginRefusal>> {
    const match = this.#close(code.state, browser)
    if (match.kind !== 'found') return err({ kind: 'state', match: match.kind })
    const { authority, log } = this.#ports
    if (code.issuer !== undefined && !isIssuedBy(authority, code.issuer)) return err({ kind: 'foreign-issuer' })
    const result = await exchange(this.#ports, match.login, code, account ?? match.login.account)
    report(log, result)
    return result
  }

  async callback(query: string, browser?: string): Promise<{ readonly page: Answer; readonly done: boolean }> {
    const result = await this.#finishQuery(query, browser)
    return { page: pageOf(result), done: result.ok }
  }

  async close(): Promise<void> {
    await Promise.all([...this.#listeners.keys()].map((state) => this.#stopListening(state)))
    this.#ledger = noLogins
  }

  async #finishQuery(query: string, browser?: string): Promise<Result<AddedAccount, LoginRefusal>> {
    const code = readCallback(query)
    if (code.ok) return this.finish(code.value, browser)
    const { error } = code
    if (error.kind === 'denied' && error.state !== undefined) {
      // The provider's "no" uses the login up, too.
      const match = this.#close(error.state, browser)
      if (match.kind !== 'found') return err({ kind: 'state', match: match.kind })
    }
    return err({ kind: 'callback', problem: error })
  }

  #close(state: string, browser: string | undefined): LoginMatch {
    const claim = browser === undefined ? { state } : { state, browser }
    const closed = closeLogin(this.#ledger, claim, this.#ports.clock.read(), defaultLoginPolicy)
    this.#ledger = closed.ledger
    return closed.match
  }

  async #listen(state: string, settle: Settle): Promise<string> {
    const { host, path } = this.#ports.authority.redirects.loopback ?? { host: '127.0.0.1', path: '/callback' }
    const listener = await openLoopback({
      host,
      path,
      onCallback: async (query) => {
        const result = await this.#finishQuery(query)
        // Only the callback of this very login ends the wait: anything else may be a stranger knocking.
        const ours = sameSecret(new URLSearchParams(query).get('state') ?? '', state)
        if (ours) {
          this.#listeners.delete(state)
          settle(result)
        }
        return { page: pageOf(result), done: ours }
      },
    })
    this.#listeners.set(state, listener)
    setTimeout(() => void this.#stopListening(state), defaultLoginPolicy.ttlMs).unref()
    return listener.redirectUri
  }

  async #stopListening(state: string): Promise<void> {
    const listener = this.#listeners.get(state)
    this.#listeners.delete(state)
    await listener?.close()
  }
}

function begin(
  { authority, clock }: LoginPorts,
  wish: LoginWish,
  state: string,
  redirectUri: string,
): { readonly login: PendingLogin; readonly url: string } {
  const verifier = pkceVerifier(randomBytes(SECRET_BYTES))
  const challenge = pkceChallenge(createHash('sha256').update(verifier).digest())
  const { account, browser } = wish
  // Only an e-mail is a hint that a server understands; a name of the person's own making is not.
  const hint = account?.includes('@') ? { loginHint: account } : {}
  return {
    url: authorizeUrl(authority, { redirectUri, state, challenge, ...hint }),
    login: {
      state,
      verifier,
      redirectUri,
      startedMs: clock.read().nowMs,
      ...(account === undefined ? {} : { account }),
      ...(browser === undefined ? {} : { browser }),
    },
  }
}

async function exchange(
  { authority, accounts, client, clock }: LoginPorts,
  login: PendingLogin,
  { code, state }: CallbackCode,
  asked: string | undefined,
): Promise<Result<AddedAccount, LoginRefusal>> {
  const { redirectUri, verifier } = login
  const sent = await client.send(codeRequest(authority, { code, state, redirectUri, verifier }))
  if (!sent.ok) return err({ kind: 'tokens', problem: { kind: sent.error } })
  const grant = readTokenResponse(authority, sent.value)
  if (!grant.ok) return err({ kind: 'tokens', problem: grant.error })
  const got = grant.value.identity.email
  if (asked?.includes('@') && got !== undefined && got.toLowerCase() !== asked.trim().toLowerCase()) {
    return err({ kind: 'other-account', asked, got })
  }
  const account = await accounts.add({
    email: asked ?? got ?? (await nameFor(accounts, grant.value)),
    authority: authorityId(authority),
    grant: grant.value,
    login: randomBytes(12).toString('base64url'),
    scopes: authority.scopes,
    at: clock.read(),
  })
  return ok(account)
}

/** A name for an account of which neither the person nor the server has said the e-mail: never one that is in use. */
async function nameFor(accounts: Accounts, grant: TokenGrant): Promise<string> {
  if (grant.identity.id !== undefined) return grant.identity.id
  const list = await accounts.list()
  const taken = new Set(list.accounts.map((account) => account.account_email.toLowerCase()))
  let number = 1
  while (taken.has(`account-${number}`)) number += 1
  return `account-${number}`
}

function pageOf(result: Result<AddedAccount, LoginRefusal>): Answer {
  if (!result.ok) {
    const { title, message, status } = refusalText(result.error)
    return pageAnswer({ status, title, paragraphs: [message] })
  }
  const { email, unsaved } = result.value
  const warning =
    unsaved === undefined ? [] : [`It could not be saved, and a restart would lose it: ${unsaved.message}`]
  const done = `${email} is signed in, and lb will keep the login alive. You can close this page.`
  return pageAnswer({ status: 200, title: 'It worked', paragraphs: [done, ...warning] })
}

function report(log: OAuthLog, result: Result<AddedAccount, LoginRefusal>): void {
  if (result.ok) {
    const { email } = result.value
    log('info', 'signed-in', `oauth: ${email} signed in`, { account: email })
    return
  }
  const { reason, message } = refusalText(result.error)
  log('warn', 'login-refused', `oauth: a login was refused: ${message}`, { reason })
}

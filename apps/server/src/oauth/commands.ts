import { readPasted } from '@lb/oauth'
import { err, type Result } from '@lb/protocol'
import type { AccountList, Accounts, AddedAccount } from './accounts.ts'
import { type LoginRefusal, refusalText } from './login-refusal.ts'
import type { Logins, StartedLogin } from './logins.ts'
import type { OAuth } from './oauth.ts'
import type { AccountStatus } from './status.ts'

/** How the commands speak with the person. */
export interface Terminal {
  /** One line of output. */
  print(line: string): void
  /**
   * Waits for a line of input.
   * @returns `undefined` when there is nobody to type one.
   */
  ask(question: string, signal: AbortSignal): Promise<string | undefined>
  /** Opens an address; `false` when there is nothing to open it with. */
  browse(url: string): Promise<boolean>
}

/** What `lb login` was asked for. */
export interface LoginOptions {
  /** `--account`: who will sign in. */
  readonly account?: string
  /** `--manual`: no browser on this machine; the page shows a code to paste. */
  readonly manual?: boolean
  /** When to give up. Default 10 minutes. */
  readonly signal?: AbortSignal
}

/**
 * `lb login`: opens (and prints) the address, then waits for the browser to come back, or for the code or address to be
 * pasted, whichever is first. Writes to the token file itself: a server that runs sees it within seconds.
 *
 * @returns the exit code: 0 signed in, 1 not.
 */
export async function login(
  oauth: Pick<OAuth, 'logins' | 'authority'>,
  terminal: Terminal,
  options: LoginOptions,
): Promise<number> {
  const { loopback, manual } = oauth.authority.redirects
  const byPaste = options.manual === true || loopback === undefined
  const redirect = byPaste && manual !== undefined ? { uri: manual } : ('loopback' as const)
  const { account } = options
  const started = await oauth.logins.start(account === undefined ? { redirect } : { redirect, account })
  const opened = !byPaste && (await terminal.browse(started.url))
  terminal.print(
    opened ? 'Your browser opens this address; sign in there:' : 'Open this address in a browser and sign in:',
  )
  terminal.print('')
  terminal.print(`  ${started.url}`)
  terminal.print('')
  const signal = options.signal ?? AbortSignal.timeout(600_000)
  const result = await firstOutcome(oauth.logins, terminal, started, redirect === 'loopback', signal)
  await started.cancel()
  return conclude(terminal, result)
}

/** `lb accounts`: a table of who is signed in. @returns the exit code, 0. */
export async function accounts(book: Pick<Accounts, 'list'>, terminal: Pick<Terminal, 'print'>): Promise<number> {
  const list = await book.list()
  if (list.accounts.length === 0) terminal.print('Nobody is signed in. Run "lb login".')
  else for (const line of accountTable(list)) terminal.print(line)
  for (const email of list.foreign) terminal.print(`${email} is signed in at another provider than the configured one.`)
  terminal.print(`Kept in: ${list.place}`)
  return 0
}

/** `lb logout E`: signs an account out, here and, where the provider has a way, there. @returns the exit code. */
export async function logout(
  book: Pick<Accounts, 'remove'>,
  terminal: Pick<Terminal, 'print'>,
  email: string,
): Promise<number> {
  const removed = await book.remove(email)
  if (removed === true) terminal.print(`${email} is signed out.`)
  else if (removed === false) terminal.print(`${email} was not signed in.`)
  else terminal.print(`${email} could not be signed out: ${removed.message}`)
  return removed === true ? 0 : 1
}

const COLUMNS = ['ACCOUNT', 'EXPIRES', 'HEALTH', 'USES', 'LAST USED', 'QUOTA'] as const

/** The table of `lb accounts`, line by line, columns as wide as they need. */
function accountTable(list: AccountList): string[] {
  const rows = list.accounts.map(rowOf)
  const widths = COLUMNS.map((title, column) => Math.max(title.length, ...rows.map((row) => row[column]?.length ?? 0)))
  return [COLUMNS, ...rows].map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd(),
  )
}

function rowOf(shown: AccountStatus): string[] {
  const quota = Object.entries(shown.quota_used).map(([name, used]) => `${name} ${Math.round(used * 100)}%`)
  return [
    shown.account_email,
    shown.expires_in_human,
    healthOf(shown),
    String(shown.usage_count),
    shown.last_used,
    quota.length === 0 ? '-' : quota.join(', '),
  ]
}

function healthOf(shown: AccountStatus): string {
  if (shown.state === 'needs-login') return 'log in again'
  if (shown.unsaved) return 'not saved'
  return shown.is_healthy ? 'good' : shown.state
}

/** `undefined`: the time is over. `unattended`: the code would have to be typed, and nobody is there to do it. */
type LoginOutcome = Result<AddedAccount, LoginRefusal> | 'unattended' | undefined

/**
 * The browser's way back or a pasted text. A wrong paste may be made good; a wrong callback ends it.
 *
 * @param comesBack whether the browser has a way back to this process.
 */
async function firstOutcome(
  logins: Logins,
  terminal: Terminal,
  started: StartedLogin,
  comesBack: boolean,
  signal: AbortSignal,
): Promise<LoginOutcome> {
  const stop = new AbortController()
  const either = AbortSignal.any([signal, stop.signal])
  const aborted = new Promise<undefined>((resolve) => {
    if (signal.aborted) resolve(undefined)
    signal.addEventListener('abort', () => resolve(undefined), { once: true })
  })
  const outcome = await Promise.race([started.outcome, pasted(logins, terminal, comesBack, either), aborted])
  stop.abort()
  return outcome
}

async function pasted(
  logins: Logins,
  terminal: Terminal,
  comesBack: boolean,
  signal: AbortSignal,
): Promise<LoginOutcome> {
  for (;;) {
    const line = await terminal.ask('Or paste the code, or the address that the browser ended at: ', signal)
    // Nobody to type: the browser's way is the only one, if there is one.
    if (line === undefined) return comesBack || signal.aborted ? new Promise(() => undefined) : 'unattended'
    if (line.trim() === '') continue
    const code = readPasted(line)
    if (code.ok) return logins.finish(code.value)
    const problem = err({ kind: 'callback', problem: code.error } as const)
    terminal.print(refusalText(problem.error).message)
  }
}

function conclude(terminal: Terminal, result: LoginOutcome): number {
  if (result === 'unattended') {
    terminal.print('There is nobody to paste the code. Start this in a terminal, or leave --manual out.')
    return 1
  }
  if (result === undefined) {
    terminal.print('Nobody signed in within ten minutes. Please start again.')
    return 1
  }
  if (!result.ok) {
    const { title, message } = refusalText(result.error)
    terminal.print(`${title}. ${message}`)
    return 1
  }
  const { email, unsaved } = result.value
  terminal.print(`${email} is signed in.`)
  if (unsaved !== undefined) terminal.print(`It could not be saved: ${unsaved.message}`)
  return unsaved === undefined ? 0 : 1
}

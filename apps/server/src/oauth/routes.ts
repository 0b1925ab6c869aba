import { randomBytes } from 'node:crypto'
import { accountKey, isAccountName, parseUrl, readPasted } from '@lb/oauth'
import { isJsonObject, parseJson, stringMember } from '@lb/protocol'
import type { Accounts, AddedAccount } from './accounts.ts'
import { type Answer, cookieOf, jsonAnswer, type RequestFacts, redirectAnswer } from './http.ts'
import { humanRemaining } from './human-time.ts'
import { refusalText } from './login-refusal.ts'
import type { LoginPorts, Logins, LoginWish, StartedLogin } from './logins.ts'
import { CALLBACK_PATH, isLoopbackAuthority, isOwnCallback } from './settings.ts'
import { statusBody } from './status.ts'

/** One route: what it answers to, and who may ask. */
export interface OAuthRoute {
  readonly method: 'GET' | 'POST' | 'DELETE'
  /** With `:email` for a part of the path. */
  readonly path: string
  /**
   * - `admin`: whoever may manage lb.
   * - `state`: anybody; the browser comes from the provider's site without our key, and the single-use state in the query is
   *   what it is admitted by.
   */
  readonly access: 'admin' | 'state'
  answer(request: RequestFacts): Promise<Answer>
}

/** What the routes need. */
export interface RouteOptions extends Pick<LoginPorts, 'authority' | 'clock'> {
  readonly accounts: Accounts
  readonly logins: Logins
  /** Where this server is reached, e.g. `http://127.0.0.1:9090`: for a callback of its own. */
  readonly publicUrl: string
}

/** The cookie that ties a login to the browser in which it was started. */
const BROWSER_COOKIE = 'lb_login'

type RouteAnswer = (options: RouteOptions, request: RequestFacts) => Promise<Answer>

const ROUTES: readonly (Pick<OAuthRoute, 'method' | 'path' | 'access'> & { readonly reply: RouteAnswer })[] = [
  { method: 'GET', path: '/oauth/status', access: 'admin', reply: status },
  { method: 'GET', path: '/oauth/authorize', access: 'admin', reply: authorize },
  { method: 'GET', path: CALLBACK_PATH, access: 'state', reply: callback },
  { method: 'GET', path: '/oauth/generate-url', access: 'admin', reply: generateUrl },
  { method: 'POST', path: '/oauth/exchange-code', access: 'admin', reply: exchangeCode },
  { method: 'POST', path: '/oauth/refresh/:email', access: 'admin', reply: refresh },
  { method: 'DELETE', path: '/oauth/tokens/:email', access: 'admin', reply: removeOne },
  { method: 'DELETE', path: '/oauth/tokens', access: 'admin', reply: removeAll },
]

/**
 * The routes. Mount them as they are.
 *
 * @param options `undefined` while OAuth is off: then each route says so.
 */
export function oauthRoutes(options: RouteOptions | undefined): readonly OAuthRoute[] {
  return ROUTES.map(({ reply, ...route }) => ({
    ...route,
    answer: async (request) => (options === undefined ? oauthIsOff() : reply(options, request).catch(broken)),
  }))
}

/** The predecessor's words first. */
function oauthIsOff(): Answer {
  return jsonAnswer(404, {
    error: 'OAuth manager not initialized',
    details: 'OAuth is off. settings.oauth.enabled: true turns it on; docs/guides/oauth.md says what that means.',
  })
}

/** A fault of ours. Its own message is not passed on: nobody has checked what is in it. */
function broken(error: unknown): Answer {
  return jsonAnswer(500, { error: `Internal server error: ${error instanceof Error ? error.name : 'unknown'}` })
}

async function status({ accounts }: RouteOptions): Promise<Answer> {
  return jsonAnswer(200, statusBody(await accounts.list()))
}

async function authorize(options: RouteOptions, request: RequestFacts): Promise<Answer> {
  const toPage = wantsPage(request)
  const redirect = redirectOf(options, request)
  const browser = toPage && redirect !== 'loopback' && isHere(redirect.uri, request) ? browserOf(request) : undefined
  const started = await options.logins.start({
    redirect,
    ...accountOf(request),
    ...(browser === undefined ? {} : { browser }),
  })
  if (!toPage) return jsonAnswer(200, startedBody(options, started))
  return redirectAnswer(started.url, browser === undefined ? {} : { 'set-cookie': browserCookie(browser) })
}

async function callback({ logins }: RouteOptions, request: RequestFacts): Promise<Answer> {
  const { page } = await logins.callback(queryOf(request), cookieOf(request.headers['cookie'], BROWSER_COOKIE))
  return page
}

async function generateUrl(options: RouteOptions, request: RequestFacts): Promise<Answer> {
  const uri = options.authority.redirects.manual ?? ownCallback(options)
  const started = await options.logins.start({ redirect: { uri }, ...accountOf(request) })
  return jsonAnswer(200, startedBody(options, started))
}

async function exchangeCode({ clock, logins }: RouteOptions, request: RequestFacts): Promise<Answer> {
  if (!/\bjson\b/i.test(request.headers['content-type'] ?? '')) {
    return jsonAnswer(415, { error: 'Send JSON, with content-type: application/json' })
  }
  const parsed = parseJson(request.body)
  const body = parsed.ok && isJsonObject(parsed.value) ? parsed.value : undefined
  const pasted = stringMember(body, 'code')
  const email = stringMember(body, 'account_email')?.trim()
  if (pasted === undefined || pasted.trim() === '') return jsonAnswer(400, { error: 'Missing authorization code' })
  if (email === undefined || !isAccountName(email)) {
    const error =
      'Missing account_email parameter. Say which account signs in, e.g. "account_email": "you@example.com".'
    return jsonAnswer(400, { error })
  }
  const code = readPasted(pasted)
  const result = code.ok
    ? await logins.finish(code.value, undefined, email)
    : ({ ok: false, error: { kind: 'callback', problem: code.error } } as const)
  if (result.ok) return jsonAnswer(200, signedInBody(result.value, clock.read().epochMs))
  const refusal = refusalText(result.error)
  const { message: details, reason } = refusal
  return jsonAnswer(refusal.status, { error: 'Failed to exchange authorization code', details, reason })
}

async function refresh({ accounts }: RouteOptions, request: RequestFacts): Promise<Answer> {
  const email = lastPartOf(request)
  const answer = await accounts.refreshByHand(email)
  const list = await accounts.list()
  const shown = list.accounts.find((account) => accountKey(account.account_email) === accountKey(email))
  if (answer.kind === 'unknown' || shown === undefined) {
    return jsonAnswer(404, {
      error: `Token for ${email} not found`,
      details: 'GET /oauth/status lists who is signed in.',
    })
  }
  if (answer.kind !== 'renewed') {
    const details = answer.kind === 'refused' ? 'The API refuses this account even with fresh tokens.' : answer.message
    return jsonAnswer(500, { error: `Failed to refresh token for ${email}`, details, reason: answer.kind })
  }
  return jsonAnswer(200, {
    status: 'success',
    message: `Token for ${shown.account_email} refreshed`,
    account_email: shown.account_email,
    account_id: shown.account_id,
    expires_at: shown.expires_at,
    expires_in_seconds: shown.expires_in_seconds,
    expires_in_minutes: shown.expires_in_minutes,
    expires_in_human: shown.expires_in_human,
    access_token_preview: shown.access_token_preview,
    scopes: shown.scopes,
    refreshed_at: Math.floor(list.epochMs / 1000),
    rotation: shown.rotation,
    unsaved: shown.unsaved,
  })
}

async function removeOne({ accounts }: RouteOptions, request: RequestFacts): Promise<Answer> {
  const email = lastPartOf(request)
  const removed = await accounts.remove(email)
  if (removed === true) return jsonAnswer(200, { status: 'success', message: `Token for ${email} removed` })
  if (removed === false) return jsonAnswer(404, { error: `Token for ${email} not found` })
  return jsonAnswer(500, { error: `Token for ${email} could not be removed: ${removed.message}` })
}

async function removeAll({ accounts }: RouteOptions): Promise<Answer> {
  const problem = await accounts.clear()
  if (problem === undefined) return jsonAnswer(200, { status: 'success', message: 'All tokens cleared' })
  return jsonAnswer(500, { error: `The tokens could not be removed: ${problem.message}` })
}

/** A listener of its own where the provider knows such, and the browser runs on this machine; else what is configured. */
function redirectOf(options: RouteOptions, { headers }: RequestFacts): LoginWish['redirect'] {
  const { loopback, manual } = options.authority.redirects
  if (loopback !== undefined && isLoopbackAuthority(headers['host'] ?? '')) return 'loopback'
  return { uri: manual ?? ownCallback(options) }
}

function ownCallback({ publicUrl }: RouteOptions): string {
  return `${publicUrl.replace(/\/$/, '')}${CALLBACK_PATH}`
}

/** Whether the browser will come back to the very host that it is talking to: only then does it bring its cookie. */
function isHere(redirectUri: string, { headers }: RequestFacts): boolean {
  return isOwnCallback(redirectUri) && parseUrl(redirectUri)?.host === headers['host']
}

/** The name of this browser: the one it has, so that two of its logins do not take each other's away. */
function browserOf({ headers }: RequestFacts): string {
  const known = cookieOf(headers['cookie'], BROWSER_COOKIE)
  return known !== undefined && /^[\w-]{22}$/.test(known) ? known : randomBytes(16).toString('base64url')
}

function browserCookie(browser: string): string {
  return `${BROWSER_COOKIE}=${browser}; Path=${CALLBACK_PATH}; Max-Age=600; HttpOnly; SameSite=Lax`
}

/** A browser asks for a page; programs take anything, or JSON. */
function wantsPage({ headers }: RequestFacts): boolean {
  return (headers['accept'] ?? '').includes('text/html')
}

function accountOf(request: RequestFacts): { readonly account?: string } {
  const parameters = new URLSearchParams(queryOf(request))
  const account = (parameters.get('account') ?? parameters.get('account_email') ?? '').trim()
  return isAccountName(account) ? { account } : {}
}

function queryOf({ url }: RequestFacts): string {
  const at = url.indexOf('?')
  return at === -1 ? '' : url.slice(at + 1)
}

/** The e-mail at the end of a path. What is not well escaped is taken as it stands. */
function lastPartOf({ url }: RequestFacts): string {
  const part = url.split('?', 1)[0]?.split('/').at(-1) ?? ''
  try {
    return decodeURIComponent(part)
  } catch {
    return part
  }
}

function startedBody({ publicUrl }: RouteOptions, { url, redirectUri }: StartedLogin): object {
  const exchange = `${publicUrl.replace(/\/$/, '')}/oauth/exchange-code`
  const example = '{"code": "CODE#STATE", "account_email": "you@example.com"}'
  return {
    status: 'success',
    login_url: url,
    instructions: {
      step_1: 'Open login_url in a browser and sign in.',
      step_2: 'If the browser then says that it worked, you are done.',
      step_3: 'Otherwise copy the code that the page shows (CODE#STATE), or the whole address from the address bar.',
      step_4: 'Send it to POST /oauth/exchange-code, with the e-mail of the account, within 10 minutes.',
    },
    callback_format: 'CODE#STATE',
    exchange_example: `curl -X POST ${exchange} -H 'content-type: application/json' -d '${example}'`,
    expires_in_minutes: 10,
    redirect_uri: redirectUri,
  }
}

function signedInBody({ email, endsMs, name, scopes, unsaved }: AddedAccount, epochMs: number): object {
  return {
    status: 'success',
    message: 'Authorization successful',
    account_email: email,
    expires_at: endsMs === null ? null : Math.floor(endsMs / 1000),
    expires_in_human: humanRemaining(endsMs === null ? null : endsMs - epochMs),
    scopes,
    ...(name === undefined ? {} : { account_name: name }),
    ...(unsaved === undefined
      ? {}
      : { warning: `It could not be saved, and a restart would lose it: ${unsaved.message}` }),
  }
}

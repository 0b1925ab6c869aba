import type { QuotaRules } from './quota.ts'

/**
 * One authorization server, and how we are known there: everything about a vendor that the code needs to know. It is data:
 * another OAuth 2.0 server is another value, never another branch.
 */
export interface Authority {
  /** Where the browser is sent to sign in. `https`, or `http` on the loopback interface. */
  readonly authorizeUrl: string
  /** Where codes and refresh tokens are exchanged. Its origin is the authority's identity: tokens are bound to it. */
  readonly tokenUrl: string
  /** Where a refresh token may be given back (RFC 7009), if the server has such an endpoint. */
  readonly revokeUrl?: string
  /** What the server calls itself in the callback's `iss` (RFC 9207). When set, a callback that names another is refused. */
  readonly issuer?: string
  /** Our public identifier there. */
  readonly clientId: string
  /** Only for confidential clients: sent in the body of token requests. */
  readonly clientSecret?: string
  /** What is asked for, in this order. */
  readonly scopes: readonly string[]
  /** Sent with the authorize request beside the standard parameters. */
  readonly authorizeParameters?: Readonly<Record<string, string>>
  /** The form of token requests. RFC 6749 says `form`; some servers take only `json`. Default `form`. */
  readonly tokenBody?: 'json' | 'form'
  /** Whether the state is repeated in the code exchange (not part of the RFC; some servers want it). Default `false`. */
  readonly stateInExchange?: boolean
  /** Where the browser may be sent back to. */
  readonly redirects: AuthorityRedirects
  /**
   * Where in a token response the account's identity is found: the first description that finds a member wins.
   * Default: nowhere, the person who logs in names it.
   */
  readonly identity?: readonly IdentityPaths[]
  /** A value to append to the API request's `anthropic-beta` list, when the API asks for one with such tokens. */
  readonly betaHeader?: string
  /** How to read the account's remaining quota from the API's response headers. Default: no quota is known. */
  readonly quota?: QuotaRules
}

/** The ways back from the browser that a server has agreed to. */
export interface AuthorityRedirects {
  /**
   * A page of the server itself that shows the code for the person to paste.
   * Absent: the server has none.
   */
  readonly manual?: string
  /**
   * A listener on this machine: `http://{host}:{port}{path}`, any port (RFC 8252 §7.3).
   * Absent: the server wants one registered address, which the user configures.
   */
  readonly loopback?: { readonly host: 'localhost' | '127.0.0.1'; readonly path: string }
}

/**
 * Paths into the token response. A path that goes *into* a text reads that text as a JWT and goes on in its claims, so
 * `['id_token', 'email']` finds what OpenID Connect servers say. The token came over TLS from the token endpoint, which
 * is the proof of origin that OpenID Connect accepts in place of checking the signature.
 * @see https://openid.net/specs/openid-connect-core-1_0.html#IDTokenValidation
 */
export interface IdentityPaths {
  readonly email?: readonly string[]
  readonly id?: readonly string[]
  readonly name?: readonly string[]
  readonly organization?: readonly string[]
}

/** What an OpenID Connect server says about the account. */
export const openIdIdentity: IdentityPaths = {
  email: ['id_token', 'email'],
  id: ['id_token', 'sub'],
  name: ['id_token', 'name'],
}

/**
 * The origin of the token endpoint, which names the authority: tokens stored under one origin are never sent to another.
 *
 * @example authorityId(claudeAuthority) // → 'https://platform.claude.com'
 */
export function authorityId(authority: Authority): string {
  return new URL(authority.tokenUrl).origin
}

/**
 * Whether a callback that names its sender (RFC 9207) was sent by this authority. Where no issuer is configured, the origins
 * of the two endpoints have to do: an answer of any other server is an attempt to mix two logins up.
 */
export function isIssuedBy(authority: Authority, issuer: string): boolean {
  if (authority.issuer !== undefined) return authority.issuer === issuer
  const origin = parseUrl(issuer)?.origin
  return origin === new URL(authority.authorizeUrl).origin || origin === authorityId(authority)
}

/** What is wrong with an authority, one sentence each; empty when nothing is. Checked once, at the start. */
export function authorityProblems(authority: Authority): string[] {
  const urls: readonly (readonly [string, string | undefined])[] = [
    ['authorize_url', authority.authorizeUrl],
    ['token_url', authority.tokenUrl],
    ['revoke_url', authority.revokeUrl],
    ['redirect_uri', authority.redirects.manual],
  ]
  const problems = urls.flatMap(([key, url]) => (url === undefined ? [] : urlProblems(key, url)))
  if (authority.clientId === '') problems.push('client_id is empty')
  const { manual, loopback } = authority.redirects
  if (manual === undefined && loopback === undefined) problems.push('redirect_uri is missing')
  return problems
}

function urlProblems(key: string, text: string): string[] {
  const url = parseUrl(text)
  if (url === undefined) return [`${key} is not a URL`]
  const loopback = url.protocol === 'http:' && isLoopbackHost(url.hostname)
  const problems: string[] = []
  if (url.protocol !== 'https:' && !loopback) problems.push(`${key} must be https (http only on this machine)`)
  if (url.username !== '' || url.password !== '') problems.push(`${key} must not hold a name or password`)
  if (url.hash !== '') problems.push(`${key} must not have a fragment`)
  return problems
}

/** What is read of a URL. The platform's `URL` is one; its type is not known under every setting of a user's compiler. */
export interface ParsedUrl {
  /** With its colon: `https:`. */
  readonly protocol: string
  readonly username: string
  readonly password: string
  /** Host name, and port unless it is the scheme's own. */
  readonly host: string
  /** IPv6 in brackets. */
  readonly hostname: string
  /** Scheme and host. */
  readonly origin: string
  /** Begins with a slash. */
  readonly pathname: string
  /** With its `?`; empty when there is none. */
  readonly search: string
  /** With its `#`; empty when there is none. */
  readonly hash: string
}

/** The URL, or `undefined` when the text is none: `new URL` throws, and outside this function bad input is a value. */
export function parseUrl(text: string): ParsedUrl | undefined {
  try {
    return new URL(text)
  } catch {
    return undefined
  }
}

/** Whether a host name of a URL means this machine. */
export function isLoopbackHost(hostname: string): boolean {
  return hostname === 'localhost' || hostname === '[::1]' || /^127(\.\d{1,3}){3}$/.test(hostname)
}

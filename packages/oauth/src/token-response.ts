import {
  err,
  isJsonObject,
  type Json,
  member,
  numberMember,
  ok,
  parseJson,
  type Result,
  retryAfterMs,
  stringMember,
} from '@lb/protocol'
import { isAccountName } from './account-file.ts'
import type { Authority, IdentityPaths } from './authority.ts'
import { decodeBase64Url } from './base64url.ts'
import type { TokenProblem, TokenProblemKind } from './token-problem.ts'

/** The answer of a token endpoint, read to its end. */
export interface TokenResponse {
  readonly status: number
  /** By lower-case name. */
  readonly headers: Readonly<Record<string, string>>
  /** The whole body as text; the caller has bounded its size. */
  readonly body: string
  /** Wall clock when it came, to read a `retry-after` that is a date. */
  readonly epochMs: number
}

/** The tokens of one answer. Holds secrets: never log it whole. */
export interface TokenGrant {
  readonly accessToken: string
  /** Absent: the server did not send one. At a refresh the old one then stays good. */
  readonly refreshToken?: string
  /** How long the access token lives, in milliseconds; `null` when the server does not say. */
  readonly lifetimeMs: number | null
  /** What was granted; absent when it is what was asked for. */
  readonly scopes?: readonly string[]
  readonly identity: AccountIdentity
}

/** Who the tokens belong to, as far as the server says. */
export interface AccountIdentity {
  readonly email?: string
  readonly id?: string
  readonly name?: string
  readonly organization?: string
}

/** Longer lifetimes are not believed: a year is what the longest-lived setup tokens have. */
const LONGEST_LIFETIME_MS = 400 * 24 * 3600 * 1000

/** Access and refresh tokens are header-safe text (RFC 6750 `b64token` and then some). Anything else could split a header. */
const TOKEN = /^[\x21-\x7e]{1,16384}$/

/** The words that may be passed on; anything else an error body says might repeat the secrets that were sent. */
const ERROR_WORDS: Readonly<Record<string, TokenProblemKind>> = {
  invalid_grant: 'grant-refused',
  invalid_client: 'client-refused',
  unauthorized_client: 'client-refused',
  unsupported_grant_type: 'client-refused',
  invalid_scope: 'client-refused',
  invalid_request: 'client-refused',
  invalid_target: 'client-refused',
  access_denied: 'grant-refused',
  server_error: 'server-error',
  temporarily_unavailable: 'server-error',
  slow_down: 'rate-limited',
}

/**
 * Reads the answer to a code or refresh request.
 *
 * @returns the tokens, or a problem that holds nothing secret. Never throws, whatever the body is.
 * @see https://www.rfc-editor.org/rfc/rfc6749#section-5
 */
export function readTokenResponse(authority: Authority, response: TokenResponse): Result<TokenGrant, TokenProblem> {
  // The parser's message quotes the text it failed on, which may be a token: it is dropped here, on purpose.
  const parsed = parseJson(response.body)
  const json = parsed.ok ? parsed.value : undefined
  if (response.status < 200 || response.status > 299) return err(refusal(response, json))
  const grant = json === undefined ? undefined : grantOf(json, authority.identity ?? [])
  if (grant !== undefined) return ok(grant)
  // GitHub and its like refuse with 200. Without one of the RFC's words, it may have acted.
  const refused = refusal(response, json)
  return err(refused.error === undefined ? { kind: 'unreadable', status: response.status } : refused)
}

function grantOf(json: Json, paths: readonly IdentityPaths[]): TokenGrant | undefined {
  const accessToken = stringMember(json, 'access_token')
  const refreshToken = stringMember(json, 'refresh_token')
  const type = stringMember(json, 'token_type') || 'Bearer'
  if (accessToken === undefined || !TOKEN.test(accessToken) || type.toLowerCase() !== 'bearer') return undefined
  if (refreshToken !== undefined && refreshToken !== '' && !TOKEN.test(refreshToken)) return undefined
  const scope = stringMember(json, 'scope')
  return {
    accessToken,
    ...(refreshToken === undefined || refreshToken === '' ? {} : { refreshToken }),
    lifetimeMs: lifetimeOf(json),
    ...(scope === undefined ? {} : { scopes: scope.split(/\s+/).filter((word) => word !== '') }),
    identity: identityOf(json, paths),
  }
}

/**
 * A token that is over when it comes would be renewed again and again, and serve nobody; servers say 0 for "I do not tell", and
 * other clients read it so. Should it really be over, the API's 401 says it.
 */
function lifetimeOf(json: Json): number | null {
  const seconds = numberMember(json, 'expires_in') ?? Number(stringMember(json, 'expires_in') ?? Number.NaN)
  if (!Number.isFinite(seconds) || seconds <= 0) return null
  return Math.min(Math.floor(seconds * 1000), LONGEST_LIFETIME_MS)
}

function refusal(response: TokenResponse, json: Json | undefined): TokenProblem {
  const word = stringMember(json, 'error') ?? stringMember(member(json, 'error'), 'type')
  const known = word !== undefined && Object.hasOwn(ERROR_WORDS, word) ? ERROR_WORDS[word] : undefined
  const wait = retryAfterMs({ headers: response.headers, epochMs: response.epochMs })
  return {
    kind: kindOf(response.status, known, json),
    status: response.status,
    ...(known === undefined || word === undefined ? {} : { error: word }),
    ...(wait === undefined ? {} : { retryAfterMs: wait }),
  }
}

function kindOf(status: number, known: TokenProblemKind | undefined, json: Json | undefined): TokenProblemKind {
  if (status === 429) return 'rate-limited'
  if (status >= 300 && status < 400) return 'redirected'
  // What a gateway says about a server behind it: the server may have acted before the gateway gave up on it.
  if (status === 502 || status === 504 || (status >= 520 && status <= 524)) return 'answer-lost'
  if (status >= 500) return 'server-error'
  if (known !== undefined) return known
  if (status === 408) return 'answer-lost'
  return status === 403 && !isJsonObject(json) ? 'blocked' : 'client-refused'
}

/** Who a token response says it is for. */
function identityOf(json: Json, descriptions: readonly IdentityPaths[]): AccountIdentity {
  const identity: Record<string, string> = {}
  for (const [name, path] of descriptions.flatMap((paths) => Object.entries(paths))) {
    const found = walk(json, path)
    if (typeof found === 'string' && isAccountName(found)) identity[name] ??= found
  }
  return identity
}

function walk(json: Json, path: readonly string[]): Json | undefined {
  let here: Json | undefined = json
  for (const key of path) here = member(typeof here === 'string' ? claimsOf(here) : here, key)
  return here
}

/** The claims of a JWT, unverified. */
function claimsOf(jwt: string): Json | undefined {
  const bytes = decodeBase64Url(jwt.split('.')[1] ?? '')
  if (bytes === undefined) return undefined
  const parsed = parseJson(new TextDecoder().decode(bytes))
  return parsed.ok ? parsed.value : undefined
}

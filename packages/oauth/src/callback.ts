import { err, ok, type Result } from '@lb/protocol'
import { parseUrl } from './authority.ts'

/** What came back from the browser: not yet believed, the state has still to be compared. */
export interface CallbackCode {
  readonly code: string
  readonly state: string
  /** The server that says it sent it (RFC 9207), if it does. */
  readonly issuer?: string
}

/** Why there is no code in what came back. */
export type CallbackProblem =
  /** The server or the person said no. `error` is a word of the RFC, or `other`; the server's free text is not kept. */
  | { readonly kind: 'denied'; readonly error: AuthorizeError; readonly state?: string }
  /** Nothing that looks like a code, or two of them. */
  | { readonly kind: 'no-code' }
  /** A code, but no state: it cannot be told whose login this is. */
  | { readonly kind: 'no-state' }
  /** Longer than any real one. */
  | { readonly kind: 'too-long' }

const AUTHORIZE_ERRORS = [
  'access_denied',
  'invalid_request',
  'invalid_scope',
  'server_error',
  'temporarily_unavailable',
  'unauthorized_client',
  'unsupported_response_type',
  'login_required',
  'consent_required',
  'interaction_required',
] as const

/** The words in which a server may refuse, RFC 6749 §4.1.2.1 and OpenID Connect. Whatever else it says is `other`. */
export type AuthorizeError = (typeof AUTHORIZE_ERRORS)[number] | 'other'

/** Longer codes exist only in attacks; the longest seen are JWTs of about 2,000 letters. */
const LONGEST = 8192

/**
 * Reads the query of a callback.
 *
 * @param query with or without `?`, as it stood in the request line.
 * @see https://www.rfc-editor.org/rfc/rfc6749#section-4.1.2
 */
export function readCallback(query: string): Result<CallbackCode, CallbackProblem> {
  if (query.length > LONGEST) return err({ kind: 'too-long' })
  const parameters = new URLSearchParams(query)
  const error = only(parameters, 'error')
  if (error !== undefined) return err(denied(error, only(parameters, 'state')))
  return complete(only(parameters, 'code'), only(parameters, 'state'), only(parameters, 'iss'))
}

/**
 * Reads what a person pasted: `code#state` as the manual page shows it, the whole address from the browser's address bar,
 * or its query alone. Space around it is forgiven.
 *
 * @example readPasted(' abc#xyz ') // → { ok: true, value: { code: 'abc', state: 'xyz' } }
 */
export function readPasted(text: string): Result<CallbackCode, CallbackProblem> {
  const pasted = text.trim()
  if (pasted.length > LONGEST) return err({ kind: 'too-long' })
  const url = /^https?:\/\//i.test(pasted) ? parseUrl(pasted) : undefined
  if (url !== undefined) return readCallback(url.search)
  if (/(^|[?&])(code|error)=/.test(pasted)) return readCallback(pasted.slice(pasted.indexOf('?') + 1))
  // Some terminals and chat programs escape the `#`; what follows an `&` is another parameter, never part of either.
  const [code, state] = pasted.replace(/%23/i, '#').split('#', 2)
  return complete(beforeAmpersand(code), beforeAmpersand(state), undefined)
}

function complete(
  code: string | undefined,
  state: string | undefined,
  issuer: string | undefined,
): Result<CallbackCode, CallbackProblem> {
  // A code has no space in it (RFC 6749 appendix A.11); text with spaces is something else that was pasted.
  if (code === undefined || code === '' || /\s/.test(code)) return err({ kind: 'no-code' })
  if (state === undefined || state === '') return err({ kind: 'no-state' })
  return ok(issuer === undefined ? { code, state } : { code, state, issuer })
}

function denied(error: string, state: string | undefined): CallbackProblem {
  const word = AUTHORIZE_ERRORS.find((known) => known === error) ?? 'other'
  return state === undefined ? { kind: 'denied', error: word } : { kind: 'denied', error: word, state }
}

/** The parameter, if it is there exactly once: a repeated one is an attempt to be read differently by two readers. */
function only(parameters: URLSearchParams, name: string): string | undefined {
  const values: string[] = []
  for (const [key, value] of parameters) if (key === name) values.push(value)
  return values.length === 1 ? values[0] : undefined
}

function beforeAmpersand(text: string | undefined): string | undefined {
  return text?.split('&', 1)[0]?.trim()
}

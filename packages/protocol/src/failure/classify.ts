import type { Json } from '../json.ts'
import { assertNever } from '../result.ts'
import { contextTooLongTypes, saysContextTooLong } from './context-too-long.ts'
import { type ErrorBody, errorOf, readErrorBody, statusOfError } from './error-body.ts'
import { moneyTypes } from './money-is-gone.ts'
import { type ResetHeaders, retryAfterMs } from './reset-time.ts'
import type { Failure, FailureKind } from './table.ts'

/**
 * What went wrong with an attempt, as the place that saw it can tell. The union is closed; `classify` is total over it.
 */
export type Observation =
  /** The connection could not be made, or broke before the first byte of a response. */
  | { readonly seen: 'connection-error'; readonly code: string; readonly reusedSocket: boolean }
  /** A complete HTTP response that is no success. */
  | ({ readonly seen: 'response' } & ObservedResponse)
  /** An error event (or error chunk) inside a stream that had started with 200. */
  | { readonly seen: 'error-event'; readonly error: Json; readonly credential: CredentialOwner }
  /** A limit of ours ran out. */
  | { readonly seen: 'timeout'; readonly phase: 'connect' | 'first-byte' | 'idle' }
  /** A 200 whose content is no answer of the promised kind. */
  | { readonly seen: 'bad-response'; readonly reason: BadResponse }
  /** The stream ended. `finished`: a stop reason had been seen, only the closing event is missing. */
  | { readonly seen: 'stream-end'; readonly finished: boolean }
  /** The client went away. */
  | { readonly seen: 'client-gone' }

/** Whose credential the attempt carried: a key from the config, a stored OAuth grant, or the client's own. */
export type CredentialOwner = 'key' | 'oauth' | 'client'

/** Why a 200 is no answer. */
export type BadResponse =
  | 'html'
  | 'content-type'
  | 'empty'
  | 'invalid-json'
  | 'not-a-message'
  | 'encoding'
  | 'too-large'

/** A response as far as it matters for what went wrong. */
export interface ObservedResponse {
  readonly status: number
  /** By lower-case name. */
  readonly headers: Readonly<Record<string, string>>
  /** The body's text, or its first 64 KB. */
  readonly body: string
  readonly credential: CredentialOwner
  /** Wall clock, for reset times. */
  readonly epochMs: number
}

/**
 * Names the failure behind an observation. Total: every input has a row, unknown ones too.
 *
 * Types and codes decide first; phrases are looked for only inside a structured error's own message, and only where
 * vendors are known to say it no other way.
 *
 * @see {@link failureTable}
 */
export function classify(observation: Observation): Failure {
  switch (observation.seen) {
    case 'connection-error':
      return connectionFailure(observation.code, observation.reusedSocket)
    case 'response':
      return responseFailure(observation)
    case 'error-event':
      return eventFailure(observation.error, observation.credential)
    case 'timeout':
      return timeoutFailure[observation.phase]
    case 'bad-response':
      return observation.reason === 'too-large'
        ? { kind: 'response-too-large', message: 'the response is longer than the limit' }
        : { kind: 'bad-response', message: badResponse[observation.reason] }
    case 'stream-end':
      return observation.finished
        ? { kind: 'end-missing', message: 'the stream had a stop reason but no end' }
        : { kind: 'stream-cut', message: 'the stream ended early' }
    case 'client-gone':
      return { kind: 'client-gone', message: 'the client left' }
    default:
      return assertNever(observation)
  }
}

const timeoutFailure: Readonly<Record<'connect' | 'first-byte' | 'idle', Failure>> = {
  connect: { kind: 'connect-failed', message: 'no connection within the connect timeout' },
  'first-byte': { kind: 'first-byte-timeout', message: 'no first byte in time' },
  idle: { kind: 'stream-idle', message: 'the stream went silent' },
}

const badResponse: Readonly<Record<Exclude<BadResponse, 'too-large'>, string>> = {
  html: 'HTML where an answer was due',
  'content-type': 'a content type that was not asked for',
  empty: 'an empty body',
  'invalid-json': 'a body that is not JSON',
  'not-a-message': 'JSON that is no message',
  encoding: 'a body that cannot be decoded',
}

/** Error codes of Node and of undici. What is not listed broke on the way: treated as a reset. */
const connectionCodes: Readonly<Record<string, FailureKind>> = {
  ECONNREFUSED: 'connect-failed',
  ENOTFOUND: 'connect-failed',
  EAI_AGAIN: 'connect-failed',
  EAI_FAIL: 'connect-failed',
  EHOSTUNREACH: 'connect-failed',
  ENETUNREACH: 'connect-failed',
  EADDRNOTAVAIL: 'connect-failed',
  ETIMEDOUT: 'connect-failed',
  ERR_LB_FORBIDDEN_ADDRESS: 'connect-failed', // a name that leads to a metadata service: nothing was sent
  EMFILE: 'internal-error',
  UND_ERR_CONNECT_TIMEOUT: 'connect-failed',
  UND_ERR_PRX_TLS: 'connect-failed',
  UND_ERR_HEADERS_TIMEOUT: 'first-byte-timeout',
  UND_ERR_BODY_TIMEOUT: 'stream-idle',
  UND_ERR_HEADERS_OVERFLOW: 'bad-response',
  UND_ERR_RESPONSE_EXCEEDED_MAX_SIZE: 'response-too-large',
  UND_ERR_RES_CONTENT_LENGTH_MISMATCH: 'stream-cut',
  EPROTO: 'tls-failed',
  CERT_HAS_EXPIRED: 'certificate-invalid',
  CERT_NOT_YET_VALID: 'certificate-invalid',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'certificate-invalid',
  SELF_SIGNED_CERT_IN_CHAIN: 'certificate-invalid',
  UNABLE_TO_GET_ISSUER_CERT: 'certificate-invalid',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: 'certificate-invalid',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'certificate-invalid',
  CERT_REVOKED: 'certificate-invalid',
  CERT_UNTRUSTED: 'certificate-invalid',
}

function connectionFailure(code: string, reusedSocket: boolean): Failure {
  const known = Object.hasOwn(connectionCodes, code) ? connectionCodes[code] : undefined
  const message = `connection error ${code === '' ? 'without a code' : code}`
  if (known !== undefined) return { kind: known, message }
  if (/^ERR_TLS_CERT|^HOSTNAME_MISMATCH/.test(code)) return { kind: 'certificate-invalid', message }
  if (/^ERR_(SSL|TLS)/.test(code)) return { kind: 'tls-failed', message }
  if (/^HPE_/.test(code)) return { kind: 'bad-response', message }
  // The pool handed out a socket that the other side had closed meanwhile: says nothing about the provider.
  return { kind: reusedSocket ? 'stale-connection' : 'connection-reset', message }
}

function responseFailure(response: ObservedResponse): Failure {
  const error = readErrorBody(response.body)
  const kind = kindOfResponse(response, error)
  const wait = waitOf(response, error)
  const claim =
    kind === 'quota-rejected' ? response.headers['anthropic-ratelimit-unified-representative-claim'] : undefined
  const errorType = error?.type ?? error?.code
  return {
    kind,
    status: response.status,
    message: `HTTP ${response.status}${errorType === undefined ? '' : ` ${printable(errorType)}`}`,
    ...(errorType === undefined ? {} : { errorType: printable(errorType) }),
    ...(wait === undefined ? {} : { retryAfterMs: wait }),
    ...(claim === undefined ? {} : { claim: printable(claim) }),
  }
}

/** When it may be asked again, by the upstream's own headers, those of one behind a gateway, or the body. */
function waitOf(response: ResetHeaders, error: ErrorBody | undefined): number | undefined {
  const headers = error?.headers === undefined ? response.headers : { ...response.headers, ...error.headers }
  return retryAfterMs({ headers, epochMs: response.epochMs }, error?.retryDelay)
}

/** An error inside a stream means what the same error would have meant as a status. */
function eventFailure(error: Json, credential: CredentialOwner): Failure {
  const body = errorOf(error)
  const errorType = body?.type ?? body?.code
  const status = statusOfError(body)
  const response = { status, headers: {}, body: '', credential, epochMs: 0 }
  const wait = waitOf(response, body)
  return {
    kind: kindOfResponse(response, body),
    message: `error event${errorType === undefined ? '' : ` ${printable(errorType)}`}`,
    ...(errorType === undefined ? {} : { errorType: printable(errorType) }),
    ...(wait === undefined ? {} : { retryAfterMs: wait }),
  }
}

/**
 * One rule a line, first hit wins. `types` are compared with `error.type` and `error.code`; `says` is looked for in
 * `error.message` only.
 */
interface Rule {
  readonly kind: FailureKind
  readonly status?: readonly number[]
  readonly types?: readonly string[]
  readonly says?: Phrase
}

/** What a message is asked: a pattern, or a list of them. */
interface Phrase {
  test(message: string): boolean
}

const rules: readonly Rule[] = [
  {
    kind: 'overloaded',
    types: [
      'overloaded_error',
      'server_is_overloaded',
      'insufficient_system_resource',
      'engine_overloaded_error', // Moonshot, with 429
      'UNAVAILABLE',
    ],
  },
  // Groq's own status for a tier without room.
  { kind: 'overloaded', status: [498], says: /capacity/i },
  { kind: 'credits-exhausted', status: [402] },
  // Fast mode and long contexts may need extra usage: the account is well, this request is not for it.
  { kind: 'usage-credits-required', types: ['credits_required'] },
  {
    kind: 'usage-credits-required',
    status: [400, 403, 429],
    says: /(usage credits are|extra usage is) required/i,
  },
  { kind: 'credits-exhausted', types: moneyTypes },
  {
    kind: 'credits-exhausted',
    status: [400, 403, 429],
    says: /credit balance is too low|insufficient (credits|balance|quota)|exceeded your current quota|out of extra usage/i,
  },
  { kind: 'context-too-long', types: contextTooLongTypes },
  {
    kind: 'context-too-long',
    status: [400, 413, 422],
    says: { test: saysContextTooLong },
  },
  { kind: 'request-too-large', status: [413] },
  { kind: 'request-too-large', types: ['request_too_large'] },
  {
    kind: 'content-refused',
    status: [400, 403],
    types: ['content_policy_violation', 'content_filter', 'moderation_error'],
  },
  {
    kind: 'signature-rejected',
    status: [400],
    says: /invalid `?signature`? in `?thinking`?|thinking.{0,80}cannot be modified/i,
  },
  { kind: 'model-not-found', types: ['model_not_found', 'not_found_error', 'model_not_supported', 'NOT_FOUND'] },
  {
    kind: 'model-not-found',
    status: [400, 404, 422],
    says: /^model:|model .{0,120}(does not exist|not found|is not supported)|unknown model/i,
  },
  { kind: 'feature-unsupported', status: [400, 422], says: /extra inputs are not permitted/i },
]

function kindOfResponse(response: ObservedResponse, error: ErrorBody | undefined): FailureKind {
  const { status, credential } = response
  // A refusal of the client's own credential is the client's: another key must not be spent on it.
  if (credential === 'client' && (status === 401 || status === 403)) return 'client-credential-rejected'
  if (status === 407 || (status === 403 && error === undefined)) return 'blocked'
  const rule = error === undefined ? undefined : rules.find((candidate) => matches(candidate, status, error))
  if (rule !== undefined) return rule.kind
  // With a page it is a web host's own word for a lack of resources.
  if (status === 508 && error !== undefined) return 'loop-detected'
  if (status === 402) return 'credits-exhausted'
  if (status === 413) return 'request-too-large'
  if (status === 401 || status === 403)
    return status === 401 && credential === 'oauth' ? 'credential-expired' : 'credential-rejected'
  if (status === 429) {
    return response.headers['anthropic-ratelimit-unified-status'] === 'rejected' ? 'quota-rejected' : 'rate-limited'
  }
  return kindOfStatus(status)
}

function matches(rule: Rule, status: number, error: ErrorBody): boolean {
  if (rule.status !== undefined && !rule.status.includes(status)) return false
  if (rule.types !== undefined && !rule.types.some((type) => type === error.type || type === error.code)) return false
  return rule.says === undefined || rule.says.test(error.message)
}

/** What a status means when the body says nothing more. */
function kindOfStatus(status: number): FailureKind {
  if (status === 404 || status === 405 || status === 410 || status === 501) return 'endpoint-not-found'
  // 499 is a gateway's word for "my client left": ours did not.
  if (status === 408 || status === 409 || status === 425 || status === 499) return 'request-conflict'
  if (status === 503 || status === 529) return 'overloaded'
  if (status >= 500 && status < 600) return 'server-error'
  if (status >= 400 && status < 500) return 'invalid-request'
  if (status >= 300 && status < 400) return 'redirect-refused'
  return 'bad-response'
}

/** A vendor's word in a log line: short, one line, nothing that could be a secret or a terminal escape. */
function printable(word: string): string {
  return word.replace(/[^\w.:-]/g, '_').slice(0, 64)
}

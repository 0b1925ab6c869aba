import { type Json, moneyTypes, type OpenAiErrorBody } from '@lb/protocol'
import { isOverflow, type ReadError, readStreamError, readUpstreamError, type UpstreamError } from './upstream-error.ts'

/** An error as a client of OpenAI's APIs gets it. */
export interface OpenAiErrorAnswer {
  readonly status: number
  /** `x-request-id`, `retry-after` and `x-ratelimit-*`, as far as the upstream said so. */
  readonly headers: Readonly<Record<string, string>>
  readonly body: OpenAiErrorBody
}

/**
 * Converts a failed answer of an Anthropic upstream.
 *
 * @see https://platform.openai.com/docs/guides/error-codes
 */
export function convertAnthropicErrorToOpenAi(error: UpstreamError): OpenAiErrorAnswer {
  const read = readUpstreamError(error)
  const { status, body } = answerFor(read)
  const requestId = error.headers['request-id']
  return {
    status,
    headers: {
      ...(requestId === undefined ? {} : { 'x-request-id': requestId }),
      ...(read.retryAfterS === undefined ? {} : { 'retry-after': String(read.retryAfterS) }),
      ...rateLimits(error.headers),
    },
    body,
  }
}

/** Converts an error that came inside a stream. */
export function convertAnthropicStreamErrorToOpenAi(error: Json): Omit<OpenAiErrorAnswer, 'headers'> {
  return answerFor(readStreamError(error))
}

interface Row {
  readonly status: number
  readonly type: string
  readonly code: string | null
}

/** By Anthropic's error type. @see https://platform.claude.com/docs/en/api/errors */
const rows: ReadonlyMap<string, Row> = new Map<string, Row>([
  ['invalid_request_error', { status: 400, type: 'invalid_request_error', code: null }],
  ['request_too_large', { status: 413, type: 'invalid_request_error', code: 'request_too_large' }],
  ['authentication_error', { status: 401, type: 'invalid_request_error', code: 'invalid_api_key' }],
  ['permission_error', { status: 403, type: 'invalid_request_error', code: 'permission_denied' }],
  ['not_found_error', { status: 404, type: 'invalid_request_error', code: null }],
  ['conflict_error', { status: 409, type: 'invalid_request_error', code: 'conflict' }],
  ['rate_limit_error', { status: 429, type: 'requests', code: 'rate_limit_exceeded' }],
  // Behind the rate limit: a 429 of which nobody says more is one.
  ['billing_error', { status: 429, type: 'insufficient_quota', code: 'insufficient_quota' }],
  ['timeout_error', { status: 504, type: 'server_error', code: 'timeout' }],
  ['overloaded_error', { status: 503, type: 'server_error', code: 'overloaded' }],
  ['api_error', { status: 500, type: 'server_error', code: null }],
])

function answerFor(read: ReadError): { readonly status: number; readonly body: OpenAiErrorBody } {
  const row = rows.get(wordOf(read)) ?? rowOfStatus(read.status)
  const code = codeFor(read, row)
  return { status: row.status, body: openAiError(read.message, row.type, code, paramIn(read.message)) }
}

/** The error's type, as Anthropic says it; vendors that imitate its API have words of their own for money. */
function wordOf({ type, code }: ReadError): string {
  return moneyTypes.includes(type) || moneyTypes.includes(code) ? 'billing_error' : type
}

/** An error body of our own making. */
export function openAiError(message: string, type: string, code: string | null, param: string | null): OpenAiErrorBody {
  return { error: { message, type, param, code } }
}

function codeFor(read: ReadError, row: Row): string | null {
  if (isOverflow(read)) return 'context_length_exceeded'
  return read.type === 'not_found_error' && read.message.startsWith('model:') ? 'model_not_found' : row.code
}

function rowOfStatus(status: number): Row {
  const known = status === 402 ? rows.get('billing_error') : [...rows.values()].find((row) => row.status === status)
  if (known !== undefined) return known
  return status >= 500
    ? { status, type: 'server_error', code: null }
    : { status, type: 'invalid_request_error', code: null }
}

/** Anthropic's messages begin with the path of what is wrong: `messages.3.content: …`. */
function paramIn(message: string): string | null {
  const path = /^([a-z_]+(?:\.[\w]+)*): /.exec(message)?.[1]
  return path === undefined || path === 'model' ? (path ?? null) : path.replace(/\.(\d+)/g, '[$1]')
}

function rateLimits(headers: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  const limits: Record<string, string> = {}
  for (const kind of ['requests', 'tokens']) {
    for (const figure of ['limit', 'remaining', 'reset']) {
      const value = headers[`anthropic-ratelimit-${kind}-${figure}`]
      if (value !== undefined) limits[`x-ratelimit-${figure}-${kind}`] = value
    }
  }
  return limits
}

import type { ClientDialect } from '../ingress/client-request.ts'
import type { Refusal } from '../ingress/refusal.ts'
import { requestIdHeaders } from './request-id.ts'

/** An error as the client's dialect writes it: a whole response, or an event inside a stream that has begun. */
export interface ErrorResponse {
  readonly status: number
  readonly headers: string[]
  readonly body: string
}

/** OpenAI's words for Anthropic's error types. @see https://platform.openai.com/docs/guides/error-codes */
const chatWords: Readonly<Record<string, { readonly type: string; readonly code: string | null }>> = {
  authentication_error: { type: 'invalid_request_error', code: 'invalid_api_key' },
  billing_error: { type: 'insufficient_quota', code: 'insufficient_quota' },
  not_found_error: { type: 'invalid_request_error', code: 'model_not_found' },
  rate_limit_error: { type: 'rate_limit_error', code: 'rate_limit_exceeded' },
  overloaded_error: { type: 'server_error', code: 'overloaded' },
  timeout_error: { type: 'server_error', code: 'timeout' },
  api_error: { type: 'server_error', code: null },
}

/**
 * The response that tells a client why lb itself says no.
 *
 * `x-should-retry` speaks the official SDKs' language: they repeat 408, 409, 429 and 5xx by themselves unless told.
 * @see https://platform.claude.com/docs/en/api/errors
 */
export function errorResponse(dialect: ClientDialect, refusal: Refusal, requestId: string): ErrorResponse {
  const idHeader = requestIdHeaders[dialect]
  const headers = ['content-type', 'application/json', idHeader, requestId, 'x-lb-request-id', requestId]
  if (refusal.headers !== undefined) headers.push(...refusal.headers)
  if (refusal.retryAfterSeconds !== undefined) headers.push('retry-after', String(refusal.retryAfterSeconds))
  if (refusal.shouldRetry !== undefined) headers.push('x-should-retry', String(refusal.shouldRetry))
  if (refusal.close === true) headers.push('connection', 'close')
  const body = errorBody(dialect, refusal, requestId)
  headers.push('content-length', String(Buffer.byteLength(body)))
  return { status: refusal.status, headers, body }
}

/** The JSON text of an error, as it stands in a response body or in an error event. */
export function errorBody(
  dialect: ClientDialect,
  { type, message, code, detail }: Pick<Refusal, 'type' | 'message' | 'code' | 'detail'>,
  requestId: string,
): string {
  if (dialect === 'anthropic')
    return JSON.stringify({ type: 'error', error: { type, message, code }, detail, request_id: requestId })
  const word = Object.hasOwn(chatWords, type) ? chatWords[type] : { type, code: null }
  // Only a path at which nobody answers has a detail. That says nothing about a model.
  const aboutPath = detail === undefined ? {} : { code: null }
  return JSON.stringify({ error: { message, ...word, ...aboutPath, param: null } })
}

/** An error event in a stream that has begun. An OpenAI client must not see `[DONE]` after it. */
export function errorEvent(
  dialect: ClientDialect,
  refusal: Pick<Refusal, 'type' | 'message'>,
  requestId: string,
): string {
  const body = errorBody(dialect, refusal, requestId)
  return dialect === 'anthropic' ? `event: error\ndata: ${body}\n\n` : `data: ${body}\n\n`
}

import type { JsonObject } from '@lb/protocol'
import type { ErrorReply } from '../script/answer.ts'
import type { Dialect } from '../script/script.ts'
import { jsonEvent, type StreamPart } from './stream-part.ts'

/** An error with every blank filled in. */
export interface SpokenError {
  readonly status: number
  readonly type: string
  readonly message: string
  readonly code: string | null
}

/**
 * Statuses, Anthropic's words for them and OpenAI's. The first row with a type is what that type means over HTTP.
 *
 * @see https://platform.claude.com/docs/en/api/errors
 * @see https://platform.openai.com/docs/guides/error-codes
 */
const ERRORS: readonly {
  readonly status: number
  readonly type: string
  readonly openAiType: string
  readonly code: string | null
  readonly message: string
}[] = [
  row(400, 'invalid_request_error', 'invalid_request_error', null, 'The request was not valid.'),
  row(401, 'authentication_error', 'invalid_request_error', 'invalid_api_key', 'invalid x-api-key'),
  row(402, 'billing_error', 'insufficient_quota', 'insufficient_quota', 'There is a problem with your billing.'),
  row(403, 'permission_error', 'invalid_request_error', null, 'Your API key may not use this resource.'),
  row(404, 'not_found_error', 'invalid_request_error', 'model_not_found', 'Not found.'),
  row(408, 'timeout_error', 'timeout', 'timeout', 'Request timed out.'),
  row(409, 'conflict_error', 'invalid_request_error', null, 'The request conflicts with another one.'),
  row(413, 'request_too_large', 'invalid_request_error', null, 'Request exceeds the maximum size.'),
  row(422, 'invalid_request_error', 'invalid_request_error', null, 'The request could not be processed.'),
  row(
    429,
    'rate_limit_error',
    'rate_limit_error',
    'rate_limit_exceeded',
    'Number of requests has exceeded your limit.',
  ),
  row(500, 'api_error', 'server_error', null, 'Internal server error'),
  row(502, 'api_error', 'server_error', null, 'Bad gateway'),
  row(503, 'overloaded_error', 'server_error', 'overloaded', 'Service unavailable'),
  row(504, 'timeout_error', 'timeout', 'timeout', 'Gateway timeout'),
  row(529, 'overloaded_error', 'server_error', 'overloaded', 'Overloaded'),
]

/** Fills in what the error leaves out: status from type, or type from status. */
export function speakError(error: ErrorReply): SpokenError {
  const byType = ERRORS.findLast((entry) => entry.type === error.type)
  const status = error.status ?? firstStatusOf(error.type) ?? 500
  const known = (wanted: number) => ERRORS.find((entry) => entry.status === wanted)
  const byStatus = known(status) ?? known(status >= 500 ? 500 : 400)
  const base = error.status === undefined ? (byType ?? byStatus) : byStatus
  return {
    status,
    type: error.type ?? base?.type ?? 'api_error',
    message: error.message ?? base?.message ?? 'Internal server error',
    code: error.code ?? base?.code ?? null,
  }
}

/** The body of an error answer. */
export function errorBody(error: SpokenError, dialect: Dialect, requestId: string): JsonObject {
  if (dialect === 'anthropic') {
    return { type: 'error', error: { type: error.type, message: error.message }, request_id: requestId }
  }
  return { error: { message: error.message, type: openAiTypeOf(error.type), param: null, code: error.code } }
}

/** An error inside a stream whose status was 200. */
export function errorEvent(type: string, message: string | undefined, dialect: Dialect): StreamPart {
  const error = speakError(message === undefined ? { type } : { type, message })
  if (dialect === 'anthropic') {
    const body = { type: 'error', error: { details: null, type: error.type, message: error.message } }
    return jsonEvent('other', 'error', body)
  }
  if (dialect === 'openai-chat') return jsonEvent('other', undefined, errorBody(error, dialect, ''))
  const body = { type: 'error', code: error.code, message: error.message, param: null }
  return jsonEvent('other', 'error', body)
}

/** 529 is what `overloaded_error` means, not 503; 504 and 500 are what the timeout and the plain error mean. */
function firstStatusOf(type: string | undefined): number | undefined {
  const preferred: { readonly [type: string]: number } = { overloaded_error: 529, timeout_error: 504, api_error: 500 }
  if (type === undefined) return undefined
  return preferred[type] ?? ERRORS.find((entry) => entry.type === type)?.status
}

/** A type in OpenAI's own words passes as it is. */
function openAiTypeOf(type: string): string {
  return ERRORS.find((entry) => entry.type === type)?.openAiType ?? type
}

function row(status: number, type: string, openAiType: string, code: string | null, message: string) {
  return { status, type, openAiType, code, message }
}

import { type Anthropic, type Json, moneyTypes } from '@lb/protocol'
import { overflowMessage } from './context-overflow.ts'
import { isOverflow, type ReadError, readStreamError, readUpstreamError, type UpstreamError } from './upstream-error.ts'

/** An error as an Anthropic client gets it. */
export interface AnthropicErrorAnswer {
  readonly status: number
  /** `request-id`, `retry-after` and `x-should-retry`, as far as the upstream said so. */
  readonly headers: Readonly<Record<string, string>>
  readonly body: Anthropic.ErrorBody
}

/**
 * Converts a failed answer of an OpenAI-compatible upstream.
 *
 * Claude Code reads wording: it compacts the conversation on `prompt is too long`, so a context that overflows gets that
 * wording, with the numbers where the upstream named them.
 *
 * @see https://platform.claude.com/docs/en/api/errors
 */
export function convertOpenAiErrorToAnthropic(error: UpstreamError): AnthropicErrorAnswer {
  const read = readUpstreamError(error)
  const { status, type } = anthropicKind(read)
  const requestId = error.headers['x-request-id'] ?? error.headers['request-id']
  const shouldRetry = error.headers['x-should-retry']
  return {
    status,
    headers: {
      ...(requestId === undefined ? {} : { 'request-id': requestId }),
      ...(read.retryAfterS === undefined ? {} : { 'retry-after': String(read.retryAfterS) }),
      ...(shouldRetry === undefined ? {} : { 'x-should-retry': shouldRetry }),
    },
    body: errorBody(type, messageFor(read), requestId ?? null),
  }
}

/** Converts an error that came inside a stream, or in a body that promised success. */
export function convertOpenAiStreamErrorToAnthropic(error: Json): Omit<AnthropicErrorAnswer, 'headers'> {
  const read = readStreamError(error)
  const { status, type } = anthropicKind(read)
  return { status, body: errorBody(type, messageFor(read), null) }
}

/** An error body of our own making. */
export function errorBody(type: Anthropic.ErrorType, message: string, requestId: string | null): Anthropic.ErrorBody {
  return { type: 'error', error: { type, message }, request_id: requestId }
}

function messageFor(read: ReadError): string {
  return isOverflow(read) ? overflowMessage(read.message) : read.message
}

interface Kind {
  readonly status: number
  readonly type: Anthropic.ErrorType
}

/** First hit wins. `words` are compared with type and code; `says` is looked for in the message. */
interface Row extends Kind {
  readonly from?: (status: number) => boolean
  readonly words?: readonly string[]
  readonly says?: RegExp
}

const isServerSide = (status: number): boolean => status >= 500

const rows: readonly Row[] = [
  // The model made a call that its own tools refuse: not the client's fault, and worth another try.
  { words: ['tool_use_failed'], status: 500, type: 'api_error' },
  {
    words: ['content_policy_violation', 'content_filter', 'moderation_error', 'data_inspection_failed'],
    status: 400,
    type: 'invalid_request_error',
  },
  // A rate limit would be retried; money that is spent does not come back by waiting.
  { words: moneyTypes, status: 402, type: 'billing_error' },
  { from: (status) => status === 402, status: 402, type: 'billing_error' },
  {
    from: (status) => status < 500,
    says: /credit balance is too low|insufficient (credits|balance)|exceeded your current quota/i,
    status: 402,
    type: 'billing_error',
  },
  {
    words: ['overloaded_error', 'server_is_overloaded', 'insufficient_system_resource', 'engine_overloaded_error'],
    status: 529,
    type: 'overloaded_error',
  },
  { from: isServerSide, says: /overloaded|at capacity|over capacity/i, status: 529, type: 'overloaded_error' },
  // Groq's own status for a tier without room.
  { from: (status) => status === 498, says: /capacity/i, status: 529, type: 'overloaded_error' },
]

function anthropicKind(read: ReadError): Kind {
  if (isOverflow(read)) return { status: 400, type: 'invalid_request_error' }
  const row = rows.find((candidate) => matches(candidate, read))
  return row === undefined ? kindOfStatus(read.status) : { status: row.status, type: row.type }
}

function matches(row: Row, read: ReadError): boolean {
  if (row.from !== undefined && !row.from(read.status)) return false
  if (row.words !== undefined && !row.words.includes(read.type) && !row.words.includes(read.code)) return false
  return row.says === undefined || row.says.test(read.message)
}

const kinds: ReadonlyMap<number, Kind> = new Map<number, Kind>([
  [422, { status: 400, type: 'invalid_request_error' }],
  [401, { status: 401, type: 'authentication_error' }],
  [403, { status: 403, type: 'permission_error' }],
  [404, { status: 404, type: 'not_found_error' }],
  [408, { status: 504, type: 'timeout_error' }],
  [409, { status: 409, type: 'conflict_error' }],
  [413, { status: 413, type: 'request_too_large' }],
  [429, { status: 429, type: 'rate_limit_error' }],
  [499, { status: 499, type: 'api_error' }],
  [502, { status: 500, type: 'api_error' }],
  [503, { status: 529, type: 'overloaded_error' }],
  [504, { status: 504, type: 'timeout_error' }],
  [524, { status: 504, type: 'timeout_error' }],
  [529, { status: 529, type: 'overloaded_error' }],
])

function kindOfStatus(status: number): Kind {
  const known = kinds.get(status)
  if (known !== undefined) return known
  if (status >= 400 && status < 500) return { status, type: 'invalid_request_error' }
  return { status: Math.max(status, 500), type: 'api_error' }
}

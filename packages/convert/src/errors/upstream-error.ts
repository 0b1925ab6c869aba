import {
  contextTooLongTypes,
  errorOf,
  isJsonObject,
  type Json,
  type JsonObject,
  member,
  numberMember,
  parseJson,
  retryAfterMs,
  saysContextTooLong,
  stringMember,
} from '@lb/protocol'

/** A failed answer of an upstream, as the caller got it. */
export interface UpstreamError {
  readonly status: number
  /** By lower-case name. */
  readonly headers: Readonly<Record<string, string>>
  /** The body's text. */
  readonly body: string
  /** Wall clock, for reset times that are dates. */
  readonly epochMs: number
}

/** What an error says, whoever wrote it. */
export interface ReadError {
  /** The HTTP status; of an error inside a stream, the one that says the same. */
  readonly status: number
  readonly type: string
  readonly code: string
  /** For a person. Without secrets, and never a web page. */
  readonly message: string
  /** When to try again, in whole seconds. Never invented. */
  readonly retryAfterS: number | undefined
}

/** Reads a failed answer. */
export function readUpstreamError(error: UpstreamError): ReadError {
  const parsed = parseJson(error.body)
  const json = parsed.ok ? parsed.value : undefined
  const read = errorOf(json ?? null)
  const headers = { ...error.headers, ...read?.headers }
  const waitMs = retryAfterMs({ headers, epochMs: error.epochMs }, read?.retryDelay)
  return {
    status: error.status,
    type: read?.type ?? '',
    code: read?.code ?? '',
    message: withoutSecrets(messageOf(json, read?.message) || plainText(error.body) || `HTTP ${error.status}`),
    retryAfterS: waitMs === undefined ? undefined : Math.ceil(waitMs / 1000),
  }
}

/** Reads an error inside a stream, or one in a body that promised success. */
export function readStreamError(error: Json): ReadError {
  const json = rootOf(error)
  const read = errorOf(json)
  const type = read?.type ?? ''
  const code = read?.code ?? ''
  const waitMs = retryAfterMs({ headers: {}, epochMs: 0 }, read?.retryDelay)
  return {
    status: statusOf(json, type, code),
    type,
    code,
    message: withoutSecrets(messageOf(json, read?.message) || 'the provider reported an error without a message'),
    retryAfterS: waitMs === undefined ? undefined : Math.ceil(waitMs / 1000),
  }
}

/** The object around an error, which may be what came, or a form of its own (`{ "base_resp": … }`, `{ "msg": … }`). */
function rootOf(said: Json): JsonObject {
  const error = Array.isArray(said) ? (said[0] ?? null) : said
  if (!isJsonObject(error)) return { error }
  if (error['error'] !== undefined) return error
  const around = { error }
  return errorOf(around)?.message || !errorOf(error)?.message ? around : error
}

/** The status that an error inside a stream would have had outside. Numbers come from OpenRouter, Groq and Google. */
function statusOf(json: JsonObject, type: string, code: string): number {
  const error = member(json, 'error')
  const numeric = [numberMember(error, 'status_code'), numberMember(error, 'code'), Number(code)].find(isErrorStatus)
  if (numeric !== undefined) return numeric
  return statusByWord.get(code) ?? statusByWord.get(type) ?? 500
}

function isErrorStatus(status: number | undefined): status is number {
  return status !== undefined && Number.isInteger(status) && status >= 400 && status < 600
}

const statusByWord: ReadonlyMap<string, number> = new Map([
  ['invalid_request_error', 400],
  ['invalid_prompt', 400],
  ['content_filter', 400],
  ['context_length_exceeded', 400],
  ['INVALID_ARGUMENT', 400],
  ['FAILED_PRECONDITION', 400],
  ['authentication_error', 401],
  ['invalid_api_key', 401],
  ['UNAUTHENTICATED', 401],
  ['insufficient_quota', 402],
  ['permission_error', 403],
  ['PERMISSION_DENIED', 403],
  ['not_found_error', 404],
  ['model_not_found', 404],
  ['NOT_FOUND', 404],
  ['rate_limit_error', 429],
  ['rate_limit_exceeded', 429],
  ['RESOURCE_EXHAUSTED', 429],
  ['overloaded_error', 529],
  ['server_is_overloaded', 529],
  ['insufficient_system_resource', 529],
  ['UNAVAILABLE', 503],
  ['timeout', 504],
  ['timeout_error', 504],
  ['DEADLINE_EXCEEDED', 504],
])

/** OpenRouter tells what the provider behind it said, beside its own message. */
function messageOf(json: Json | undefined, message: string | undefined): string {
  const raw = stringMember(member(member(json, 'error'), 'metadata'), 'raw')
  return [message, raw].filter((text) => text !== undefined && text !== '').join(': ')
}

/** A short text that is no page. */
function plainText(body: string): string {
  const trimmed = body.trim()
  return trimmed.startsWith('<') || trimmed.startsWith('{') || trimmed.startsWith('[') ? '' : trimmed.slice(0, 500)
}

/** Providers quote the key that they refuse. */
function withoutSecrets(text: string): string {
  return text
    .replace(/\b(bearer)\s+[\w.~+/-]+=*/gi, '$1 ***')
    .replace(/\b((?:sk|gsk|xai|pk|rk|key|AIza)[-_]?)(?=[\w*-]*\d)[\w*-]{12,}/g, '$1***')
}

/** Whether the conversation is too long for the model. */
export function isOverflow(read: ReadError): boolean {
  if (contextTooLongTypes.includes(read.code) || contextTooLongTypes.includes(read.type)) return true
  return [400, 413, 422].includes(read.status) && saysContextTooLong(read.message)
}

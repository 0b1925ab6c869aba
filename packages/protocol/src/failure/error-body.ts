import { isJsonObject, type Json, type JsonObject, member, parseJson, stringMember } from '../json.ts'

/**
 * What an error body says, whoever wrote it: Anthropic, OpenAI, Google, FastAPI and the gateways in between put the same
 * three facts in different places.
 *
 * Only the structure is read. The text of an answer is never searched: a model that writes about `"type": "error"` must
 * not make its provider look broken.
 */
export interface ErrorBody {
  /** `error.type`, e.g. `overloaded_error`, `insufficient_quota`. */
  readonly type?: string
  /** `error.code` as text (OpenRouter sends a number), or Google's `error.status`. */
  readonly code?: string
  /** Google's `RetryInfo.retryDelay`, e.g. `37s`. */
  readonly retryDelay?: string
  /** Of the upstream behind a gateway, as OpenRouter passes them on in `error.metadata`; by lower-case name. */
  readonly headers?: Readonly<Record<string, string>>
  /** The human text, at most {@link MAX_MESSAGE} characters. */
  readonly message: string
}

/** Error texts are short; what is longer is a page or a dump, and patterns must not run over it. */
const MAX_MESSAGE = 4096

/**
 * Reads a structured error out of a body.
 *
 * @param body the JSON text of a response body, or of one stream event.
 * @returns `undefined` when it is not JSON, or is JSON without anything that looks like an error.
 * @see https://platform.claude.com/docs/en/api/errors
 * @see https://platform.openai.com/docs/guides/error-codes
 */
export function readErrorBody(body: string): ErrorBody | undefined {
  const parsed = parseJson(body)
  return parsed.ok ? errorOf(parsed.value) : undefined
}

/** As {@link readErrorBody}, for a value that is parsed already. Google wraps the object in an array of one. */
export function errorOf(value: Json): ErrorBody | undefined {
  const root = Array.isArray(value) ? value[0] : value
  if (!isJsonObject(root)) return undefined
  const error = member(root, 'error')
  const text = textOf(error)
  if (text !== undefined) return body(stringMember(root, 'type'), stringMember(root, 'code'), text)
  if (isJsonObject(error)) {
    const message = stringMember(error, 'message') ?? stringMember(error, 'detail') ?? ''
    const delay = retryDelayOf(error)
    const headers = member(member(error, 'metadata'), 'headers')
    return {
      ...body(stringMember(error, 'type'), codeOf(error), message),
      ...(delay === undefined ? {} : { retryDelay: delay }),
      ...(isJsonObject(headers) ? { headers: lowerCased(headers) } : {}),
    }
  }
  const refused = refusedByCode(root)
  if (refused !== undefined) return refused
  // An `error: null` beside a real answer (OpenAI Responses) is no error; these forms have no `error` member at all.
  if (error === undefined) {
    const detail = detailOf(root)
    const looksLikeError = stringMember(root, 'type') === 'error' || stringMember(root, 'object') === 'error'
    if (looksLikeError || detail !== undefined) return body(stringMember(root, 'type'), codeOf(root), detail ?? '')
  }
  return undefined
}

/**
 * The HTTP status that an error would have come with outside of a stream.
 *
 * @returns its number, where it has one, else what its words mean; 500 when nobody knows.
 */
export function statusOfError(error: ErrorBody | undefined): number {
  const numeric = Number(error?.code)
  if (Number.isInteger(numeric) && numeric >= 400 && numeric < 600) return numeric
  return statusByWord.get(error?.code ?? '') ?? statusByWord.get(error?.type ?? '') ?? 500
}

/** By `error.type`, and by the codes that say more than a type. What is not here, or has a rule below, is a 500. */
const statusByWord: ReadonlyMap<string, number> = new Map([
  ['invalid_request_error', 400],
  ['content_filter', 400],
  ['INVALID_ARGUMENT', 400],
  ['FAILED_PRECONDITION', 400],
  ['authentication_error', 401],
  ['invalid_api_key', 401],
  ['UNAUTHENTICATED', 401],
  ['billing_error', 402],
  ['permission_error', 403],
  ['PERMISSION_DENIED', 403],
  ['not_found_error', 404],
  ['conflict_error', 409],
  ['request_too_large', 413],
  ['rate_limit_error', 429],
  ['rate_limit_exceeded', 429],
  ['RESOURCE_EXHAUSTED', 429],
  ['timeout_error', 504],
  ['DEADLINE_EXCEEDED', 504],
  ['overloaded_error', 529],
])

function body(type: string | undefined, code: string | undefined, message: string): ErrorBody {
  return {
    ...(type === undefined ? {} : { type }),
    ...(code === undefined ? {} : { code }),
    message: message.slice(0, MAX_MESSAGE),
  }
}

function codeOf(error: Json): string | undefined {
  const code = member(error, 'code')
  const status = stringMember(error, 'status')
  if (typeof code === 'string') return code
  // Google sends both a number that repeats the HTTP status and a word; the word says more.
  return status ?? (typeof code === 'number' ? String(code) : undefined)
}

function retryDelayOf(error: Json): string | undefined {
  const details = member(error, 'details')
  if (!Array.isArray(details)) return undefined
  return details.map((detail) => stringMember(detail, 'retryDelay')).find((delay) => delay !== undefined)
}

function lowerCased(headers: JsonObject): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), String(value)]))
}

/** A text, or the texts of a list: Hugging Face writes both. */
function textOf(error: Json | undefined): string | undefined {
  if (typeof error === 'string') return error
  if (!Array.isArray(error)) return undefined
  const texts = error.map(messageIn).filter((text) => text !== undefined)
  return texts.length === 0 ? undefined : texts.join('; ')
}

/** A text, or what stands in one of the members that vendors keep it in. */
function messageIn(value: Json | undefined): string | undefined {
  if (typeof value === 'string') return value
  return messageNames.map((name) => stringMember(value, name)).find((text) => text !== undefined)
}

/** FastAPI's lists; nearly everybody; Z.ai, SiliconFlow; Baidu; Amazon; a text inside of FastAPI's `detail`. */
const messageNames = ['msg', 'message', 'error_msg', 'Message', 'error'] as const

/** `detail` as FastAPI writes it (anything), here or in a `message` around it; a list of `errors`; or a bare message. */
function detailOf(root: Json): string | undefined {
  const detail = member(root, 'detail') ?? member(member(root, 'message'), 'detail')
  return textOf(detail) ?? messageIn(detail) ?? textOf(member(root, 'errors')) ?? messageIn(root)
}

/**
 * MiniMax answers with 200 and says in `base_resp` whether it went well.
 *
 * @see https://platform.minimax.io/docs/api-reference/errorcode
 */
function refusedByCode(root: Json): ErrorBody | undefined {
  const said = member(root, 'base_resp')
  const code = member(said, 'status_code')
  if (typeof code !== 'number' || code === 0) return undefined
  return body(undefined, codeWords.get(code) ?? String(code), `${stringMember(said, 'status_msg') ?? ''} (${code})`)
}

/** Its codes in the words that others have for them. */
const codeWords: ReadonlyMap<number, string> = new Map([
  [1001, 'timeout_error'],
  [1002, 'rate_limit_exceeded'],
  [1004, 'authentication_error'],
  [1008, 'insufficient_quota'],
  [1026, 'content_filter'],
  [1039, 'rate_limit_exceeded'],
  [1041, 'rate_limit_exceeded'],
  [1042, 'invalid_request_error'],
  [2013, 'invalid_request_error'],
  [2045, 'rate_limit_exceeded'],
  [2049, 'authentication_error'],
  [2056, 'rate_limit_exceeded'],
])

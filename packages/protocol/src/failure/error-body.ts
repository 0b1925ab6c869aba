import { isJsonObject, type Json, member, parseJson, stringMember } from '../json.ts'

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
  if (typeof error === 'string') return body(stringMember(root, 'type'), stringMember(root, 'code'), error)
  if (isJsonObject(error)) {
    const message = stringMember(error, 'message') ?? stringMember(error, 'detail') ?? ''
    const delay = retryDelayOf(error)
    const read = body(stringMember(error, 'type'), codeOf(error), message)
    return delay === undefined ? read : { ...read, retryDelay: delay }
  }
  // An `error: null` beside a real answer (OpenAI Responses) is no error; these forms have no `error` member at all.
  if (error === undefined) {
    const detail = detailOf(root)
    const looksLikeError = stringMember(root, 'type') === 'error' || stringMember(root, 'object') === 'error'
    if (looksLikeError || detail !== undefined) return body(stringMember(root, 'type'), codeOf(root), detail ?? '')
  }
  return undefined
}

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

/** `detail` as FastAPI writes it (a text, or a list of `{ msg }`), or a bare `message`. */
function detailOf(root: Json): string | undefined {
  const detail = member(root, 'detail')
  if (typeof detail === 'string') return detail
  if (Array.isArray(detail)) {
    const texts = detail.map((entry) => stringMember(entry, 'msg')).filter((text) => text !== undefined)
    if (texts.length > 0) return texts.join('; ')
  }
  return stringMember(root, 'message')
}

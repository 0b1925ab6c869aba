import type { JsonScanProblem } from '@lb/protocol'
import type { ClientDialect } from './client-request.ts'

/** A request that lb itself turns down before anything is sent upstream: what the client is told, in its own dialect. */
export interface Refusal {
  readonly status: number
  /** Anthropic's `error.type`; the other dialects' words are derived from it. */
  readonly type: string
  /** What is wrong, where, and what to do. */
  readonly message: string
  /** A word beside the type that the predecessor's users know, e.g. `AUTH_FAILED`. Dialects with codes of their own keep theirs. */
  readonly code?: string
  /** FastAPI's `detail` of the predecessor, e.g. `Not Found`. */
  readonly detail?: string
  /** Name, value, name, value…: headers that belong to this refusal, e.g. `allow`. */
  readonly headers?: readonly string[]
  /** Whole seconds after which trying again makes sense. */
  readonly retryAfterSeconds?: number
  /** Whether the client should try again by itself; absent: its own rules decide. */
  readonly shouldRetry?: boolean
  /** The connection is of no further use, e.g. because the rest of a body was not read. */
  readonly close?: boolean
}

/** A 400: the request itself is wrong. */
export function invalidRequest(message: string): Refusal {
  return { status: 400, type: 'invalid_request_error', message }
}

/** A 400: the body cannot be read. */
export function unusableJson({ message, offset }: JsonScanProblem): Refusal {
  return invalidRequest(`The request body is not usable JSON: ${message} (at byte ${offset}).`)
}

/** A 413: a body over the limit, whether its length says so or its bytes. */
export function tooLarge(limitBytes: number): Refusal {
  const message = `The request body is longer than ${limitBytes} bytes. Send less; for requests to models the limit is settings.max_body_bytes.`
  return { status: 413, type: 'request_too_large', message, close: true }
}

/** The dialect of whoever asks for this path; a path that nobody knows is answered in Anthropic's. */
export function dialectOf(url = ''): ClientDialect {
  return /^\/v1\/(chat\/|responses|completions|embeddings)/.test(url) ? 'chat' : 'anthropic'
}

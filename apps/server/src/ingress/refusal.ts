/** A request that lb itself turns down before anything is sent upstream: what the client is told, in its own dialect. */
export interface Refusal {
  readonly status: number
  /** Anthropic's `error.type`; the other dialects' words are derived from it. */
  readonly type: string
  /** What is wrong, where, and what to do. */
  readonly message: string
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

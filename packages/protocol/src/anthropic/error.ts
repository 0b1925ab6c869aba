/**
 * The body of every failed answer, and the data of an `error` event in a stream.
 *
 * @see https://platform.claude.com/docs/en/api/errors
 */
export interface ErrorBody {
  readonly type: 'error'
  readonly error: { readonly type: ErrorType; readonly message: string }
  /** The id of the failed request, for the provider's support. */
  readonly request_id: string | null
}

/** @see https://platform.claude.com/docs/en/api/errors */
export type ErrorType =
  | 'invalid_request_error'
  | 'authentication_error'
  | 'billing_error'
  | 'permission_error'
  | 'not_found_error'
  | 'conflict_error'
  | 'request_too_large'
  | 'rate_limit_error'
  | 'timeout_error'
  | 'overloaded_error'
  | 'api_error'

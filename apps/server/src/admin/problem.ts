import * as v from 'valibot'

/** Anthropic's shape of an error, which every client of lb knows. */
export interface ErrorBody {
  readonly type: 'error'
  readonly error: { readonly type: string; readonly message: string }
  /** The predecessor's scripts look for this word (FastAPI's). */
  readonly detail?: string
  readonly request_id?: string
}

export const errorSchema: v.GenericSchema<ErrorBody> = v.pipe(
  v.object({
    type: v.literal('error'),
    error: v.object({ type: v.string(), message: v.string() }),
    detail: v.exactOptional(v.pipe(v.string(), v.description('`Not Found`, for scripts that look for it'))),
    request_id: v.exactOptional(v.string()),
  }),
  v.title('Error'),
)

/** A 404. */
export function notFound(message: string): { readonly status: 404; readonly body: ErrorBody } {
  return { status: 404, body: { type: 'error', error: { type: 'not_found_error', message }, detail: 'Not Found' } }
}

/** A 400: the call itself is wrong. */
export function badRequest(message: string): { readonly status: 400; readonly body: ErrorBody } {
  return { status: 400, body: { type: 'error', error: { type: 'invalid_request_error', message } } }
}

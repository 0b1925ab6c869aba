import type { ClientDialect } from '../ingress/client-request.ts'
import type { RawHeaders } from '../ingress/headers.ts'
import { requestIdHeaders } from './request-id.ts'
import { responseHeaders } from './response-headers.ts'

/** How an upstream's refusal is passed on. */
export interface PassedOn {
  readonly rawHeaders: RawHeaders
  readonly contentType: string | undefined
  readonly requestId: string
  /** As the upstream calls the request, if it said so. */
  readonly upstreamId: string | undefined
  readonly dialect: ClientDialect
  /** Several could have been asked: the limits of one of them are not those of lb. Not where they are the client's own. */
  readonly isOneOfMany: boolean
  /** When it makes sense to try again, in milliseconds from now; `null`: nobody said. */
  readonly retryAfterMs: number | null
  readonly shouldRetry: boolean
  readonly attempts: number
}

/** Limits of one account that would be read as the client's own plan: Anthropic's, OpenAI's, and what the others write. */
const limits = /^(anthropic-(ratelimit|priority|fast)-|(x-)?rate-?limit)/

/**
 * The headers that go with an upstream's refusal. `retry-after` is lb's own answer, since it knows all of them: whole
 * seconds, as the clients parse it, and only where somebody gave a time.
 */
export function passedOnHeaders(passed: PassedOn): string[] {
  const own = new Set(['retry-after', 'retry-after-ms', 'x-should-retry'])
  const headers: string[] = ['content-type', passed.contentType ?? 'application/json']
  const upstream = responseHeaders(passed.rawHeaders)
  const idHeader = requestIdHeaders[passed.dialect]
  let hasRequestId = false
  for (let index = 0; index + 1 < upstream.length; index += 2) {
    const name = (upstream[index] as string).toLowerCase()
    if (own.has(name) || (passed.isOneOfMany && limits.test(name))) continue
    hasRequestId ||= name === idHeader
    headers.push(upstream[index] as string, upstream[index + 1] as string)
  }
  if (!hasRequestId) headers.push(idHeader, passed.upstreamId ?? passed.requestId)
  headers.push('x-lb-request-id', passed.requestId, 'x-lb-attempts', String(passed.attempts))
  headers.push('x-should-retry', String(passed.shouldRetry))
  if (passed.retryAfterMs !== null) headers.push('retry-after', String(Math.ceil(passed.retryAfterMs / 1000)))
  return headers
}

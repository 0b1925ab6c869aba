import type { ClientRequest } from '../ingress/client-request.ts'
import type { AnswerHead } from '../upstream/exchange.ts'
import { responseHeaders } from './response-headers.ts'

/** What lb says about an answer beside the upstream's own headers. */
export interface AnswerFacts {
  readonly request: ClientRequest
  readonly provider: string
  readonly attempts: number
}

/** The headers of an answer: the answering provider's, and lb's. `x-provider-used` is the predecessor's name for the provider. */
export function answerHeaders(
  { rawHeaders, headers }: AnswerHead,
  { request, provider, attempts }: AnswerFacts,
): string[] {
  const list = responseHeaders(rawHeaders)
  if (!request.stream) list.push('content-type', 'application/json')
  if (headers['request-id'] === undefined) list.push('request-id', request.id)
  list.push(
    'x-lb-request-id',
    request.id,
    'x-lb-provider',
    provider,
    'x-lb-attempts',
    String(attempts),
    'x-provider-used',
    provider,
  )
  return list
}

import type { Loss } from '@lb/convert'
import { type ClientRequest, endpoints } from '../ingress/client-request.ts'
import type { AnswerHead } from '../upstream/exchange.ts'
import { headerText } from './header-text.ts'
import { lossesText } from './losses-text.ts'
import { requestIdHeaders, upstreamRequestId } from './request-id.ts'
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
  losses: readonly Loss[] = [],
): string[] {
  const list = responseHeaders(rawHeaders)
  if (!request.stream) list.push('content-type', 'application/json')
  const idHeader = requestIdHeaders[endpoints[request.endpoint].dialect]
  if (headers[idHeader] === undefined) list.push(idHeader, upstreamRequestId(headers) ?? request.id)
  if (request.headers['x-lb-debug'] === 'losses') list.push('x-lb-losses', lossesText(losses))
  const name = headerText(provider)
  list.push(
    'x-lb-request-id',
    request.id,
    'x-lb-provider',
    name,
    'x-lb-attempts',
    String(attempts),
    'x-provider-used',
    name,
  )
  return list
}

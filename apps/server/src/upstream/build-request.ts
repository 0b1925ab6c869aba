import type { Provider } from '@lb/config'
import { editJsonObject } from '@lb/protocol'
import { type ClientRequest, endpoints } from '../ingress/client-request.ts'
import { forwardedHeaders } from './request-headers.ts'
import type { UpstreamRequest } from './send.ts'

/** What an Anthropic upstream assumes where the client named no version. */
const DEFAULT_VERSION = '2023-06-01'

/**
 * The request for an upstream of the client's own dialect: the client's bytes, with only the `model` value replaced where the
 * route maps it, and lb's own `provider` taken out.
 *
 * @param own lb's own headers: those that sign it in, and those that carry its trace.
 */
export function relayedRequest(
  request: ClientRequest,
  provider: Provider,
  model: string,
  own: readonly string[],
): UpstreamRequest {
  const url = new URL(provider.baseUrl)
  const base = url.pathname.replace(/\/(v1\/?)?$/, '')
  const headers = forwardedHeaders(request.rawHeaders, own)
  if (request.headers['anthropic-version'] === undefined) headers.push('anthropic-version', DEFAULT_VERSION)
  if (request.headers['content-type'] === undefined) headers.push('content-type', 'application/json')
  headers.push(...own)
  const edits = {
    ...(model === request.model ? {} : { set: { model: JSON.stringify(model) } }),
    ...(request.forcedProvider === undefined ? {} : { remove: ['provider'] }),
  }
  return {
    origin: url.origin,
    path: `${base}${endpoints[request.endpoint].path}${request.query}`,
    headers,
    body: editJsonObject(request.body, request.outline, edits),
  }
}

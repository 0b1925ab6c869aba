import type { Provider } from '@lb/config'
import { editJsonObject } from '@lb/protocol'
import { type ClientRequest, endpoints } from '../ingress/client-request.ts'
import type { SignedIn } from './credential-headers.ts'
import { forwardedHeaders } from './request-headers.ts'
import type { UpstreamRequest } from './send.ts'

/** What an Anthropic upstream assumes where the client named no version. */
const DEFAULT_VERSION = '2023-06-01'

/**
 * The request for an upstream of the client's own dialect: the client's bytes, with only the `model` value replaced where the
 * route maps it, and lb's own `provider` taken out.
 *
 * @param trace the headers that carry lb's own trace on, in the place of the client's.
 */
export function relayedRequest(
  request: ClientRequest,
  provider: Provider,
  model: string,
  signedIn: SignedIn,
  trace: readonly string[],
): UpstreamRequest {
  const url = new URL(provider.baseUrl)
  const base = url.pathname.replace(/\/(v1\/?)?$/, '')
  const own = [...signedIn.headers, ...trace]
  const headers = forwardedHeaders(request.rawHeaders, own)
  if (request.headers['anthropic-version'] === undefined) headers.push('anthropic-version', DEFAULT_VERSION)
  if (request.headers['content-type'] === undefined) headers.push('content-type', 'application/json')
  if (signedIn.betaHeader !== undefined) addBeta(headers, signedIn.betaHeader)
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

/** Adds a word to the `anthropic-beta` list, which may be there or not. */
function addBeta(headers: string[], beta: string): void {
  const at = headers.findIndex((name, index) => index % 2 === 0 && name.toLowerCase() === 'anthropic-beta')
  const before = at === -1 ? undefined : headers[at + 1]
  if (before === undefined) headers.push('anthropic-beta', beta)
  else if (!before.split(',').some((word) => word.trim() === beta)) headers[at + 1] = `${before},${beta}`
}

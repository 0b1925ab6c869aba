import type { Provider } from '@lb/config'
import { editJsonObject } from '@lb/protocol'
import { type ClientDialect, type ClientRequest, endpoints } from '../ingress/client-request.ts'
import type { SignedIn } from './credential-headers.ts'
import { joinedHeaders } from './provider-headers.ts'
import { forwardedHeaders } from './request-headers.ts'
import type { UpstreamRequest } from './send.ts'
import { upstreamUrl } from './upstream-url.ts'

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
  const edits = {
    ...(model === request.model ? {} : { set: { model: JSON.stringify(model) } }),
    ...(request.forcedProvider === undefined ? {} : { remove: ['provider'] }),
  }
  return {
    origin: upstreamUrl(provider).origin,
    path: relayedPath(request, provider),
    headers: relayedHeaders(request, provider, signedIn, trace),
    body: editJsonObject(request.body, request.outline, edits),
  }
}

/** Where a provider of the client's own dialect answers to it. */
function relayedPath({ endpoint, query }: ClientRequest, provider: Provider): string {
  const { base, anthropicBase } = upstreamUrl(provider)
  const { dialect, path } = endpoints[endpoint]
  // OpenAI's base URLs have the version in them, as its clients are told them.
  return dialect === 'chat' ? `${base}/chat/completions${query}` : `${anthropicBase}${path}${query}`
}

/** The client's headers without what is not for the provider, and with what is. */
export function relayedHeaders(
  request: ClientRequest,
  provider: Provider,
  signedIn: SignedIn,
  trace: readonly string[],
): string[] {
  const own = [...signedIn.headers, ...trace]
  const { dialect } = endpoints[request.endpoint]
  const headers = forwardedHeaders(request.rawHeaders, own, signedIn.owner === 'client' ? [] : accountHeaders[dialect])
  if (request.headers['content-type'] === undefined) headers.push('content-type', 'application/json')
  if (dialect === 'anthropic') {
    if (request.headers['anthropic-version'] === undefined) headers.push('anthropic-version', DEFAULT_VERSION)
    if (signedIn.betaHeader !== undefined) addBeta(headers, signedIn.betaHeader)
  }
  headers.push(...own)
  return joinedHeaders(headers, provider)
}

/** They say which part of an account pays, and belong to the client's own credential: beside another one they are wrong. */
const accountHeaders: Readonly<Record<ClientDialect, readonly string[]>> = {
  anthropic: [],
  chat: ['openai-organization', 'openai-project'],
}

/** Adds a word to the `anthropic-beta` list, which may be there or not. */
function addBeta(headers: string[], beta: string): void {
  const at = headers.findIndex((name, index) => index % 2 === 0 && name.toLowerCase() === 'anthropic-beta')
  const before = at === -1 ? undefined : headers[at + 1]
  if (before === undefined) headers.push('anthropic-beta', beta)
  else if (!before.split(',').some((word) => word.trim() === beta)) headers[at + 1] = `${before},${beta}`
}

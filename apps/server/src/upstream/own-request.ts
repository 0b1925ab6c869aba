import { headerText } from '../egress/header-text.ts'
import { hopsOf, viaAfter } from '../ingress/via.ts'
import { joinedHeaders } from './provider-headers.ts'
import type { UpstreamRequest } from './send.ts'
import { upstreamUrl } from './upstream-url.ts'
import type { PrepareInput } from './way.ts'

/**
 * A request in words of our own: nothing of the client's headers goes to a vendor that its client never meant.
 *
 * @param path behind the provider's `base_url`.
 * @param more headers beside those of every request.
 */
export function ownRequest(
  { request, provider, signedIn, trace, appName }: PrepareInput,
  path: string,
  body: string,
  more: readonly string[] = [],
): UpstreamRequest {
  const { origin, base } = upstreamUrl(provider)
  const headers = [
    'content-type',
    'application/json',
    'accept',
    '*/*',
    'accept-encoding',
    'identity',
    'user-agent',
    'lb',
    'via',
    viaAfter(hopsOf(request.headers['via'])),
    // By it vendors list who called, and the predecessor sent it.
    ...(provider.type === 'openai' ? ['x-title', headerText(appName)] : []),
    ...more,
    ...signedIn.headers,
    ...trace,
  ]
  return { origin, path: `${base}${path}`, headers: joinedHeaders(headers, provider), body: Buffer.from(body) }
}

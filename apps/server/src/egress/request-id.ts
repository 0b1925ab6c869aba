import type { ClientDialect } from '../ingress/client-request.ts'

/** Where the official SDKs look for the id of a request that failed. */
export const requestIdHeaders: Readonly<Record<ClientDialect, string>> = {
  anthropic: 'request-id',
  chat: 'x-request-id',
}

/** The upstream's own id, in whichever dialect it says it. */
export function upstreamRequestId(headers: Readonly<Record<string, string>>): string | undefined {
  return headers['request-id'] ?? headers['x-request-id']
}

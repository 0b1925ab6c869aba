import { connectionNames, hopByHop, type RawHeaders } from '../ingress/headers.ts'
import { hopsOf, viaAfter } from '../ingress/via.ts'

/**
 * Headers of a client's request that never go upstream, beside the hop-by-hop ones.
 *
 * Credentials: what authenticated against lb is lb's business, and a cookie for lb's host is nobody else's. The connection
 * sets `host` and `content-length` anew. `accept-encoding`: a compressed event stream costs more than relaying it and
 * delays every flush. The rest tells about the way to lb, which is no concern of a vendor.
 */
const dropped: ReadonlySet<string> = new Set([
  'authorization',
  'x-api-key',
  'cookie',
  'host',
  'content-length',
  'accept-encoding',
  'expect',
  'forwarded',
  'via',
  'origin',
  'referer',
  'x-real-ip',
])

const droppedPrefixes = ['x-forwarded-', 'x-lb-', 'sec-']

/**
 * The headers for an upstream that speaks the client's own dialect: everything the client sent, as an open list, without
 * what must not leave lb. `anthropic-*` headers of any name and value pass untouched; `via` tells of lb alone.
 *
 * @param own lb's own headers, which the caller adds. A trace of lb's own takes the place of the client's, which it continues.
 * @param more names, in lower case, that must not go up either.
 * @returns a new list.
 */
export function forwardedHeaders(raw: RawHeaders, own: RawHeaders, more: readonly string[] = []): string[] {
  const isTraced = own.includes('traceparent')
  const named = connectionNames(raw)
  const passed: string[] = []
  let hops = 0
  for (let index = 0; index + 1 < raw.length; index += 2) {
    const name = raw[index] as string
    const lower = name.toLowerCase()
    if (lower === 'via') hops += hopsOf(raw[index + 1] as string)
    if (hopByHop.has(lower) || dropped.has(lower) || named.includes(lower) || more.includes(lower)) continue
    if (isTraced && (lower === 'traceparent' || lower === 'tracestate')) continue
    if (droppedPrefixes.some((prefix) => lower.startsWith(prefix))) continue
    passed.push(name, raw[index + 1] as string)
  }
  passed.push('accept-encoding', 'identity', 'via', viaAfter(hops))
  return passed
}

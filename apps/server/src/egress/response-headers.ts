import { connectionNames, hopByHop, type RawHeaders } from '../ingress/headers.ts'

/**
 * Headers of an upstream's answer that do not go to the client, beside the hop-by-hop ones: those that describe the bytes
 * between the upstream and lb, cookies (they are the vendor's with lb, and one client must not get another's), and
 * promises about the vendor's host that do not hold for lb's.
 */
const kept: ReadonlySet<string> = new Set([
  'content-length',
  'content-encoding',
  'content-type',
  'set-cookie',
  'alt-svc',
  'strict-transport-security',
  'content-security-policy',
  'nel',
  'report-to',
  'date',
])

/**
 * The answering provider's headers, as an open list: `request-id`, `retry-after`, rate limits and whatever comes next year
 * pass without being named here.
 *
 * @param raw the upstream's headers.
 * @returns a new list to which lb adds its own.
 */
export function responseHeaders(raw: RawHeaders): string[] {
  const named = connectionNames(raw)
  const passed: string[] = []
  for (let index = 0; index + 1 < raw.length; index += 2) {
    const name = raw[index] as string
    const lower = name.toLowerCase()
    if (hopByHop.has(lower) || kept.has(lower) || lower.startsWith('x-lb-') || named.includes(lower)) continue
    passed.push(name, raw[index + 1] as string)
  }
  return passed
}

/**
 * Which requests may share an upstream call at all. Sharing is decided before the fingerprint is taken: it is the cheaper
 * question, and a request that may not share needs no key.
 */
export function mayCoalesce(request: CoalescingFacts, policy: CoalescingPolicy): CoalescingVerdict {
  const reason = reasonToGoAlone(request, policy)
  return reason === undefined ? { kind: 'coalesce' } : { kind: 'alone', reason }
}

/** What the decision needs to know about a request. */
export interface CoalescingFacts {
  readonly method: string
  /** Name of the route, without query. */
  readonly endpoint: string
  /** Headers by lower-case name. */
  readonly headers: RequestHeaders
  readonly bodyBytes: number
  /** Identity of the credential that pays; unset while it is not known. */
  readonly credential: string | undefined
}

/** Headers by lower-case name, as Node gives them. */
export type RequestHeaders = Readonly<Record<string, string | readonly string[] | undefined>>

/** What may be coalesced. */
export interface CoalescingPolicy {
  /** `deduplication.enabled`. */
  readonly enabled: boolean
  /** Routes whose answers depend on nothing but the request. */
  readonly endpoints: readonly string[]
  /** Larger requests go alone: they are rare, and reading them for a key holds up everybody else. */
  readonly maxBodyBytes: number
}

/** The answer: for the decision record, the metric label and the log field alike. */
export type CoalescingVerdict = { readonly kind: 'coalesce' } | { readonly kind: 'alone'; readonly reason: AloneReason }

/**
 * - `credential-unknown`: without knowing who pays, an answer could be given to somebody who must not have it.
 * - `opted-out`: the client sent `x-lb-coalesce: no`.
 */
export type AloneReason = 'disabled' | 'method' | 'endpoint' | 'opted-out' | 'credential-unknown' | 'body-too-large'

/**
 * What settings that say nothing mean. `count_tokens` is in: it is asked in bursts (24 calls within 56 ms by `/context`),
 * costs a rate limit of its own, and its answer never varies.
 */
export const defaultCoalescingPolicy: CoalescingPolicy = {
  enabled: true,
  endpoints: ['/v1/messages', '/v1/messages/count_tokens', '/v1/chat/completions'],
  maxBodyBytes: 8 * 1024 * 1024,
}

/** Request header with which a client keeps a request to itself: `x-lb-coalesce: no` (or `off`, `false`, `0`). */
export const COALESCE_HEADER = 'x-lb-coalesce'

/** Whether the header `name` says no. */
export function saysNo(headers: RequestHeaders, name: string): boolean {
  return words(headers, name).some((word) => ['no', 'off', 'false', '0'].includes(word))
}

/** The comma-separated words of a header, lower-case. */
export function words(headers: RequestHeaders, name: string): readonly string[] {
  const value = headers[name] ?? []
  const lines = typeof value === 'string' ? [value] : value
  return lines.flatMap((line) => line.split(',')).map((word) => word.trim().toLowerCase())
}

function reasonToGoAlone(request: CoalescingFacts, policy: CoalescingPolicy): AloneReason | undefined {
  if (!policy.enabled) return 'disabled'
  if (request.method !== 'POST') return 'method'
  if (!policy.endpoints.includes(request.endpoint)) return 'endpoint'
  if (saysNo(request.headers, COALESCE_HEADER)) return 'opted-out'
  if (request.credential === undefined) return 'credential-unknown'
  if (request.bodyBytes > policy.maxBodyBytes) return 'body-too-large'
  return undefined
}

import type { Dialect } from '../script/script.ts'
import { hexOf, idOf } from './seeded.ts'

/** One header line; several lines may have one name. */
export type HeaderLine = readonly [name: string, value: string]

/** What the headers of an answer are made from. */
export interface HeaderFacts {
  readonly dialect: Dialect
  readonly providerName: string
  readonly seed: number
  readonly requestId: string
  readonly requestNumber: number
  readonly epochMs: number
}

/** Limits of a generous account; `remaining` falls by one with every request and starts again after a minute's worth. */
const REQUEST_LIMIT = 4000
const TOKEN_LIMIT = 2_000_000
const RESET_AFTER_MS = 60_000

/**
 * The headers that every answer of the real API carries, good or bad.
 *
 * @see https://platform.claude.com/docs/en/api/rate-limits#response-headers
 * @see https://platform.openai.com/docs/guides/rate-limits
 */
export function commonHeaders(facts: HeaderFacts): readonly HeaderLine[] {
  const date: HeaderLine = ['date', new Date(facts.epochMs).toUTCString()]
  const name: HeaderLine = ['x-mock-provider', facts.providerName]
  return facts.dialect === 'anthropic'
    ? [date, ['request-id', facts.requestId], ['anthropic-organization-id', organizationOf(facts)], name]
    : [
        date,
        ['x-request-id', facts.requestId],
        ['openai-organization', 'mock-org'],
        ['openai-processing-ms', '12'],
        ['openai-version', '2020-10-01'],
        name,
      ]
}

/** The rate-limit headers of a successful answer. */
export function rateLimitHeaders(facts: HeaderFacts): readonly HeaderLine[] {
  const left = REQUEST_LIMIT - (facts.requestNumber % REQUEST_LIMIT)
  if (facts.dialect !== 'anthropic') {
    return [
      ['x-ratelimit-limit-requests', String(REQUEST_LIMIT)],
      ['x-ratelimit-remaining-requests', String(left)],
      ['x-ratelimit-reset-requests', '15ms'],
      ['x-ratelimit-limit-tokens', String(TOKEN_LIMIT)],
      ['x-ratelimit-remaining-tokens', String(TOKEN_LIMIT - 1000)],
      ['x-ratelimit-reset-tokens', '30ms'],
    ]
  }
  const reset = new Date(facts.epochMs + RESET_AFTER_MS).toISOString().replace(/\.\d+Z$/, 'Z')
  const limits = [
    ['requests', REQUEST_LIMIT, left],
    ['tokens', TOKEN_LIMIT, TOKEN_LIMIT - 1000],
    ['input-tokens', TOKEN_LIMIT, TOKEN_LIMIT - 1000],
    ['output-tokens', TOKEN_LIMIT / 5, TOKEN_LIMIT / 5 - 100],
  ] as const
  return limits.flatMap(([what, limit, remaining]) => [
    [`anthropic-ratelimit-${what}-limit`, String(limit)],
    [`anthropic-ratelimit-${what}-remaining`, String(remaining)],
    [`anthropic-ratelimit-${what}-reset`, reset],
  ])
}

/**
 * Headers with some set, replaced or removed. Names are compared without case; a replaced line keeps its place, so that the
 * order of the lines stays readable.
 */
export function withHeaders(
  lines: readonly HeaderLine[],
  changes: { readonly [name: string]: string | readonly string[] | null },
): readonly HeaderLine[] {
  let result = lines
  for (const [name, value] of Object.entries(changes)) {
    const values = value === null ? [] : typeof value === 'string' ? [value] : value
    const added = values.map((text): HeaderLine => [name, text])
    const at = result.findIndex(([line]) => line.toLowerCase() === name.toLowerCase())
    const kept = result.filter(([line]) => line.toLowerCase() !== name.toLowerCase())
    const place = at === -1 ? kept.length : at
    result = [...kept.slice(0, place), ...added, ...kept.slice(place)]
  }
  return result
}

/** One account has one organization: a handy identity that does not change between requests. */
function organizationOf(facts: HeaderFacts): string {
  const hex = hexOf(32, 'organization', facts.providerName, facts.seed)
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-')
}

/** The id of a request, in the dialect's form: `req_01…` or `req_` and 32 hexadecimal digits. */
export function requestIdOf(dialect: Dialect, seed: number, requestNumber: number): string {
  return dialect === 'anthropic'
    ? `req_01${idOf(22, 'request', seed, requestNumber)}`
    : `req_${hexOf(32, 'request', seed, requestNumber)}`
}

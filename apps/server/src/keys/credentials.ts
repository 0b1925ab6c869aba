import type { RawHeaders } from '../ingress/headers.ts'

/**
 * The headers in which a client may present lb's key, by lower-case name, the first first. `x-lb-key` is for clients whose own
 * credential must pass through to the provider: with it the other two are none of lb's business.
 */
export interface CredentialLookup {
  readonly 'x-lb-key'?: string | string[] | undefined
  readonly 'x-api-key'?: string | string[] | undefined
  readonly authorization?: string | undefined
}

/**
 * The keys that a client presents to lb, the one that counts first. An `Authorization` is a key with `Bearer ` before it or
 * without, as the predecessor read it.
 */
export function presentedKeys(headers: CredentialLookup): readonly string[] {
  const own = textOf(headers['x-lb-key'])
  if (own !== '') return [own]
  return [textOf(headers['x-api-key']), bearerOf(headers.authorization)].filter((key) => key !== '')
}

/** The credentials that would go to a provider that passes the client's own through. */
export function passingKeys(headers: CredentialLookup): readonly string[] {
  return [textOf(headers['x-api-key']), bearerOf(headers.authorization)].filter((key) => key !== '')
}

/**
 * A header list without every header that is one of `keys`: what opened lb is not shown to anybody else, whatever header it
 * stands in.
 */
export function withoutKeys(raw: RawHeaders, keys: readonly string[]): RawHeaders {
  if (keys.length === 0) return raw
  const kept: string[] = []
  for (let index = 0; index + 1 < raw.length; index += 2) {
    const value = raw[index + 1] as string
    if (!keys.includes(bearerOf(value))) kept.push(raw[index] as string, value)
  }
  return kept
}

function bearerOf(authorization = ''): string {
  return authorization.replace(/^bearer(?: +|$)/i, '').trim()
}

/** The front door has seen to it that a credential stands there once. */
function textOf(value: string | string[] | undefined): string {
  return typeof value === 'string' ? value.trim() : ''
}

import { createHash, hash, randomBytes } from 'node:crypto'
import { describeDiff } from '@lb/config'
import { type AloneReason, createFingerprint, mayCoalesce } from '@lb/dedup'
import { type ClientRequest, endpoints } from '../ingress/client-request.ts'
import { hopsOf } from '../ingress/via.ts'
import type { CompiledConfig } from '../state/compiled-config.ts'

/** Whether a request may share a call, and by which key. */
export type FlightKey =
  | { readonly kind: 'shared'; readonly key: string }
  | { readonly kind: 'alone'; readonly reason: AloneReason | 'not-json' | 'debugged' }

export interface FlightKeys {
  keyOf(compiled: CompiledConfig, request: ClientRequest): FlightKey
}

/** Makes keys that nobody outside this process can compute, over everything that makes two requests the same question of the same client. */
export function createFlightKeys(): FlightKeys {
  const generationOf = createGenerations()
  const fingerprint = createFingerprint(keyedDigest(randomBytes(32).toString('base64url')))
  return {
    keyOf(compiled, request) {
      const { path } = endpoints[request.endpoint]
      const { headers, body, outline, tenant, stream, query } = request
      // Whoever wants to see how lb answers wants to see it answer.
      if (headers['x-lb-debug'] !== undefined) return { kind: 'alone', reason: 'debugged' }
      const credential = compiled.hasPassThrough ? clientCredential(request) : OURS
      const facts = { method: 'POST', endpoint: path, headers, bodyBytes: body.length, credential }
      const verdict = mayCoalesce(facts, compiled.coalescing)
      if (verdict.kind === 'alone') return verdict
      const place = `${path}${idleQueries.has(query) ? '' : query}`
      const endpoint = `${distanced(place, headers['via'])} of ${generationOf(compiled)}`
      const question = { tenant, credential, endpoint, stream, headers, body, outline }
      const key = fingerprint(question, compiled.fingerprintPolicy)
      return key.ok ? { kind: 'shared', key: key.value } : { kind: 'alone', reason: 'not-json' }
    },
  }
}

/**
 * SHA-256 of the key with the SHA-256 of the text, as in HMAC: from a digest nobody can go on to that of a longer text. In one go
 * each, because an HMAC object costs more than both of them where questions are short.
 */
function keyedDigest(key: string): (preimage: Uint8Array) => string {
  return (preimage) => hash('sha256', key + hash('sha256', preimage, 'base64url'), 'base64url')
}

/** Queries that mean nothing: Claude Code's own, and the one of a client without any. All others go up, and may mean something. */
const idleQueries: ReadonlySet<string> = new Set(['', '?', '?beta=true'])

/**
 * Numbers configurations, so that a request shares only with those that the same providers, routes and keys are for: after a
 * reload that changes them nobody gets an answer, running or kept, from where no request of his would go any more.
 */
function createGenerations(): (compiled: CompiledConfig) => number {
  const numbers = new WeakMap<CompiledConfig, number>()
  let newest: CompiledConfig | undefined
  let count = 0
  return (compiled) => {
    const known = numbers.get(compiled)
    if (known !== undefined) return known
    if (newest !== undefined && leadsElsewhere(newest, compiled)) count += 1
    numbers.set(compiled, count)
    newest = compiled
    return count
  }
}

function leadsElsewhere(before: CompiledConfig, now: CompiledConfig): boolean {
  const { providers, routes, settings } = describeDiff(before.config, now.config)
  const lists = [providers.added, providers.removed, providers.changed, routes.added, routes.removed, routes.changed]
  return routes.reordered || lists.some(({ length }) => length > 0) || settings.some(({ key }) => /^auth\b/.test(key))
}

/**
 * A provider that leads back to lb brings a request's own question back. If that joined the call which it is part of, both
 * would wait for each other; so what came through another lb shares only with what came as far.
 */
function distanced(path: string, via: string | undefined): string {
  const hops = hopsOf(via)
  return hops === 0 ? path : `${path} after ${hops}`
}

/** Every credential is lb's own: who may use which is the tenant's matter. */
const OURS = 'lb'

/**
 * A provider forwards the client's own credential: then whose it is decides whose answer it is. Only a digest of it is kept,
 * and only as long as the request.
 */
function clientCredential({ headers }: ClientRequest): string {
  const own = JSON.stringify([headers['authorization'] ?? '', headers['x-api-key'] ?? ''])
  return createHash('sha256').update(own).digest('base64url')
}

import { createHash, createHmac, randomBytes } from 'node:crypto'
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

/**
 * Makes keys that nobody outside this process can compute: HMAC-SHA-256 under a key drawn at start, over everything that makes
 * two requests the same question of the same client.
 */
export function createFlightKeys(): FlightKeys {
  const bootKey = randomBytes(32)
  const fingerprint = createFingerprint((preimage) =>
    createHmac('sha256', bootKey).update(preimage).digest('base64url'),
  )
  return {
    keyOf(compiled, request) {
      const { path } = endpoints[request.endpoint]
      const { headers, body, outline, tenant, stream } = request
      // Whoever wants to see how lb answers wants to see it answer.
      if (headers['x-lb-debug'] !== undefined) return { kind: 'alone', reason: 'debugged' }
      const credential = compiled.hasPassThrough ? clientCredential(request) : OURS
      const facts = { method: 'POST', endpoint: path, headers, bodyBytes: body.length, credential }
      const verdict = mayCoalesce(facts, compiled.coalescing)
      if (verdict.kind === 'alone') return verdict
      const question = { tenant, credential, endpoint: distanced(path, headers['via']), stream, headers, body, outline }
      const key = fingerprint(question, compiled.fingerprintPolicy)
      return key.ok ? { kind: 'shared', key: key.value } : { kind: 'alone', reason: 'not-json' }
    },
  }
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

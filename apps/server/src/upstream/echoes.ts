import type { Provider } from '@lb/config'
import type { Failure } from '@lb/protocol'
import type { RawHeaders } from '../ingress/headers.ts'
import type { AnswerHead } from './exchange.ts'
import { headerSecrets } from './provider-headers.ts'

/**
 * Keeps lb's credential, and the headers that the configuration adds, from coming back: some upstreams quote the key that they refuse, and debugging servers send a
 * request's headers back. What an upstream says in a refusal or in a header goes to a client, who must not learn a key that
 * is not theirs. The text of an answer is the model's, which was never shown the key; its bytes are not touched.
 */
export interface EchoFilter {
  head(head: AnswerHead): AnswerHead
  /** A refusal's body, or an error event. */
  bytes(bytes: Uint8Array): Buffer
  failure(failure: Failure): Failure
}

/** What stands in the place of the key. */
const MASK = '***'
/** What is shorter is no secret, and would be found in ordinary words. */
const SECRET_UNITS_MIN = 8

/** The filter for what a provider was sent: requests that are signed in alike share one. @param secret `undefined`: none of ours. */
export function echoesOf(provider: Provider, secret: string | undefined): EchoFilter {
  const found = newest.get(provider)
  if (found !== undefined && found.secret === secret) return found.filter
  const filter = echoFilter([...(secret === undefined ? [] : [secret]), ...headerSecrets(provider)])
  newest.set(provider, { secret, filter })
  return filter
}

/** By provider, as long as a configuration has it. */
const newest = new WeakMap<Provider, { readonly secret: string | undefined; readonly filter: EchoFilter }>()

/**
 * @param secrets what lb signed in with, and what else it added; none, or the client's own: nothing is to be kept from the
 * client.
 */
export function echoFilter(secrets: readonly string[]): EchoFilter {
  // The longest first: a secret may hold another one, and what is left of it would still tell something.
  const kept = secrets.filter(({ length }) => length >= SECRET_UNITS_MIN).sort((a, b) => b.length - a.length)
  if (kept.length === 0) return passing
  const masked = (text: string): string =>
    kept.reduce((rest, secret) => (rest.includes(secret) ? rest.replaceAll(secret, MASK) : rest), text)
  return {
    head(head) {
      if (!hasEcho(head.rawHeaders, kept)) return head
      const headers = Object.fromEntries(Object.entries(head.headers).map(([name, value]) => [name, masked(value)]))
      return { ...head, rawHeaders: head.rawHeaders.map(masked), headers }
    },
    bytes(bytes) {
      const buffer = bufferOf(bytes)
      const isEchoed = kept.some((secret) => buffer.includes(secret))
      // latin1 keeps every byte as it is, whatever the encoding of the text.
      return isEchoed ? Buffer.from(masked(buffer.toString('latin1')), 'latin1') : buffer
    },
    failure: (failure) => ({
      ...failure,
      message: masked(failure.message),
      ...(failure.errorType === undefined ? {} : { errorType: masked(failure.errorType) }),
    }),
  }
}

const passing: EchoFilter = { head: (head) => head, bytes: bufferOf, failure: (failure) => failure }

function bufferOf(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}

function hasEcho(raw: RawHeaders, secrets: readonly string[]): boolean {
  for (let index = 1; index < raw.length; index += 2) {
    if (secrets.some((secret) => (raw[index] as string).includes(secret))) return true
  }
  return false
}

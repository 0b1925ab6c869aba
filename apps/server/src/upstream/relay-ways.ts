import { type AnthropicProfile, sanitizeAnthropicRequest, sanitizeChatRequest } from '@lb/convert'
import { type Json, type JsonObject, member, ok, type Result, stringifyJson } from '@lb/protocol'
import { anthropicAdapter } from './anthropic-adapter.ts'
import { anthropicProfileOf, isFirstParty, takingAnything } from './anthropic-profiles.ts'
import { relayedHeaders, relayedRequest } from './build-request.ts'
import { mayHoldCarrier } from './carrier-search.ts'
import { chatAdapter } from './chat-adapter.ts'
import { maySpeakOtherwise } from './foreign-words.ts'
import { type NotPrepared, notJson, type Prepared, type PrepareInput, refused, type Way } from './way.ts'

/**
 * The client's own bytes to an upstream of its dialect. What only another dialect has words for would be refused there: then the
 * request goes in the API's own words, if lb can tell them.
 */
export const chatRelay: Way = (input) => {
  const { request, model } = input
  const plain = relayed(input, chatAdapter)
  if (!maySpeakOtherwise(request)) return ok(plain)
  const json = request.json()
  if (!json.ok) return notJson(request, json.error.message)
  const result = sanitizeChatRequest(json.value)
  // What lb cannot read the upstream may: its own words are not lb's to judge.
  if (!result.ok) return member(json.value as Json, 'messages') === undefined ? refused(result.error) : ok(plain)
  const { value, losses } = result.value
  if (value === json.value) return ok(plain)
  const { provider: _, ...members } = value as JsonObject
  const own = request.forcedProvider === undefined ? (value as JsonObject) : members
  const body = Buffer.from(stringifyJson({ ...own, model }))
  return ok({ ...plain, upstream: { ...plain.upstream, body }, losses })
}

/**
 * The same for Anthropic's. Two requests are looked into before: those for vendors that only imitate its API, which refuse
 * what they do not have, and those with reasoning that lb carried for another vendor, which no Anthropic endpoint ever gets to
 * see. A request whose reasoning was refused goes without it. If nothing has to be changed, the bytes are the client's all the
 * same.
 */
export const anthropicRelay: Way = (input) => {
  const profile = anthropicProfileOf(input.provider)
  if (!isFirstParty(profile)) return sanitized(input, profile)
  if (!input.withoutThinking && !mayHoldCarrier(input.request.body)) return ok(relayed(input, anthropicAdapter))
  return sanitized(input, undefined)
}

function relayed({ request, provider, model, signedIn, trace }: PrepareInput, adapter: Prepared['adapter']): Prepared {
  return { upstream: relayedRequest(request, provider, model, signedIn, trace), adapter, losses: [] }
}

/** @param profile `undefined`: only what lb carried is taken out. */
function sanitized(input: PrepareInput, profile: AnthropicProfile | undefined): Result<Prepared, NotPrepared> {
  const { request, model, withoutThinking } = input
  const json = request.json()
  if (!json.ok) return notJson(request, json.error.message)
  const betas = betasOf(request.headers['anthropic-beta'])
  const target = profile ?? takingAnything(json.value)
  const result = sanitizeAnthropicRequest(json.value, target, {
    model,
    betas,
    keepThinking: withoutThinking ? 'none' : 'genuine',
  })
  if (!result.ok) return refused(result.error)
  const { value, losses } = result.value
  const plain = relayed(input, anthropicAdapter)
  const isSame = value === json.value && result.value.betas.length === betas.length
  if (isSame) return ok({ ...plain, losses })
  const { provider: _, ...members } = value as typeof value & { readonly provider?: unknown }
  const body = request.forcedProvider === undefined ? value : members
  const upstream = {
    ...plain.upstream,
    headers: withBetas(input, result.value.betas),
    body: Buffer.from(stringifyJson({ ...body, model })),
  }
  return ok({ ...plain, upstream, losses })
}

function betasOf(header: string | undefined): readonly string[] {
  return (header ?? '')
    .split(',')
    .map((beta) => beta.trim())
    .filter((beta) => beta !== '')
}

/** The headers of the request with these values of `anthropic-beta` in the place of the client's. */
function withBetas({ request, provider, signedIn, trace }: PrepareInput, betas: readonly string[]): string[] {
  const rawHeaders = request.rawHeaders.filter(
    (_, index) => (request.rawHeaders[index - (index % 2)] as string).toLowerCase() !== 'anthropic-beta',
  )
  const more = betas.length === 0 ? [] : ['anthropic-beta', betas.join(',')]
  return relayedHeaders({ ...request, rawHeaders: [...rawHeaders, ...more] }, provider, signedIn, trace)
}

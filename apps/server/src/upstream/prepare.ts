import type { Dialect, Provider } from '@lb/config'
import { convertAnthropicRequestToChat, convertAnthropicRequestToResponses, type Loss, type Refusal } from '@lb/convert'
import { err, ok, type Result, stringifyJson } from '@lb/protocol'
import { type ClientDialect, type ClientRequest, endpoints } from '../ingress/client-request.ts'
import { hopsOf, viaAfter } from '../ingress/via.ts'
import type { Adapter } from './adapter.ts'
import { anthropicAdapter } from './anthropic-adapter.ts'
import { relayedRequest } from './build-request.ts'
import type { SignedIn } from './credential-headers.ts'
import { openAiToAnthropicAdapter } from './openai-adapter.ts'
import { profileOf } from './profiles.ts'
import type { UpstreamRequest } from './send.ts'

/** A request as one upstream will get it, and what reads its answer. */
export interface Prepared {
  readonly upstream: UpstreamRequest
  readonly adapter: Adapter
  /** What the conversion could not carry. */
  readonly losses: readonly Loss[]
}

/** A request that cannot be said in the target's dialect, in the client's own error shape. */
export type NotPrepared = Pick<Refusal, 'status' | 'message'> & { readonly body: object }

export interface PrepareInput {
  readonly request: ClientRequest
  readonly provider: Provider
  /** The model as this provider is asked for it. */
  readonly model: string
  readonly signedIn: SignedIn
  /** The headers that carry lb's own trace on, in the place of the client's. */
  readonly trace: readonly string[]
  readonly maxEventBytes: number
}

type Prepare = (input: PrepareInput) => Result<Prepared, NotPrepared>

/** Puts a request into a provider's dialect. */
export function prepare(input: PrepareInput): Result<Prepared, NotPrepared> {
  return ways[endpoints[input.request.endpoint].dialect][input.provider.dialect](input)
}

const relay: Prepare = ({ request, provider, model, signedIn, trace, maxEventBytes }) =>
  ok({
    upstream: relayedRequest(request, provider, model, signedIn, trace),
    adapter: anthropicAdapter(maxEventBytes),
    losses: [],
  })

/** Anthropic's request in one of OpenAI's dialects. */
const openAiWays = {
  chat: { path: '/chat/completions', convert: convertAnthropicRequestToChat },
  responses: { path: '/responses', convert: convertAnthropicRequestToResponses },
} as const

function anthropicTo(dialect: 'chat' | 'responses'): Prepare {
  const { path, convert } = openAiWays[dialect]
  return ({ request, provider, model, signedIn, trace, maxEventBytes }) => {
    const json = request.json()
    if (!json.ok) return err(notJson(json.error.message))
    const converted = convert(json.value, profileOf(provider), { model, seed: request.id })
    if (!converted.ok) return err(converted.error)
    const { value, context, losses } = converted.value
    return ok({
      upstream: ownRequest(request, provider, path, [...signedIn.headers, ...trace], stringifyJson(value)),
      adapter: openAiToAnthropicAdapter(dialect, context, maxEventBytes),
      losses,
    })
  }
}

const notYet: Prepare = ({ provider }) => err(unsupported(`lb cannot speak ${provider.dialect} for this client`))

const ways: Readonly<Record<ClientDialect, Readonly<Record<Dialect, Prepare>>>> = {
  anthropic: { anthropic: relay, chat: anthropicTo('chat'), responses: anthropicTo('responses') },
  chat: { anthropic: notYet, chat: notYet, responses: notYet },
}

/** A request in words of our own: nothing of the client's headers goes to a vendor that its client never meant. */
export function ownRequest(
  request: Pick<ClientRequest, 'headers'>,
  provider: Provider,
  path: string,
  signedIn: readonly string[],
  body: string,
): UpstreamRequest {
  const url = new URL(provider.baseUrl)
  const base = url.pathname.replace(/\/$/, '')
  const headers = [
    'content-type',
    'application/json',
    'accept',
    '*/*',
    'accept-encoding',
    'identity',
    'user-agent',
    'lb',
    'via',
    viaAfter(hopsOf(request.headers['via'])),
    ...signedIn,
  ]
  return { origin: url.origin, path: `${base}${path}`, headers, body: Buffer.from(body) }
}

function notJson(reason: string): NotPrepared {
  return unsupported(`the request body is not valid JSON: ${reason}`)
}

function unsupported(message: string): NotPrepared {
  return { status: 400, message, body: { type: 'error', error: { type: 'invalid_request_error', message } } }
}

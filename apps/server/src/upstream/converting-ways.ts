import {
  convertAnthropicRequestToChat,
  convertAnthropicRequestToResponses,
  convertChatRequestToAnthropic,
} from '@lb/convert'
import { err, type Json, type JsonObject, type JsonTree, member, ok, stringifyJson } from '@lb/protocol'
import { anthropicProfileOf, anyAnthropic } from './anthropic-profiles.ts'
import { joinedLosses } from './chained-stream.ts'
import { anthropicForChat, openAiForAnthropic, responsesForChat } from './conversions.ts'
import { convertingAdapter } from './converting-adapter.ts'
import { ownRequest } from './own-request.ts'
import { profileOf } from './profiles.ts'
import { notJson, notPrepared, type PrepareInput, refused, type Way } from './way.ts'
import { withoutThinking } from './without-thinking.ts'

/** Anthropic's request in one of OpenAI's dialects. */
const openAiRequests = {
  chat: { path: '/chat/completions', convert: convertAnthropicRequestToChat },
  responses: { path: '/responses', convert: convertAnthropicRequestToResponses },
} as const

/** An Anthropic client's request for an upstream that speaks one of OpenAI's dialects. */
export function anthropicToOpenAi(dialect: 'chat' | 'responses'): Way {
  const { path, convert } = openAiRequests[dialect]
  return (input) => {
    const { request, provider, model } = input
    const json = request.json()
    if (!json.ok) return notJson(request, json.error.message)
    const asked = withoutThinking(json.value, input)
    if (!asked.ok) return refused(asked.error)
    const converted = convert(asked.value.value, profileOf(provider, dialect), { model, seed: request.id })
    if (!converted.ok) return refused(converted.error)
    const { value, context } = converted.value
    const losses = joinedLosses(asked.value.losses, converted.value.losses)
    return ok({
      upstream: ownRequest(input, path, stringifyJson(value)),
      adapter: convertingAdapter(openAiForAnthropic(dialect, context)),
      losses,
    })
  }
}

/** A Chat client's request for an upstream that speaks Anthropic's dialect. */
export const chatToAnthropic: Way = (input) => {
  const { request, provider, model, signedIn } = input
  const json = request.json()
  if (!json.ok) return notJson(request, json.error.message)
  const profile = anthropicProfileOf(provider)
  const options = { model, seed: request.id, createdEpochS: Math.floor(input.epochMs / 1000) }
  const converted = convertChatRequestToAnthropic(json.value, profile, options)
  if (!converted.ok) return refused(converted.error)
  const { context } = converted.value
  const sent = withoutThinking(converted.value.value, input)
  if (!sent.ok) return err(notPrepared(request, sent.error.message))
  const { value } = sent.value
  const losses = joinedLosses(converted.value.losses, sent.value.losses)
  const betas = signedIn.betaHeader === undefined ? [] : ['anthropic-beta', signedIn.betaHeader]
  const headers = ['anthropic-version', profile.apiVersion, ...betas]
  return ok({
    upstream: ownRequest(input, '/v1/messages', stringifyJson(value as JsonTree), headers),
    adapter: convertingAdapter(anthropicForChat(context)),
    losses,
  })
}

/**
 * A Chat client's request for an upstream that speaks Responses: by way of Anthropic's dialect, which has words for both. What
 * asks in the words of Responses already goes up in these; only its answer is converted.
 */
export const chatToResponses: Way = (input) => {
  const { request, provider, model } = input
  const json = request.json()
  if (!json.ok) return notJson(request, json.error.message)
  const options = { model, seed: request.id, createdEpochS: Math.floor(input.epochMs / 1000) }
  const first = convertChatRequestToAnthropic(json.value, anyAnthropic, options)
  if (!first.ok) return refused(first.error)
  const second = convertAnthropicRequestToResponses(first.value.value, profileOf(provider, 'responses'), options)
  if (!second.ok) return err(notPrepared(request, second.error.message))
  const adapter = convertingAdapter(responsesForChat(second.value.context, first.value.context))
  const own = member(json.value as Json, 'messages') === undefined ? (json.value as JsonObject) : undefined
  if (own !== undefined)
    return ok({ upstream: ownRequest(input, '/responses', responsesWords(own, input)), adapter, losses: [] })
  const { max_output_tokens, ...members } = second.value.value
  // Anthropic's dialect demands a limit. One that the client never named must not go up.
  const body = namesLimit(json.value as Json) ? second.value.value : members
  return ok({
    upstream: ownRequest(input, '/responses', stringifyJson(body)),
    adapter,
    losses: joinedLosses(first.value.losses, second.value.losses),
  })
}

/** The client's own words, but for what belongs to Chat and to lb. As in every request of lb, the provider keeps nothing unasked. */
function responsesWords(own: JsonObject, { request, model }: PrepareInput): string {
  const { stream_options, provider, ...members } = own
  const kept = request.forcedProvider !== undefined || provider === undefined ? {} : { provider }
  return stringifyJson({ store: false, ...members, ...kept, model })
}

function namesLimit(request: Json): boolean {
  return limits.some((name) => (member(request, name) ?? null) !== null)
}

const limits = ['max_completion_tokens', 'max_tokens'] as const

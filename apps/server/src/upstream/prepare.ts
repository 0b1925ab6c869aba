import type { Dialect } from '@lb/config'
import type { Result } from '@lb/protocol'
import { type ClientDialect, endpoints } from '../ingress/client-request.ts'
import { anthropicToOpenAi, chatToAnthropic, chatToResponses } from './converting-ways.ts'
import { dialectFor } from './profiles.ts'
import { anthropicRelay, chatRelay } from './relay-ways.ts'
import type { NotPrepared, Prepared, PrepareInput, Way } from './way.ts'

/** Puts a request into a provider's dialect. */
export function prepare(input: PrepareInput): Result<Prepared, NotPrepared> {
  const { request, provider, model } = input
  return ways[endpoints[request.endpoint].dialect][dialectFor(provider, model)](input)
}

/** From the client's dialect to the provider's. */
const ways: Readonly<Record<ClientDialect, Readonly<Record<Dialect, Way>>>> = {
  anthropic: {
    anthropic: anthropicRelay,
    chat: anthropicToOpenAi('chat'),
    responses: anthropicToOpenAi('responses'),
  },
  chat: { anthropic: chatToAnthropic, chat: chatRelay, responses: chatToResponses },
}

import {
  err,
  isJsonObject,
  type Json,
  type JsonObject,
  member,
  numberMember,
  ok,
  type Result,
  stringMember,
} from '@lb/protocol'
import { asksForStream, type MockRequest, modelOf } from '../answer/request.ts'
import { idOf } from '../answer/seeded.ts'
import { wordsOf } from '../answer/spoken-reply.ts'
import { list } from '../answer/turn.ts'
import type { Answer } from './answer.ts'

/**
 * The script source of the predecessor's test harness: a scenario names providers and their behaviours, and requests come in
 * at `/mock-provider/{name}/v1/messages`. With it, its acceptance scenarios can be replayed unchanged.
 */
export interface HarnessContext {
  readonly name: string
  readonly expectedBehavior: string
  readonly providers: readonly HarnessProvider[]
}

/** One provider of a scenario. */
export interface HarnessProvider {
  readonly name: string
  readonly behavior: Behavior
  readonly priority: number
  readonly responseData: Json
  readonly delayMs: number
  readonly errorHttpCode: number
  readonly errorMessage: string
}

/** How a provider behaves, in the harness's words. */
export type Behavior =
  | 'success'
  | 'streaming_success'
  | 'duplicate_cache'
  | 'error'
  | 'timeout'
  | 'rate_limit'
  | 'connection_error'
  | 'ssl_error'
  | 'internal_server_error'
  | 'bad_gateway'
  | 'service_unavailable'
  | 'insufficient_credits'

/** Time between two words of a streamed answer. */
const WORD_PACE_MS = 10

/** The harness's timeout: longer than its balancer waits. */
const TIMEOUT_MS = 10_000

type Answering = (provider: HarnessProvider, request: MockRequest) => Answer

const BEHAVIORS: { readonly [B in Behavior]: Answering } = {
  success: (provider, request) =>
    asksForStream(request) ? streamed(provider, request) : message(provider, request, 'Mock success response'),
  streaming_success: streamed,
  duplicate_cache: (provider, request) => {
    // The same request has the same answer, whichever number it has.
    const key = idOf(4, JSON.stringify(request.json ?? null))
    const content = contentOf(provider, `Deterministic response for hash: ${key}`)
    return { body: { ...messageBody(content, request, `msg_cache_${key}`, 10), _mock_cache_key: key } }
  },
  error: (provider) => failure(provider.errorHttpCode, provider.errorMessage),
  timeout: (provider) => ({
    ...failure(408, 'Request Timeout'),
    delayMs: TIMEOUT_MS + provider.delayMs,
  }),
  rate_limit: () => failure(429, 'Rate Limited'),
  connection_error: () => failure(502, 'Connection Error'),
  ssl_error: () => failure(502, 'SSL Error'),
  internal_server_error: () => failure(500, 'Internal Server Error'),
  bad_gateway: () => failure(502, 'Bad Gateway'),
  service_unavailable: () => failure(503, 'Service Unavailable'),
  insufficient_credits: () => ({
    status: 402,
    body: {
      error: {
        type: 'error',
        message: 'Insufficient credits',
        details: 'Your account has insufficient credits to complete this request',
      },
    },
  }),
}

/** Reads the body of `POST /mock-set-context`. */
export function readHarnessContext(body: Json | undefined): Result<HarnessContext, string> {
  const name = stringMember(body, 'name')
  if (name === undefined) return err('a scenario needs a `name`')
  const providers: HarnessProvider[] = []
  for (const [index, entry] of list(member(body, 'providers')).entries()) {
    const behavior = stringMember(entry, 'behavior') ?? ''
    const providerName = stringMember(entry, 'name')
    if (providerName === undefined) return err(`providers[${index}] needs a \`name\``)
    if (!isBehavior(behavior)) {
      return err(`providers[${index}].behavior is \`${behavior}\`; known are ${Object.keys(BEHAVIORS).join(', ')}`)
    }
    providers.push({
      name: providerName,
      behavior,
      priority: numberMember(entry, 'priority') ?? index + 1,
      responseData: member(entry, 'response_data') ?? null,
      delayMs: numberMember(entry, 'delay_ms') ?? 0,
      errorHttpCode: numberMember(entry, 'error_http_code') ?? 500,
      errorMessage: stringMember(entry, 'error_message') ?? 'Mock provider error',
    })
  }
  return ok({ name, expectedBehavior: stringMember(body, 'expected_behavior') ?? 'success', providers })
}

/** The body of `GET /mock-test-context`. */
export function harnessContextBody(context: HarnessContext | undefined): JsonObject {
  if (context === undefined) return { context: null }
  return {
    context: {
      scenario_name: context.name,
      expected_behavior: context.expectedBehavior,
      providers: context.providers.map((provider) => ({
        name: provider.name,
        behavior: provider.behavior,
        priority: provider.priority,
        response_data: provider.responseData,
        delay_ms: provider.delayMs,
      })),
    },
  }
}

/** The answer of a provider in a scenario. Without a scenario every provider is well and says so. */
export function harnessAnswer(context: HarnessContext | undefined, name: string, request: MockRequest): Answer {
  const provider = context === undefined ? standIn(name) : context.providers.find((each) => each.name === name)
  if (provider === undefined) {
    const detail = `Mock provider error: 404: Provider '${name}' not found in current test scenario`
    return { status: 500, body: { detail } }
  }
  if (request.method === 'GET') {
    const status = context === undefined ? 'no_context' : 'ok'
    return { body: { status, provider: name, behavior: provider.behavior, scenario: context?.name ?? null } }
  }
  const answer = BEHAVIORS[provider.behavior](provider, request)
  return { ...answer, delayMs: answer.delayMs ?? provider.delayMs }
}

function isBehavior(word: string): word is Behavior {
  return Object.hasOwn(BEHAVIORS, word)
}

function standIn(name: string): HarnessProvider {
  const responseData = { content: `Default response from ${name}` }
  return {
    name,
    behavior: 'success',
    priority: 1,
    responseData,
    delayMs: 0,
    errorHttpCode: 500,
    errorMessage: 'Mock provider error',
  }
}

function failure(status: number, text: string): Answer {
  return { status, body: { error: { type: 'error', message: text } } }
}

/** A scenario may put anything where the text is, and its tests see it come through. */
function contentOf(provider: HarnessProvider, otherwise: string): Json {
  if (!isJsonObject(provider.responseData)) return otherwise
  return provider.responseData['content'] ?? otherwise
}

function message(provider: HarnessProvider, request: MockRequest, greeting: string): Answer {
  const content = contentOf(provider, `${greeting} from ${provider.name}`)
  if (request.endpoint.dialect !== 'anthropic') return { reply: { text: textOfContent(content) } }
  const inputTokens = JSON.stringify(member(request.json, 'messages') ?? []).length
  return { body: messageBody(content, request, `msg_${idOf(12, 'harness', request.number)}`, inputTokens) }
}

function messageBody(content: Json, request: MockRequest, id: string, inputTokens: number): JsonObject {
  return {
    id,
    type: 'message',
    role: 'assistant',
    content: [{ type: 'text', text: content }],
    model: modelOf(request) || 'mock-model',
    stop_reason: 'end_turn',
    usage: { input_tokens: inputTokens, output_tokens: textOfContent(content).length },
  }
}

/** Events without `event:` lines, and the usage in `message_stop`: the harness's form, which clients must get unchanged. */
function streamed(provider: HarnessProvider, request: MockRequest): Answer {
  const content = contentOf(provider, `Mock streaming response from ${provider.name}`)
  const words = wordsOf(textOfContent(content))
  if (request.endpoint.dialect !== 'anthropic') {
    return { reply: { text: words }, stream: true, paceMs: WORD_PACE_MS }
  }
  const start = {
    id: `msg_${idOf(12, 'harness', request.number)}`,
    type: 'message',
    role: 'assistant',
    content: [],
    model: modelOf(request) || 'mock-model',
    stop_reason: null,
    usage: { input_tokens: 0, output_tokens: 0 },
  }
  const events: readonly JsonObject[] = [
    { type: 'message_start', message: start },
    { type: 'content_block_start', index: 0, content_block: { type: 'text', text: '' } },
    ...words.map((text) => ({ type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text } })),
    { type: 'content_block_stop', index: 0 },
    { type: 'message_stop', usage: { input_tokens: 10, output_tokens: words.length } },
  ]
  return { events: events.map((data) => ({ data })), paceMs: WORD_PACE_MS }
}

function textOfContent(content: Json): string {
  return typeof content === 'string' ? content : JSON.stringify(content)
}

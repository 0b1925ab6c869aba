import {
  type ConversionContext,
  type ConvertedAnswer,
  convertChatResponseToAnthropic,
  convertOpenAiErrorToAnthropic,
  convertResponsesResponseToAnthropic,
  createChatToAnthropicStream,
  createResponsesToAnthropicStream,
  encodeAnthropicEvents,
  type FailedAnswer,
  type StreamConverter,
} from '@lb/convert'
import {
  type Anthropic,
  type CredentialOwner,
  classify,
  err,
  type Failure,
  type Json,
  type JsonObject,
  ok,
  parseJson,
  type Result,
  stringifyJson,
} from '@lb/protocol'
import type { Adapter, RefusedAnswer, WholeAnswer } from './adapter.ts'
import { type ClientEvents, convertingReader, failureOf } from './converting-reader.ts'

/** How one of OpenAI's dialects is read for an Anthropic client. */
interface OpenAiDialect {
  stream(context: ConversionContext, options: { readonly startOn: 'first-chunk' }): StreamConverter<Anthropic.Event>
  whole(body: Json, context: ConversionContext): Result<ConvertedAnswer<Anthropic.Message>, FailedAnswer>
}

const dialects: Readonly<Record<'chat' | 'responses', OpenAiDialect>> = {
  chat: { stream: createChatToAnthropicStream, whole: convertChatResponseToAnthropic },
  responses: { stream: createResponsesToAnthropicStream, whole: convertResponsesResponseToAnthropic },
}

/** Between an Anthropic client and an upstream that speaks one of OpenAI's dialects. */
export function openAiToAnthropicAdapter(
  dialect: 'chat' | 'responses',
  context: ConversionContext,
  maxEventBytes: number,
): Adapter {
  const { stream, whole } = dialects[dialect]
  return {
    createReader: (credential) =>
      convertingReader({
        converter: stream(context, { startOn: 'first-chunk' }),
        client: anthropicEvents,
        credential,
        maxEventBytes,
      }),
    readWhole(body, credential) {
      if (body.length === 0) return err(classify({ seen: 'bad-response', reason: 'empty' }))
      const parsed = parseJson(body.toString('utf8'))
      if (!parsed.ok) return err(classify({ seen: 'bad-response', reason: 'invalid-json' }))
      const converted = whole(parsed.value, context)
      if (!converted.ok) return err(wholeFailure(converted.error.upstream, credential))
      const { value } = converted.value
      return ok({
        body: Buffer.from(stringifyJson(value)),
        usage: { ...value.usage } as JsonObject,
      } satisfies WholeAnswer)
    },
    // The converters take a whole answer for a stream of one event.
    explode: (body) =>
      ok(Buffer.from(`data: ${body.toString('utf8').replaceAll(/[\r\n]+/g, ' ')}\n\ndata: [DONE]\n\n`)),
    readRefusal({ status, headers, body, epochMs }) {
      const converted = convertOpenAiErrorToAnthropic({ status, headers, body: body.toString('utf8'), epochMs })
      return { ...converted, body: Buffer.from(JSON.stringify(converted.body)) } satisfies RefusedAnswer
    },
  }
}

/** What the attempt loop must know about Anthropic's events. */
const anthropicEvents: ClientEvents<Anthropic.Event> = {
  encode: encodeAnthropicEvents,
  stopReasonOf: (event) => (event.type === 'message_delta' ? (event.delta.stop_reason ?? undefined) : undefined),
  roleOf({ type }) {
    return Object.hasOwn(roles, type) ? (roles[type] ?? 'plain') : 'plain'
  },
}

const roles: Readonly<Record<string, ReturnType<ClientEvents<Anthropic.Event>['roleOf']>>> = {
  message_start: 'opening',
  content_block_delta: 'content',
  content_block_stop: 'block-end',
  message_delta: 'content',
  error: 'error',
}

function wholeFailure(upstream: Json | undefined, credential: CredentialOwner): Failure {
  return upstream === undefined
    ? classify({ seen: 'bad-response', reason: 'not-a-message' })
    : failureOf(upstream, credential)
}

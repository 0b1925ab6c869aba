import {
  type ConversionContext,
  convertChatErrorToAnthropic,
  convertChatResponseToAnthropic,
  createChatToAnthropicStream,
  encodeAnthropicEvents,
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

/** Between an Anthropic client and an upstream that speaks Chat Completions. */
export function chatToAnthropicAdapter(context: ConversionContext, maxEventBytes: number): Adapter {
  const createReader: Adapter['createReader'] = (credential) =>
    convertingReader({
      converter: createChatToAnthropicStream(context, { startOn: 'first-chunk' }),
      client: anthropicEvents,
      credential,
      maxEventBytes,
    })
  return {
    createReader,
    readWhole: (body, credential) => readChatAnswer(body, context, credential),
    // The converter takes a whole answer for a stream of one chunk.
    explode: (body) =>
      ok(Buffer.from(`data: ${body.toString('utf8').replaceAll(/[\r\n]+/g, ' ')}\n\ndata: [DONE]\n\n`)),
    readRefusal({ status, headers, body, epochMs }) {
      const converted = convertChatErrorToAnthropic({ status, headers, body: body.toString('utf8'), epochMs })
      return { ...converted, body: Buffer.from(JSON.stringify(converted.body)) } satisfies RefusedAnswer
    },
  }
}

/** What the attempt loop must know about Anthropic's events. */
export const anthropicEvents: ClientEvents<Anthropic.Event> = {
  encode: encodeAnthropicEvents,
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

function readChatAnswer(
  body: Buffer,
  context: ConversionContext,
  credential: CredentialOwner,
): Result<WholeAnswer, Failure> {
  if (body.length === 0) return err(classify({ seen: 'bad-response', reason: 'empty' }))
  const parsed = parseJson(body.toString('utf8'))
  if (!parsed.ok) return err(classify({ seen: 'bad-response', reason: 'invalid-json' }))
  const converted = convertChatResponseToAnthropic(parsed.value, context)
  if (!converted.ok) return err(wholeFailure(converted.error.upstream, credential))
  const { value } = converted.value
  return ok({ body: Buffer.from(stringifyJson(value)), usage: value.usage as unknown as JsonObject })
}

function wholeFailure(upstream: Json | undefined, credential: CredentialOwner): Failure {
  return upstream === undefined
    ? classify({ seen: 'bad-response', reason: 'not-a-message' })
    : failureOf(upstream, credential)
}

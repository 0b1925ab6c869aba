import {
  type ChatClientContext,
  type ChatStreamEvent,
  type ConversionContext,
  type ConvertedAnswer,
  convertAnthropicErrorToOpenAi,
  convertAnthropicResponseToChat,
  convertChatResponseToAnthropic,
  convertOpenAiErrorToAnthropic,
  convertResponsesResponseToAnthropic,
  createAnthropicToChatStream,
  createChatToAnthropicStream,
  createResponsesToAnthropicStream,
  type FailedAnswer,
  responsesBodyAsEvent,
  type StreamConverter,
} from '@lb/convert'
import {
  type Anthropic,
  anthropicEventKeep,
  anthropicMessageKeep,
  type Json,
  type JsonProblem,
  type JsonTree,
  parseChatAnswer,
  parseJson,
  parseJsonKeeping,
  type Result,
  stringifyJson,
} from '@lb/protocol'
import { chainedStream, joinedLosses } from './chained-stream.ts'
import { readChatRefusal } from './chat-refusal.ts'
import { anthropicEvents, anthropicUsage, chatEvents } from './client-events.ts'
import { type Conversion, refusalBy } from './converting-adapter.ts'

/** A stream begins with the upstream's first word: what is shown when is the attempt loop's business. */
const atOnce = { startOn: 'first-chunk' } as const

interface OpenAiDialect {
  readonly parse: Conversion<Anthropic.Event>['parse']
  stream(context: ConversionContext, options: typeof atOnce): StreamConverter<Anthropic.Event>
  whole(body: Json, context: ConversionContext): Result<ConvertedAnswer<Anthropic.Message>, FailedAnswer>
}

/** How OpenAI's dialects are read for an Anthropic client. */
const openAiDialects: Readonly<Record<'chat' | 'responses', OpenAiDialect>> = {
  chat: { parse: parseChatAnswer, stream: createChatToAnthropicStream, whole: convertChatResponseToAnthropic },
  responses: {
    parse: parseJson,
    stream: createResponsesToAnthropicStream,
    whole: convertResponsesResponseToAnthropic,
  },
}

/** The answers of an upstream that speaks one of OpenAI's dialects, for an Anthropic client. */
export function openAiForAnthropic(
  dialect: 'chat' | 'responses',
  context: ConversionContext,
): Conversion<Anthropic.Event> {
  const { parse, stream, whole } = openAiDialects[dialect]
  return {
    client: anthropicEvents,
    parse,
    stream: () => stream(context, atOnce),
    whole: (body) => whole(body as Json, context),
    explode: explodes[dialect],
    readRefusal: refusalBy(convertOpenAiErrorToAnthropic),
  }
}

/** The answers of an upstream that speaks Anthropic's dialect, for a Chat client. */
export function anthropicForChat(context: ChatClientContext): Conversion<ChatStreamEvent> {
  return {
    client: chatEvents,
    parse: parseAnthropic,
    usage: anthropicUsage,
    stream: () => createAnthropicToChatStream(context, atOnce),
    whole: (body) => convertAnthropicResponseToChat(body, context),
    explode: (message) =>
      `data: {"type":"message_start","message":${stringifyJson(message)}}\n\ndata: {"type":"message_stop"}\n\n`,
    readRefusal: refusalBy(convertAnthropicErrorToOpenAi),
  }
}

/** The answers of an upstream that speaks Responses, for a Chat client: by way of Anthropic's dialect. */
export function responsesForChat(context: ConversionContext, client: ChatClientContext): Conversion<ChatStreamEvent> {
  const { stream, whole } = openAiDialects.responses
  return {
    client: chatEvents,
    parse: parseJson,
    stream: () => chainedStream(stream(context, atOnce), createAnthropicToChatStream(client, atOnce)),
    whole(body) {
      const first = whole(body as Json, context)
      if (!first.ok) return first
      const second = convertAnthropicResponseToChat(first.value.value as unknown as JsonTree, client)
      if (!second.ok) return second
      return {
        ok: true,
        value: { ...second.value, losses: joinedLosses(first.value.losses, second.value.losses) },
      }
    },
    explode: explodes.responses,
    // OpenAI has one shape of errors for both of its dialects.
    readRefusal: readChatRefusal,
  }
}

/** A whole answer as a stream: Chat's converter takes it for a chunk; of Responses it is what the last event holds. */
const explodes: Readonly<Record<'chat' | 'responses', (body: JsonTree) => string>> = {
  chat: (body) => `data: ${stringifyJson(body)}\n\ndata: [DONE]\n\n`,
  responses: (body) => `data: ${stringifyJson(responsesBodyAsEvent(body as Json))}\n\n`,
}

/** Arguments may come whole, in an answer or with the beginning of a call: then they are kept as the model's text. */
function parseAnthropic(text: string): Result<JsonTree, JsonProblem> {
  return text.includes('"tool_use"') ? parseJsonKeeping(text, anthropicKeep) : parseJson(text)
}

const anthropicKeep = { ...anthropicMessageKeep, ...anthropicEventKeep }

import { isJsonObject, type Json, stringifyJson } from '@lb/protocol'
import { describe, expect, test } from 'vitest'
import { chatContext } from '../testing/chat-streams.ts'
import { contextFor, profileOf } from '../testing/context.ts'
import { exchanges, ran } from '../testing/corpus.ts'
import { patient } from '../testing/cuts.ts'
import { dataOf } from '../testing/meaning.ts'
import { anthropicNamed, named, read, readChat } from '../testing/requests.ts'
import { type Claim, wrongClaims } from '../testing/sdk-claims.ts'
import { feed } from '../testing/streams.ts'
import * as convert from './index.ts'

const chats = exchanges('openai-chat').filter(({ status }) => status === 200)
const messages = exchanges('anthropic-messages').filter(({ status }) => status === 200)
const options = { model: 'gpt-4.1', seed: 's', serverTools: 'drop', lenient: true } as const

/**
 * Members that are no part of the official types: those that vendors have added to Chat and that their clients read, and
 * sources in a stream, which OpenAI itself sends there.
 */
const extensions: ReadonlySet<string> = new Set([
  'reasoning_content',
  'reasoning_details',
  'cache_write_tokens',
  'annotations',
])
const officialOnly = (json: string): string =>
  JSON.stringify(JSON.parse(json, (name, value) => (extensions.has(name) ? undefined : value)))

/** The types demand an id and a status of what the model said; the API does not, and Codex sends neither. */
const identified = (json: string): string =>
  JSON.stringify(
    JSON.parse(json, (_name, value) =>
      value?.type === 'message' && value.role === 'assistant' ? { id: 'msg_1', status: 'completed', ...value } : value,
    ),
  )

describe('the types of the official SDKs accept what is produced (I26)', patient, () => {
  const check = (what: string, claims: readonly Claim[]): void => {
    expect(wrongClaims(claims)).toEqual([])
    ran(what, { claims: claims.length })
  }

  test('answers for Anthropic clients', () => {
    const claims = chats.flatMap(({ id: name, provider, stream, response_body }): readonly Claim[] => {
      const context = contextFor(profileOf(provider))
      if (stream) {
        const { events } = feed(convert.createChatToAnthropicStream(context), dataOf(String(response_body)))
        return events.map((event) => typed(event, name))
      }
      const converted = convert.convertChatResponseToAnthropic(response_body, context)
      return converted.ok ? [{ type: 'Anthropic.Message', json: stringifyJson(converted.value.value), name }] : []
    })
    check('answers in the types of the Anthropic SDK', sample(claims))
  })

  test('answers for Chat clients', () => {
    const claims = messages.flatMap(({ id: name, stream, response_body }): readonly Claim[] => {
      if (stream) {
        const { events } = feed(
          convert.createAnthropicToChatStream(chatContext()),
          dataOf(String(response_body)),
          false,
        )
        const chunks = events.flatMap((event) => (event.type === 'chunk' ? [event.chunk] : []))
        return chunks.map((chunk) => ({
          type: 'OpenAI.ChatCompletionChunk',
          json: officialOnly(stringifyJson(chunk)),
          name,
        }))
      }
      const converted = convert.convertAnthropicResponseToChat(response_body, chatContext())
      if (!converted.ok) return []
      return [{ type: 'OpenAI.ChatCompletion', json: officialOnly(stringifyJson(converted.value.value)), name }]
    })
    check('answers in the types of the OpenAI SDK', sample(claims))
  })

  test('requests', () => {
    const toChat = requestsOf(messages).flatMap(([name, body]): readonly Claim[] => {
      const chat = convert.convertAnthropicRequestToChat(read(body), named('openai'), options)
      const items = convert.convertAnthropicRequestToResponses(read(body), named('openai-responses'), options)
      return [
        ...(chat.ok
          ? [{ type: 'OpenAI.ChatCompletionCreateParams', json: stringifyJson(chat.value.value), name }]
          : []),
        ...(items.ok
          ? [
              {
                type: 'OpenAI.Responses.ResponseCreateParams',
                json: identified(stringifyJson(items.value.value)),
                name,
              },
            ]
          : []),
      ]
    })
    const toAnthropic = requestsOf(chats).flatMap(([name, body]): readonly Claim[] => {
      const converted = convert.convertChatRequestToAnthropic(readChat(body), anthropicNamed('anthropic'), {
        ...options,
        model: 'claude-opus-5',
      })
      return converted.ok
        ? [{ type: 'Anthropic.MessageCreateParams', json: stringifyJson(converted.value.value), name }]
        : []
    })
    check('requests in the types of the SDKs', sample([...toChat, ...toAnthropic]))
  })

  test('and would not accept anything', () => {
    const claims = [
      { type: 'Anthropic.Message', json: '{"id":"x"}', name: 'poor' },
      { type: 'OpenAI.ChatCompletionMessageParam', json: '{"role":"user","content":"x","more":1}', name: 'rich' },
    ]
    expect(wrongClaims(claims).map((line) => line.split(':')[0])).toEqual(['poor', 'rich'])
  })
})

function typed(event: { readonly type: string }, name: string): Claim {
  const isError = event.type === 'error'
  const json = stringifyJson(event as never)
  return { type: isError ? 'Anthropic.ErrorResponse' : 'Anthropic.RawMessageStreamEvent', json, name }
}

function requestsOf(
  all: readonly { readonly id: string; readonly request: Json }[],
): readonly (readonly [string, object])[] {
  return all.flatMap(({ id, request }) => (isJsonObject(request) ? [[id, request] as const] : []))
}

/** Events of one shape are one claim: the compiler looks at shapes, not at texts. */
function sample(claims: readonly Claim[]): readonly Claim[] {
  const shapes = new Map<string, Claim>()
  for (const claim of claims) {
    const key = claim.type + claim.json.replace(/"(?:[^"\\]|\\.)*"(?!\s*:)/g, '""').replace(/[\d.]+/g, '0')
    if (!shapes.has(key)) shapes.set(key, claim)
  }
  return [...shapes.values()]
}

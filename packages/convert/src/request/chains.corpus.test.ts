import type { Anthropic, Json, JsonTree } from '@lb/protocol'
import { describe, expect, test } from 'vitest'
import { chatContext } from '../../testing/chat-streams.ts'
import { contextFor, profileOf } from '../../testing/context.ts'
import { type Exchange, exchanges, ran } from '../../testing/corpus.ts'
import { patient } from '../../testing/cuts.ts'
import { dataOf, meaningOfCompletion, meaningOfMessage } from '../../testing/meaning.ts'
import { read } from '../../testing/requests.ts'
import { feed } from '../../testing/streams.ts'
import { convertAnthropicResponseToChat } from '../response/anthropic-to-chat.ts'
import { convertChatResponseToAnthropic } from '../response/chat-to-anthropic.ts'
import { foldAnthropicEvents } from '../response/fold-anthropic.ts'
import { createChatToAnthropicStream } from '../stream/chat-to-anthropic.ts'
import { convertAnthropicRequestToChat } from './anthropic-to-chat.ts'

// Tests read requests of unknown shape freely; what they read is checked by comparison.
// biome-ignore lint/suspicious/noExplicitAny: see above.
type Any = any

const isAnswer = ({ status }: Exchange): boolean => status === 200
const chatExchanges = exchanges('openai-chat').filter(isAnswer)
const wholes = chatExchanges.filter(({ stream }) => !stream)
const messages = exchanges('anthropic-messages').filter((exchange) => isAnswer(exchange) && !exchange.stream)

/** The answer of an exchange as an Anthropic client gets it. */
function answerOf({ provider, stream, response_body }: Exchange): Anthropic.Message {
  const context = contextFor(profileOf(provider))
  if (stream)
    return foldAnthropicEvents(feed(createChatToAnthropicStream(context), dataOf(String(response_body))).events)
  const converted = convertChatResponseToAnthropic(response_body, context)
  if (!converted.ok) throw new Error(JSON.stringify(converted.error.body))
  return converted.value.value
}

function asCompletion(message: Json): Any {
  const converted = convertAnthropicResponseToChat(message as JsonTree, chatContext())
  if (!converted.ok) throw new Error(JSON.stringify(converted.error.body))
  return converted.value.value
}

const plain = (value: unknown): Any => JSON.parse(JSON.stringify(value))
const mainReasons: ReadonlySet<string> = new Set(['stop', 'length', 'tool_calls', 'content_filter'])

describe('answers that were converted and converted back', patient, () => {
  test('I13: a Chat answer means the same and ended for the same reason', () => {
    let reasons = 0
    for (const exchange of wholes) {
      const back = asCompletion(plain(answerOf(exchange)))
      const { text, ...meaning } = meaningOfCompletion(back)
      const { text: said, ...source } = meaningOfCompletion(exchange.response_body)
      expect(meaning, exchange.id).toEqual(source)
      expect(text.replace(/\s+/g, ''), exchange.id).toBe(said.replace(/\s+/g, ''))
      const reason = (exchange.response_body as Any).choices[0].finish_reason
      // Many servers say "stop" where they mean a call.
      const hasCalls = (back.choices[0].message.tool_calls ?? []).length > 0
      if (!mainReasons.has(reason) || (reason === 'stop' && hasCalls)) continue
      expect(back.choices[0].finish_reason, exchange.id).toBe(reason)
      reasons += 1
    }
    ran('Chat answers to Anthropic and back', { exchanges: wholes.length, reasons })
  })

  test('I12: an Anthropic answer means the same and ended for the same reason', () => {
    const twins: Readonly<Record<string, string>> = { stop_sequence: 'end_turn', pause_turn: 'max_tokens' }
    let count = 0
    for (const { id, response_body } of messages) {
      const source = response_body as Any
      const isHosted = source.content.some((block: Any) => (block.caller?.type ?? 'direct') !== 'direct')
      if (isHosted) continue
      count += 1
      const converted = convertChatResponseToAnthropic(asCompletion(source), contextFor(profileOf('openai')))
      if (!converted.ok) throw new Error(`${id}: ${JSON.stringify(converted.error.body)}`)
      const { text, ...meaning } = meaningOfMessage(plain(converted.value.value))
      const { text: said, ...wanted } = meaningOfMessage(source)
      expect(meaning, id).toEqual(wanted)
      expect(text.replace(/\s+/g, ''), id).toBe(said.replace(/\s+/g, ''))
      expect(converted.value.value.stop_reason, id).toBe(twins[source.stop_reason] ?? source.stop_reason)
    }
    ran('Anthropic answers to Chat and back', { exchanges: count })
  })
})

describe('conversations', patient, () => {
  test('I18: an answer that an Anthropic client sends back is what a Chat client sends back', () => {
    const later = new Map(chatExchanges.map((exchange) => [exchange.id, exchange]))
    const counts = { chains: 0, calls: 0 }
    for (const exchange of chatExchanges) {
      const [, name, place] = exchange.id.match(/^(.*)#(\d+)$/) ?? []
      const next: Any = later.get(`${name}#${Number(place) + 1}`)?.request
      const answer = plain(answerOf(exchange))
      const sent = repliesIn(next).find((reply) => isReplyOf(reply, answer))
      if (sent === undefined) continue
      const reply = replayed(answer, exchange)
      expect(callsIn(reply), exchange.id).toEqual(callsIn(sent))
      expect(textIn(reply), exchange.id).toBe(textIn(sent))
      counts.chains += 1
      counts.calls += callsIn(sent).length
    }
    ran('chains of Chat answers', counts)
  })
})

function repliesIn(request: Any): readonly Any[] {
  const sent: readonly Any[] = request?.messages ?? []
  return sent.filter(({ role }) => role === 'assistant')
}

/** The client may have left text or reasoning out; a call it has to answer is the same call. */
function isReplyOf(reply: Any, answer: Any): boolean {
  const ids = answer.content.flatMap(({ type, id }: Any) => (type === 'tool_use' ? [id] : []))
  return ids.length > 0 && JSON.stringify((reply.tool_calls ?? []).map(({ id }: Any) => id)) === JSON.stringify(ids)
}

function callsIn(reply: Any): readonly unknown[] {
  return (reply.tool_calls ?? []).map(({ id, function: fn }: Any) => [id, fn.name, JSON.parse(fn.arguments || '{}')])
}

/** What was said; some clients write the reasoning in front of it. */
function textIn({ content }: Any): string {
  const parts: readonly Any[] = Array.isArray(content) ? content : [{ text: content ?? '' }]
  const text = parts.map((part) => part.text ?? '').join('')
  return text.replace(/^<think>[\s\S]*<\/think>/, '').trim()
}

/** The assistant message of the next request, had an Anthropic client got the answer. */
function replayed(answer: Any, { provider }: Exchange): Any {
  const results = answer.content.flatMap(({ type, id }: Any) =>
    type === 'tool_use' ? [{ type: 'tool_result', tool_use_id: id, content: 'r' }] : [],
  )
  const turns = [
    { role: 'user', content: 'x' },
    { role: 'assistant', content: answer.content },
    { role: 'user', content: results },
  ]
  const request = read({ model: 'm', max_tokens: 9, messages: turns })
  const converted = convertAnthropicRequestToChat(request, profileOf(provider), {
    model: 'm',
    seed: 's',
    preferResponses: false,
  })
  if (!converted.ok) throw new Error(converted.error.message)
  return repliesIn(converted.value.value)[0]
}

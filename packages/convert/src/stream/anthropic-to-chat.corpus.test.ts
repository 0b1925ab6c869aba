import { anthropicMessageKeep, type Json, parseJsonKeeping } from '@lb/protocol'
import { describe, expect, test } from 'vitest'
import { chatContext } from '../../testing/chat-streams.ts'
import { type Exchange, exchanges, ran } from '../../testing/corpus.ts'
import { cutAtRandom, cuttings, patient, seeded, through } from '../../testing/cuts.ts'
import { chatGrammarProblems } from '../../testing/grammar.ts'
import { dataOf, meaningOfCompletion, meaningOfMessage } from '../../testing/meaning.ts'
import { readWithOpenAiSdk } from '../../testing/sdk.ts'
import { feed } from '../../testing/streams.ts'
import { convertAnthropicResponseToChat } from '../response/anthropic-to-chat.ts'
import { foldChatEvents } from '../response/fold-chat.ts'
import { createAnthropicToChatStream } from './anthropic-to-chat.ts'
import { createAnthropicToChatByteStream } from './anthropic-to-chat-bytes.ts'
import { encodeChatEvents } from './chat-events.ts'

const answered = exchanges('anthropic-messages').filter(({ status }) => status === 200)
const streams = answered.filter(({ stream }) => stream)
const wholes = answered.filter(({ stream }) => !stream)
const encoder = new TextEncoder()
const sseOf = ({ response_body }: Exchange): string => String(response_body)
const context = chatContext()

/** The fixture that is two answers spliced together: the second one makes the first an error. */
const isSpliced = ({ id }: Exchange): boolean => id.includes('spliced-message-start')

describe('streams', patient, () => {
  test('I9: the grammar holds, the official SDK reads them, and nothing is lost', async () => {
    for (const exchange of streams.filter((one) => !isSpliced(one))) {
      const { events, report } = feed(createAnthropicToChatStream(context), dataOf(sseOf(exchange)), false)
      expect(chatGrammarProblems(events, true), exchange.id).toEqual([])
      expect(report.phase, exchange.id).toBe('finished')
      const understood = await readWithOpenAiSdk(encodeChatEvents(events))
      const folded = foldChatEvents(events)
      expect(understood.choices[0]?.message.content ?? '', exchange.id).toBe(folded.choices[0]?.message.content ?? '')
      expect(understood.choices[0]?.message.tool_calls ?? [], exchange.id).toMatchObject(
        folded.choices[0]?.message.tool_calls ?? [],
      )
      expect(understood.choices[0]?.finish_reason, exchange.id).toBe(folded.choices[0]?.finish_reason)
      expect(understood.usage, exchange.id).toEqual(folded.usage)
      expect(withoutSpace(meaningOfCompletion(folded)), exchange.id).toEqual(
        withoutSpace(meaningOfEvents(dataOf(sseOf(exchange)))),
      )
    }
    ran('Anthropic streams judged by the OpenAI SDK', {
      streams: streams.length - streams.filter(isSpliced).length,
      spliced: streams.filter(isSpliced).length,
    })
  })

  test('a spliced stream is an error', () => {
    for (const exchange of streams.filter(isSpliced)) {
      const { events, report } = feed(createAnthropicToChatStream(context), dataOf(sseOf(exchange)), false)
      expect([report.phase, events.at(-1)?.type]).toEqual(['failed', 'error'])
    }
  })

  test('I10: any cutting of the bytes gives the same bytes', () => {
    const random = seeded(10)
    for (const exchange of streams) {
      const bytes = encoder.encode(sseOf(exchange))
      const once = through(createAnthropicToChatByteStream(context), [bytes])
      for (let attempt = 0; attempt < cuttings; attempt += 1) {
        expect(through(createAnthropicToChatByteStream(context), cutAtRandom(bytes, random)), exchange.id).toBe(once)
      }
    }
    ran('Anthropic streams cut into pieces', { streams: streams.length, cuttings: streams.length * cuttings })
  })

  test('I6: a stream that is cut before its stop reason is an error, and never has an end', () => {
    const random = seeded(11)
    for (const exchange of streams) {
      const sse = sseOf(exchange)
      const end = sse.search(/"stop_reason":\s*"/)
      for (let attempt = 0; attempt < cuttings; attempt += 1) {
        const bytes = encoder.encode(sse).subarray(0, Math.floor(random() * end))
        const stream = createAnthropicToChatByteStream(context)
        expect(through(stream, [bytes]), exchange.id).not.toContain('[DONE]')
        expect(stream.report().phase, exchange.id).toBe('failed')
      }
    }
    ran('Anthropic streams cut off', { streams: streams.length, cuts: streams.length * cuttings })
  })
})

describe('whole answers', patient, () => {
  test('I11: nothing is lost, and the totals are those of the source', () => {
    for (const exchange of wholes) {
      const parsed = parseJsonKeeping(JSON.stringify(exchange.response_body), anthropicMessageKeep)
      const converted = convertAnthropicResponseToChat(parsed.ok ? parsed.value : null, context)
      if (!converted.ok) throw new Error(`${exchange.id}: ${JSON.stringify(converted.error.body)}`)
      const { usage } = Object(exchange.response_body)
      const input = usage.input_tokens + (usage.cache_read_input_tokens ?? 0) + (usage.cache_creation_input_tokens ?? 0)
      expect(converted.value.value.usage, exchange.id).toMatchObject({
        prompt_tokens: input,
        completion_tokens: usage.output_tokens,
        total_tokens: input + usage.output_tokens,
      })
      expect(withoutSpace(meaningOfCompletion(converted.value.value)), exchange.id).toEqual(
        withoutSpace(meaningOfDirect(exchange.response_body)),
      )
    }
    ran('whole Anthropic answers', { exchanges: wholes.length })
  })
})

/** Blank lines between texts are not what is compared. */
function withoutSpace<T extends { readonly text: string }>(meaning: T): T {
  return { ...meaning, text: meaning.text.replace(/\s+/g, '') }
}

/** The meaning of a message without the calls that code made: a Chat client could not answer them. */
function meaningOfDirect(message: Json): ReturnType<typeof meaningOfMessage> {
  const { content } = Object(message)
  return meaningOfMessage({
    content: content.filter(
      (block: { readonly caller?: { readonly type: string } }) => (block.caller?.type ?? 'direct') === 'direct',
    ),
  })
}

/** The same of a stream, put together as permissively as can be. */
function meaningOfEvents(events: ReturnType<typeof dataOf>): ReturnType<typeof meaningOfMessage> {
  const blocks: { [name: string]: unknown; text?: string; thinking?: string; said?: string }[] = []
  for (const event of events) {
    if (event.type === 'message_start') blocks.push(...event.message.content)
    if (event.type === 'content_block_start') blocks[event.index] = { ...event.content_block }
    if (event.type !== 'content_block_delta') continue
    const block = blocks[event.index] ?? { type: event.delta.type === 'text_delta' ? 'text' : 'thinking' }
    blocks[event.index] = block
    block.text = (block.text ?? '') + (event.delta.text ?? '')
    block.thinking = (block.thinking ?? '') + (event.delta.thinking ?? '')
    block.said = (block.said ?? '') + (event.delta.partial_json ?? '')
  }
  const content = blocks.map((block) => (block.said ? { ...block, input: JSON.parse(block.said) } : block))
  return meaningOfDirect({ content } as unknown as Json)
}

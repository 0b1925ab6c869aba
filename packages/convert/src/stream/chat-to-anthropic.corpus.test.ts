import type { Anthropic, Json } from '@lb/protocol'
import { describe, expect, test } from 'vitest'
import { contextFor, profileOf } from '../../testing/context.ts'
import { type Exchange, exchanges, ran } from '../../testing/corpus.ts'
import { cutAtRandom, cuttings, patient, seeded, shortBytes, through } from '../../testing/cuts.ts'
import { anthropicGrammarProblems } from '../../testing/grammar.ts'
import { dataOf, meaningOfChunks, meaningOfCompletion, meaningOfMessage } from '../../testing/meaning.ts'
import { readWithAnthropicSdk } from '../../testing/sdk.ts'
import { feed } from '../../testing/streams.ts'
import { convertChatResponseToAnthropic } from '../response/chat-to-anthropic.ts'
import { foldAnthropicEvents } from '../response/fold-anthropic.ts'
import { createChatToAnthropicStream } from './chat-to-anthropic.ts'
import { createChatToAnthropicByteStream } from './chat-to-anthropic-bytes.ts'
import { encodeAnthropicEvents } from './encode.ts'

const answered = exchanges('openai-chat').filter(({ status }) => status === 200)
const streams = answered.filter(({ stream }) => stream)
const wholes = answered.filter(({ stream }) => !stream)

const encoder = new TextEncoder()
const sseOf = ({ response_body }: Exchange): string => String(response_body)
const contextOf = ({ provider }: Exchange) => contextFor(profileOf(provider))
const convert = (exchange: Exchange, sse = sseOf(exchange)) =>
  feed(createChatToAnthropicStream(contextOf(exchange)), dataOf(sse), sse.includes('[DONE]'))
/** The one stream of the corpus that holds an error. */
const failing = (exchange: Exchange): boolean => sseOf(exchange).includes('"tool_use_failed"')

describe('streams', patient, () => {
  test('I1: the grammar holds, and an error of the upstream is never swallowed', () => {
    for (const exchange of streams) {
      const { events, report } = convert(exchange)
      expect(anthropicGrammarProblems(events), exchange.id).toEqual([])
      expect(report.phase, exchange.id).toBe(failing(exchange) ? 'failed' : 'finished')
    }
    ran('Chat streams in the grammar', { streams: streams.length, failing: streams.filter(failing).length })
  })

  test('I2: the official SDK understands what the source says', async () => {
    const judged = streams.filter((exchange) => !failing(exchange))
    for (const exchange of judged) {
      const understood = await readWithAnthropicSdk(encodeAnthropicEvents(convert(exchange).events))
      expect(meaningOfMessage(understood), exchange.id).toEqual(meaningOfChunks(dataOf(sseOf(exchange))))
    }
    ran('Chat streams judged by the Anthropic SDK', { streams: judged.length })
  })

  test('I4: any cutting of the bytes gives the same bytes', () => {
    const random = seeded(4)
    let cut = 0
    for (const exchange of streams) {
      const bytes = encoder.encode(sseOf(exchange))
      const once = through(createChatToAnthropicByteStream(contextOf(exchange)), [bytes])
      const ways =
        bytes.length <= shortBytes
          ? everyCut(bytes)
          : Array.from({ length: cuttings }, () => cutAtRandom(bytes, random))
      for (const pieces of ways)
        expect(through(createChatToAnthropicByteStream(contextOf(exchange)), pieces), exchange.id).toBe(once)
      cut += ways.length
    }
    ran('Chat streams cut into pieces', { streams: streams.length, cuttings: cut })
  })

  test('I5: line ends, byte order marks and comments change nothing', () => {
    for (const exchange of streams) {
      const sse = sseOf(exchange).replaceAll('\r\n', '\n')
      const plain = through(createChatToAnthropicByteStream(contextOf(exchange)), [encoder.encode(sse)])
      const ugly = [
        sse.replaceAll('\n', '\r\n'),
        sse.replaceAll('\n', '\r'),
        `\ufeff${sse}`,
        `: hello\n\n${sse.replaceAll('\n\ndata: {', '\n\n: OPENROUTER PROCESSING\n\ndata: {')}`,
        sse.replaceAll('data: {', 'data:{'),
        sse.replaceAll('data: {', 'id: 7\nretry: 10\ndata: {'),
      ]
      for (const spelling of ugly) {
        expect(
          through(createChatToAnthropicByteStream(contextOf(exchange)), [encoder.encode(spelling)]),
          exchange.id,
        ).toBe(plain)
      }
    }
    ran('Chat streams spelled in 6 ways', { streams: streams.length })
  })

  test('I6: a stream that is cut before its end is an error, and never has an end', () => {
    const random = seeded(6)
    let cut = 0
    for (const exchange of streams) {
      const sse = sseOf(exchange)
      const end = sse.search(/"finish_reason":\s*"/)
      for (let attempt = 0; attempt < cuttings; attempt += 1) {
        const bytes = encoder.encode(sse).subarray(0, Math.floor(random() * (end === -1 ? sse.length / 2 : end)))
        const stream = createChatToAnthropicByteStream(contextOf(exchange))
        const out = through(stream, [bytes])
        expect(out, exchange.id).not.toContain('message_stop')
        expect(stream.report().phase, exchange.id).toBe('failed')
        cut += 1
      }
    }
    ran('Chat streams cut off', { streams: streams.length, cuts: cut })
  })

  test('I8: usage adds up to what the source says', () => {
    let counted = 0
    for (const exchange of streams) {
      const usages = dataOf(sseOf(exchange)).flatMap((chunk) => chunk.usage ?? chunk.x_groq?.usage ?? [])
      const last = usages.at(-1)
      if (last === undefined) continue
      const { usage } = convert(exchange).report
      expect(sumOf(usage), exchange.id).toEqual(totalsOf(last))
      counted += 1
    }
    ran('usage of Chat streams', { streams: counted })
  })

  test('I20: the same stream gives the same events', () => {
    for (const exchange of streams) expect(convert(exchange)).toEqual(convert(exchange))
  })

  test('no event is held back that could be written: with one call at a time, every piece is out at once', () => {
    for (const exchange of streams) {
      const stream = createChatToAnthropicStream(contextOf(exchange))
      for (const chunk of dataOf(sseOf(exchange))) {
        const text = chunk.choices?.[0]?.delta?.content
        const out = JSON.stringify(stream.push(chunk))
        if (typeof text === 'string' && text !== '' && !JSON.stringify(chunk).includes('tool_calls":[')) {
          expect(out, exchange.id).toContain(JSON.stringify(text).slice(1, -1))
        }
      }
    }
  })
})

describe('whole answers', patient, () => {
  test('I3: nothing is lost', () => {
    for (const exchange of wholes) {
      expect(meaningOfMessage(convertedWhole(exchange)), exchange.id).toEqual(
        meaningOfCompletion(exchange.response_body),
      )
    }
    ran('whole Chat answers', { exchanges: wholes.length })
  })

  test('I2: the official SDK reads the same message from the stream', async () => {
    for (const exchange of wholes) {
      const { events } = feed(createChatToAnthropicStream(contextOf(exchange)), [exchange.response_body])
      const understood = await readWithAnthropicSdk(encodeAnthropicEvents(events))
      const { usage, ...message } = JSON.parse(JSON.stringify(convertedWhole(exchange)))
      expect(understood, exchange.id).toMatchObject(message)
      expect(understood.usage, exchange.id).toMatchObject({
        input_tokens: usage.input_tokens,
        output_tokens: usage.output_tokens,
      })
    }
    ran('whole Chat answers judged by the Anthropic SDK', { exchanges: wholes.length })
  })

  test('I7: chopped into random deltas, with calls interleaved, they mean the same', async () => {
    let chopped = 0
    for (const exchange of wholes) {
      const whole = convertedWhole(exchange)
      for (const seed of [1, 2, 3]) {
        const { events, report } = feed(
          createChatToAnthropicStream(contextOf(exchange)),
          chop(exchange.response_body, seeded(seed)),
        )
        expect(anthropicGrammarProblems(events), exchange.id).toEqual([])
        // The judge reads one of the three; the fold, which it has judged, reads all.
        const understood =
          seed === 1 ? await readWithAnthropicSdk(encodeAnthropicEvents(events)) : foldAnthropicEvents(events)
        expect(meaningOfMessage(understood), exchange.id).toEqual(meaningOfMessage(whole))
        expect(understood.stop_reason, exchange.id).toBe(whole.stop_reason)
        expect(idsIn(foldAnthropicEvents(events)), exchange.id).toEqual(idsIn(whole))
        expect(report.usage, exchange.id).toEqual(whole.usage)
        chopped += 1
      }
    }
    ran('whole Chat answers chopped into streams', { exchanges: wholes.length, streams: chopped })
  })

  test('I8: usage adds up to what the source says', () => {
    for (const exchange of wholes) {
      const { usage } = Object(exchange.response_body)
      expect(sumOf(convertedWhole(exchange).usage), exchange.id).toEqual(totalsOf(usage))
    }
  })
})

function everyCut(bytes: Uint8Array): readonly (readonly Uint8Array[])[] {
  return Array.from({ length: bytes.length }, (_, at) => [bytes.subarray(0, at), bytes.subarray(at)])
}

function convertedWhole(exchange: Exchange): Anthropic.Message {
  const converted = convertChatResponseToAnthropic(exchange.response_body, contextOf(exchange))
  if (!converted.ok) throw new Error(`${exchange.id}: ${JSON.stringify(converted.error.body)}`)
  return converted.value.value
}

function idsIn(message: Anthropic.Message): readonly string[] {
  return message.content.flatMap((block) => (block.type === 'tool_use' ? [block.id] : []))
}

function sumOf(usage: Anthropic.Usage | undefined): { readonly input: number; readonly output: number } {
  const { input_tokens = 0, output_tokens = 0, cache_read_input_tokens, cache_creation_input_tokens } = usage ?? {}
  return {
    input: input_tokens + (cache_read_input_tokens ?? 0) + (cache_creation_input_tokens ?? 0),
    output: output_tokens,
  }
}

/** The totals of a source: where the total is larger than its parts, hidden or excluded reasoning is the difference. */
function totalsOf(usage: { readonly prompt_tokens: number; readonly total_tokens: number }): {
  readonly input: number
  readonly output: number
} {
  return { input: usage.prompt_tokens, output: usage.total_tokens - usage.prompt_tokens }
}

/** A whole answer as a stream: every text in pieces, the pieces of several calls mixed. */
function chop(body: Json, random: () => number): readonly Json[] {
  const { choices, usage, ...head } = Object(body)
  const { message, finish_reason, ...others } = choices[0]
  const { tool_calls, content, reasoning, reasoning_content, refusal, ...rest } = message
  const delta = (said: Json): Json => ({ ...head, choices: [{ index: 0, delta: said, finish_reason: null }] })
  const pieces = (name: string, text: unknown) =>
    typeof text === 'string' ? cutText(text, random).map((piece) => delta({ [name]: piece })) : []
  const calls = mixed(
    (tool_calls ?? []).map((call: { readonly [name: string]: Json }, index: number) => chopCall(call, index, random)),
    random,
  )
  return [
    delta({ role: 'assistant', ...rest }),
    ...pieces('reasoning', reasoning),
    ...pieces('reasoning_content', reasoning_content),
    ...(Array.isArray(content) ? content.map((part: Json) => delta({ content: [part] })) : pieces('content', content)),
    ...pieces('refusal', refusal),
    ...calls.map((call) => delta({ tool_calls: [call] })),
    { ...head, choices: [{ ...others, index: 0, delta: {}, finish_reason }] },
    { ...head, choices: [], usage },
  ]
}

function chopCall(call: { readonly [name: string]: Json }, index: number, random: () => number): readonly Json[] {
  const { function: fn, custom, ...head } = call
  if (head['type'] === 'custom' || fn === undefined) return [{ ...call, index }]
  const { name, arguments: said } = Object(fn)
  const pieces = cutText(typeof said === 'string' ? said : JSON.stringify(said), random)
  return [
    { ...head, index, function: { name, arguments: '' } },
    ...pieces.map((piece) => ({ index, function: { arguments: piece } })),
  ]
}

function cutText(text: string, random: () => number): readonly string[] {
  const pieces: string[] = []
  for (let at = 0; at < text.length; ) {
    const end = at + 1 + Math.floor(random() * 12)
    pieces.push(text.slice(at, end))
    at = end
  }
  return pieces
}

/** Lists shuffled into one, each in its own order. Calls begin in order. */
function mixed(lists: readonly (readonly Json[])[], random: () => number): readonly Json[] {
  const left = lists.map((list) => [...list])
  const out: Json[] = []
  let begun = 0
  while (left.some((list) => list.length > 0)) {
    const open = left.slice(0, begun).filter((list) => list.length > 0)
    const canBegin = begun < left.length
    if (canBegin && (open.length === 0 || random() < 0.3)) {
      out.push(left[begun]?.shift() as Json)
      begun += 1
    } else out.push(open[Math.floor(random() * open.length)]?.shift() as Json)
  }
  return out
}

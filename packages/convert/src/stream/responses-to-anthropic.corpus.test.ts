import { describe, expect, test } from 'vitest'
import { contextFor } from '../../testing/context.ts'
import { type Exchange, exchanges, ran } from '../../testing/corpus.ts'
import { cutAtRandom, cuttings, patient, seeded, through } from '../../testing/cuts.ts'
import { anthropicGrammarProblems } from '../../testing/grammar.ts'
import { dataOf, meaningOfMessage, meaningOfResponse } from '../../testing/meaning.ts'
import { readWithAnthropicSdk } from '../../testing/sdk.ts'
import { feed } from '../../testing/streams.ts'
import { namedProfiles, type Profile } from '../index.ts'
import { convertResponsesResponseToAnthropic } from '../response/responses-to-anthropic.ts'
import { encodeAnthropicEvents } from './encode.ts'
import { createResponsesToAnthropicStream } from './responses-to-anthropic.ts'
import { createResponsesToAnthropicByteStream } from './responses-to-anthropic-bytes.ts'

const context = contextFor(namedProfiles['openai-responses'] as Profile)
const answered = exchanges('openai-responses').filter(({ status }) => status === 200)
const streams = answered.filter(({ stream }) => stream)
const wholes = answered.filter(({ stream }) => !stream)
const encoder = new TextEncoder()
const sseOf = ({ response_body }: Exchange): string => String(response_body)

/** Exchanges that are no whole answer, each with what is wrong with it. */
const exceptions: Readonly<Record<string, string>> = {
  'openai-error.1.chunks.txt': 'the recorded stream is one that failed for lack of credit',
  'parallel-tool-call-wrapper.1.chunks.txt': 'the recorded file holds a line that is no JSON',
  'test_background_mode_reasoning_vcr.yaml#0': 'a background response that is only queued',
}
const exceptionFor = ({ id }: Exchange): string | undefined =>
  Object.entries(exceptions).find(([name]) => id.endsWith(name))?.[1]

describe('streams', patient, () => {
  test('the grammar holds, the official SDK reads them, and nothing is lost', async () => {
    let judged = 0
    for (const exchange of streams.filter((one) => exceptionFor(one) === undefined)) {
      const data = dataOf(sseOf(exchange))
      const { events, report } = feed(createResponsesToAnthropicStream(context), data, false)
      expect(anthropicGrammarProblems(events), exchange.id).toEqual([])
      expect(report.phase, exchange.id).toBe('finished')
      const understood = await readWithAnthropicSdk(encodeAnthropicEvents(events))
      expect(meaningOfMessage(understood), exchange.id).toEqual(meaningOfResponse(finalResponse(data)))
      judged += 1
    }
    ran('Responses streams judged by the Anthropic SDK', {
      streams: judged,
      exceptions: streams.filter(exceptionFor).length,
    })
  })

  test('those that are no whole answer end in an error', () => {
    for (const exchange of streams.filter((one) => exceptionFor(one) !== undefined)) {
      const stream = createResponsesToAnthropicByteStream(context)
      expect(through(stream, [encoder.encode(sseOf(exchange))]), exchange.id).not.toContain('message_stop')
      expect(stream.report().phase, exchange.id).toBe('failed')
    }
  })

  test('any cutting of the bytes gives the same bytes', () => {
    const random = seeded(5)
    for (const exchange of streams) {
      const bytes = encoder.encode(sseOf(exchange))
      const once = through(createResponsesToAnthropicByteStream(context), [bytes])
      for (let attempt = 0; attempt < cuttings; attempt += 1) {
        expect(through(createResponsesToAnthropicByteStream(context), cutAtRandom(bytes, random)), exchange.id).toBe(
          once,
        )
      }
    }
    ran('Responses streams cut into pieces', { streams: streams.length, cuttings: streams.length * cuttings })
  })

  test('a stream that is cut before its end is an error', () => {
    const random = seeded(7)
    for (const exchange of streams) {
      const sse = sseOf(exchange)
      const end = sse.search(/data: *\{"(type":"response\.(completed|failed)"|response":)/)
      for (let attempt = 0; attempt < cuttings; attempt += 1) {
        const bytes = encoder
          .encode(sse)
          .subarray(0, Math.floor(random() * Math.max(1, end === -1 ? sse.length / 2 : end)))
        const stream = createResponsesToAnthropicByteStream(context)
        expect(through(stream, [bytes]), exchange.id).not.toContain('message_stop')
      }
    }
    ran('Responses streams cut off', { streams: streams.length, cuts: streams.length * cuttings })
  })
})

test('whole answers: nothing is lost, and the totals are those of the source', patient, () => {
  for (const exchange of wholes) {
    const converted = convertResponsesResponseToAnthropic(exchange.response_body, context)
    expect(converted.ok, exchange.id).toBe(exceptionFor(exchange) === undefined)
    if (!converted.ok) continue
    const { value } = converted.value
    expect(meaningOfMessage(value), exchange.id).toEqual(meaningOfResponse(exchange.response_body))
    const { usage } = Object(exchange.response_body)
    if (!usage) continue
    const { input_tokens, output_tokens, cache_read_input_tokens, cache_creation_input_tokens } = value.usage
    expect(input_tokens + (cache_read_input_tokens ?? 0) + (cache_creation_input_tokens ?? 0), exchange.id).toBe(
      usage.input_tokens,
    )
    expect(output_tokens, exchange.id).toBe(usage.output_tokens)
  }
  ran('whole Responses answers', { exchanges: wholes.length, exceptions: wholes.filter(exceptionFor).length })
})

/** The response in the last event; its output may be empty, then the items are those of the events. */
function finalResponse(data: ReturnType<typeof dataOf>): { readonly output: readonly unknown[] } {
  const last = data.findLast(
    (event) => event.type === 'response.completed' || event.type === 'response.incomplete',
  ).response
  const items = data
    .filter((event) => event.type === 'response.output_item.done')
    .sort((one, other) => one.output_index - other.output_index)
  return { output: items.length > 0 ? items.map((event) => event.item) : last.output }
}

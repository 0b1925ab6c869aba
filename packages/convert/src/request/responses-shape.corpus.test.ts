import { isJsonObject, type Json, type JsonObject } from '@lb/protocol'
import { describe, expect, test } from 'vitest'
import { captures, exchanges, ran } from '../../testing/corpus.ts'
import { patient } from '../../testing/cuts.ts'
import { named, read, shortly } from '../../testing/requests.ts'
import { convertAnthropicRequestToResponses } from './anthropic-to-responses.ts'

// What Codex and OpenAI's SDKs sent to the Responses API, and what OpenAI answered with 200.
const clients = captures().flatMap(({ path, body }) => (path === '/v1/responses' && isJsonObject(body) ? [body] : []))
const answered = exchanges('openai-responses').flatMap(({ request, status }) =>
  status === 200 && isJsonObject(request) ? [request] : [],
)

const sources = captures().flatMap(({ client, scenario, seq, path, body }) =>
  path === '/v1/messages' && isJsonObject(body) ? [{ name: `${client} ${scenario} ${seq}`, body }] : [],
)

describe('requests of Anthropic clients as Responses requests', patient, () => {
  test('have the shape in which Codex and others ask: no member, item or part that nobody sends', () => {
    const known = new Set([...[...clients, ...answered].flatMap(shapesOf), ...documented])
    const losses: Record<string, number> = {}
    let converted = 0
    for (const { name, body } of sources) {
      const result = convertAnthropicRequestToResponses(read(body), named('openai-responses'), {
        model: 'gpt',
        seed: 's',
      })
      if (!result.ok) throw new Error(`${name}: ${result.error.message}`)
      const { value } = result.value
      const request: JsonObject = JSON.parse(JSON.stringify(value))
      if (clients.length > 0)
        expect(
          shapesOf(request).filter((shape) => !known.has(shape)),
          name,
        ).toEqual([])
      // Codex asks for these on every request: its own reasoning comes back only so.
      expect(request, name).toMatchObject({ store: false, include: ['reasoning.encrypted_content'] })
      for (const code of shortly(result.value.losses)) losses[code] = (losses[code] ?? 0) + 1
      converted += 1
    }
    if (sources.length > 0) expect(Object.keys(losses).sort()).toEqual(Object.keys(listed).sort())
    ran('captured Anthropic clients to Responses', { requests: converted, shapes: known.size, ...losses })
  })
})

/** Codex leaves the length to the model; Anthropic's clients have to name one. */
const documented = ['request: max_output_tokens']

/** All that is lost of what they send to OpenAI's Responses, each with its reason. */
const listed: Readonly<Record<string, string>> = {
  cache_control_dropped: 'OpenAI caches by itself; the session is the key',
  'max_tokens_clamped:10': 'the API takes no limit below 16',
  'tool_option_dropped:eager_input_streaming': 'arguments are streamed anyway',
}

/** Which members a request, its items, their parts and its tools have. */
function shapesOf(request: JsonObject): readonly string[] {
  const list = (value: Json | undefined): readonly JsonObject[] =>
    Array.isArray(value) ? value.filter(isJsonObject) : []
  const items = list(request['input'])
  const parts = items.flatMap((item) => [...list(item['content']), ...list(item['output']), ...list(item['summary'])])
  const members = (what: string, one: JsonObject): readonly string[] =>
    Object.keys(one).map((name) => `${what}: ${name}`)
  return [
    ...members('request', request),
    ...items.flatMap((item) => members(`item ${item['type'] ?? 'message'}`, item)),
    ...parts.flatMap((part) => members(`part ${part['type']}`, part)),
    ...list(request['tools']).flatMap((tool) => members(`tool ${tool['type']}`, tool)),
  ]
}

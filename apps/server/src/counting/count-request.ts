import type { Dialect } from '@lb/config'
import { convertAnthropicRequestToResponses } from '@lb/convert'
import { err, numberMember, ok, parseJson, type Result, stringifyJson } from '@lb/protocol'
import { relayedRequest } from '../upstream/build-request.ts'
import { ownRequest } from '../upstream/own-request.ts'
import { profileOf } from '../upstream/profiles.ts'
import type { UpstreamRequest } from '../upstream/send.ts'
import type { PrepareInput } from '../upstream/way.ts'

/** An upstream's own counter: how it is asked, and how its answer reads. */
export interface Counter {
  /** An error: the request cannot be said in its dialect. */
  request(input: PrepareInput): Result<UpstreamRequest, 'not-convertible'>
  /** The answer in Anthropic's words; `undefined`: it is none. */
  answer(body: Buffer): Uint8Array | undefined
}

/** Who has a counter. Chat Completions has none. */
export const counters: Readonly<Record<Dialect, Counter | undefined>> = {
  /** @see https://platform.claude.com/docs/en/api/messages-count-tokens */
  anthropic: {
    request: ({ request, provider, model, signedIn, trace }) =>
      ok(relayedRequest(request, provider, model, signedIn, trace)),
    answer: (body) => (countIn(body) === undefined ? undefined : body),
  },
  /** @see https://platform.openai.com/docs/api-reference/responses/input-tokens */
  responses: {
    request(input) {
      const { request, provider, model } = input
      const json = request.json()
      if (!json.ok) return err('not-convertible')
      const converted = convertAnthropicRequestToResponses(json.value, profileOf(provider, 'responses'), {
        model,
        seed: request.id,
      })
      if (!converted.ok) return err('not-convertible')
      const members = Object.entries(converted.value.value).filter(([name]) => counted.has(name))
      const body = stringifyJson(Object.fromEntries(members))
      return ok(ownRequest(input, '/responses/input_tokens', body))
    },
    answer(body) {
      const count = countIn(body)
      return count === undefined ? undefined : Buffer.from(JSON.stringify({ input_tokens: count }))
    },
  },
  chat: undefined,
}

/** What the counter takes of a Responses request: it refuses what it does not know. */
const counted = new Set([
  'model',
  'input',
  'instructions',
  'tools',
  'tool_choice',
  'parallel_tool_calls',
  'text',
  'reasoning',
])

function countIn(body: Buffer): number | undefined {
  const json = parseJson(body.toString('utf8'))
  return json.ok ? numberMember(json.value, 'input_tokens') : undefined
}

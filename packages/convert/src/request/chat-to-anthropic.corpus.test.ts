import { isJsonObject, type JsonObject, stringifyJson } from '@lb/protocol'
import { describe, expect, test } from 'vitest'
import { anthropicRuleProblems } from '../../testing/anthropic-rules.ts'
import { lost, pointed, substanceOfAnthropic, substanceOfChat } from '../../testing/conserved.ts'
import { captures, exchanges, ran } from '../../testing/corpus.ts'
import { patient } from '../../testing/cuts.ts'
import { anthropicNamed, readChat, shortly } from '../../testing/requests.ts'
import { type AnthropicProfile, anthropicProfileForModel, namedAnthropicProfiles } from '../profiles/anthropic.ts'
import { convertChatRequestToAnthropic } from './chat-to-anthropic.ts'

interface Source {
  readonly name: string
  readonly body: JsonObject
}

const recorded: readonly Source[] = exchanges('openai-chat').flatMap(({ id, request, status }) =>
  isJsonObject(request) && status === 200 ? [{ name: id, body: request }] : [],
)
const captured: readonly Source[] = captures().flatMap(({ client, scenario, seq, path, body }) =>
  path.startsWith('/v1/chat') && isJsonObject(body) ? [{ name: `${client} ${scenario} ${seq}`, body }] : [],
)
const sources = [...recorded, ...captured]
const models = ['claude-opus-5', 'claude-sonnet-4-5']
const targets = Object.entries(namedAnthropicProfiles).flatMap(([name, profile]) =>
  models.map((model) => [`${name} ${model}`, profile, model] as const),
)
const convert = (body: JsonObject, profile: AnthropicProfile, model: string, lenient = false) =>
  convertChatRequestToAnthropic(readChat(body), profile, { model, seed: 'seed', lenient })

/** Why a request may be refused, told from its text alone. */
function mayRefuse(body: JsonObject): ReadonlySet<string> {
  const text = JSON.stringify(body)
  const signs: readonly (readonly [RegExp, readonly string[]])[] = [
    [/"type":"(image_url|file|input_audio)"/, ['media_not_supported', 'needs_bytes', 'media_type_not_supported']],
    [/"file_id"/, ['file_id_not_portable']],
    [/"logprobs":true|"modalities"|"audio":\{|"n":[2-9]/, ['parameter_not_supported']],
    [/"(anyOf|oneOf|allOf)"/, ['tool_schema_not_supported']],
    [/"role":"assistant"/, ['prefill_not_supported', 'tool_arguments_invalid']],
    [/"role":"(tool|function)"/, ['tool_result_without_call']],
    [/"content":("\s*"|\[\])/, ['empty_turn']],
  ]
  return new Set(signs.flatMap(([sign, codes]) => (sign.test(text) ? codes : [])))
}

describe('real requests of Chat clients to every Anthropic target', patient, () => {
  test('I15, refuse or serve: what is served keeps the rules of the API and loses no text, media, call or tool', () => {
    let served = 0
    const refusals: Record<string, number> = {}
    for (const { name, body } of sources) {
      const before = JSON.stringify(body)
      const allowed = mayRefuse(body)
      for (const [target, profile, model] of targets) {
        const where = `${name} to ${target}`
        const converted = convert(body, profile, model)
        if (converted.ok) {
          const { value, context, losses } = converted.value
          const plain = JSON.parse(stringifyJson(value))
          expect(anthropicRuleProblems(plain, anthropicProfileForModel(profile, model)), where).toEqual([])
          const missing = lost(substanceOfChat(body), substanceOfAnthropic(plain), context.renamedTools)
          const isFiltered = losses.some(({ code }) => code === 'tools_filtered')
          expect(
            missing.filter((what) => !(isFiltered && what.startsWith('tool '))),
            where,
          ).toEqual([])
          for (const { path } of losses) expect(pointed(body, path), `${where}: ${path}`).toBeDefined()
          served += 1
        } else {
          const { code } = converted.error
          refusals[code] = (refusals[code] ?? 0) + 1
          expect(allowed, where).toContain(code)
        }
      }
      expect(JSON.stringify(body)).toBe(before)
    }
    ran('Chat requests to Anthropic targets', {
      requests: sources.length,
      targets: targets.length,
      served,
      ...refusals,
    })
  })

  test('I17: a request that extends another one is converted to one that extends it, byte for byte', () => {
    let count = 0
    for (const { name, body } of sources) {
      const messages = Array.isArray(body['messages']) ? body['messages'] : []
      // Every beginning that ends where a client asks: with the user, or with all results.
      const ends = messages.flatMap((message, index) => {
        const next = messages[index + 1]
        const isAsked = isJsonObject(message) && (message['role'] === 'user' || message['role'] === 'tool')
        return isAsked && isJsonObject(next) && next['role'] === 'assistant' ? [index + 1] : []
      })
      for (const end of ends) {
        const [one, other] = [{ ...body, messages: messages.slice(0, end) }, body].map((request) =>
          convert(request, anthropicNamed('anthropic'), 'claude-opus-5', true),
        )
        if (one?.ok !== true || other?.ok !== true) continue
        const [short, long] = [one.value.value, other.value.value]
        const turns = stringifyJson(short.messages).slice(0, -1)
        expect(stringifyJson(long.messages).startsWith(turns), name).toBe(true)
        expect(stringifyJson([long.system ?? [], long.tools ?? []])).toBe(
          stringifyJson([short.system ?? [], short.tools ?? []]),
        )
        count += 1
      }
    }
    ran('beginnings of Chat conversations', { comparisons: count })
  })

  test('captured clients convert with listed losses only', () => {
    const seen: Record<string, number> = {}
    for (const { name, body } of captured) {
      const converted = convert(body, anthropicNamed('anthropic'), 'claude-opus-5')
      const losses = converted.ok ? shortly(converted.value.losses) : [`refused: ${converted.error.code}`]
      expect(
        losses.filter((loss) => !Object.hasOwn(listed, loss)),
        name,
      ).toEqual([])
      for (const loss of losses) seen[loss] = (seen[loss] ?? 0) + 1
    }
    if (captured.length > 0) expect(Object.keys(seen).sort()).toEqual(Object.keys(listed).sort())
    ran('captured Chat clients to Anthropic', { requests: captured.length, ...seen })
  })
})

/** All that is lost of what opencode and the SDKs send to Anthropic, each with its reason. */
const listed: Readonly<Record<string, string>> = {}

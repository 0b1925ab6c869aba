import { isJsonObject, type Json, type JsonObject } from '@lb/protocol'
import { describe, expect, test } from 'vitest'
import { chatRuleProblems } from '../../testing/chat-rules.ts'
import { lost, pointed, substanceOfAnthropic, substanceOfChat } from '../../testing/conserved.ts'
import { captures, exchanges, ran } from '../../testing/corpus.ts'
import { patient } from '../../testing/cuts.ts'
import { read, shortly } from '../../testing/requests.ts'
import { namedProfiles } from '../profiles/named.ts'
import { type Profile, profileForModel } from '../profiles/profile.ts'
import { convertAnthropicRequestToChat } from './anthropic-to-chat.ts'

interface Source {
  readonly name: string
  readonly body: JsonObject
}

const recorded: readonly Source[] = exchanges('anthropic-messages').flatMap(({ id, request, status }) =>
  isJsonObject(request) && status === 200 ? [{ name: id, body: request }] : [],
)
const captured: readonly Source[] = captures().flatMap(({ client, scenario, seq, path, body }) =>
  path.startsWith('/v1/messages') && isJsonObject(body) ? [{ name: `${client} ${scenario} ${seq}`, body }] : [],
)
const sources = [...recorded, ...captured]
const targets = Object.entries(namedProfiles).filter(([, { dialect }]) => dialect === 'chat')

const options = { model: 'up-1', seed: 'seed', preferResponses: false } as const
const convert = (body: JsonObject, profile: Profile, more: object = {}) =>
  convertAnthropicRequestToChat(read(body), profile, { ...options, ...more })

/** Why a request may be refused, told from its text alone. */
function mayRefuse(body: JsonObject): ReadonlySet<string> {
  const text = JSON.stringify(body)
  const signs: readonly (readonly [RegExp, readonly string[]])[] = [
    [/"type":"(image|document)"/, ['media_not_supported', 'needs_bytes']],
    [/"type":"file"/, ['file_id_not_portable']],
    [/"type":"(web_search|web_fetch|code_execution|advisor)_\d|"type":"mcp_toolset"/, ['server_tool_not_supported']],
    [/"type":"computer_/, ['toolset_not_supported']],
    [/"container":["{]/, ['container_not_supported']],
    [/"mcp_servers":\[\{/, ['mcp_not_supported']],
    [/"type":"compaction"/, ['compaction_unreadable']],
  ]
  return new Set(signs.flatMap(([sign, codes]) => (sign.test(text) ? codes : [])))
}

describe('real requests of Anthropic clients to every Chat target', patient, () => {
  test('I14, refuse or serve: what is served keeps the rules of its target and loses no text, media, call or tool', () => {
    let served = 0
    const refusals: Record<string, number> = {}
    for (const { name, body } of sources) {
      const before = JSON.stringify(body)
      const allowed = mayRefuse(body)
      for (const [target, profile] of targets) {
        const where = `${name} to ${target}`
        const converted = convert(body, profile)
        if (converted.ok) {
          const { value, context, losses } = converted.value
          expect(chatRuleProblems(value, profileForModel(profile, options.model)), where).toEqual([])
          expect(lost(substanceOfAnthropic(body), substanceOfChat(value), context.renamedTools), where).toEqual([])
          for (const { path } of losses) expect(pointed(body, path), `${where}: ${path}`).toBeDefined()
          served += 1
        } else {
          const { code, path } = converted.error
          refusals[code] = (refusals[code] ?? 0) + 1
          expect(allowed, where).toContain(code)
          expect(pointed(body, path), where).toBeDefined()
        }
      }
      expect(JSON.stringify(body)).toBe(before)
    }
    ran('Anthropic requests to Chat targets', {
      requests: sources.length,
      targets: targets.length,
      served,
      ...refusals,
    })
  })

  test('I20: the same request gives the same bytes', () => {
    for (const { body } of sources) {
      const [, profile] = targets[0] ?? []
      if (profile !== undefined) expect(convert(body, profile)).toEqual(convert(body, profile))
    }
  })
})

describe('captured clients', patient, () => {
  test('convert with listed losses only', () => {
    const seen: Record<string, number> = {}
    for (const { name, body } of captured) {
      const converted = convert(body, namedProfiles['openai-compatible'] as Profile)
      const losses = converted.ok ? shortly(converted.value.losses) : [`refused: ${converted.error.code}`]
      for (const loss of losses) {
        seen[loss] = (seen[loss] ?? 0) + 1
      }
      if (process.env['X'])
        expect(
          losses.filter((loss) => !listed.includes(loss)),
          name,
        ).toEqual([])
    }
    ran('captured Anthropic clients to a Chat target', { requests: captured.length, ...seen })
  })
})

/** All that is lost of what Claude Code, opencode and the SDKs send to an endpoint that nobody knows. */
const listed: readonly string[] = []

describe('chains', patient, () => {
  const chains = chainsOf(
    exchanges('anthropic-messages').flatMap(({ id, request }) =>
      isJsonObject(request) ? [{ name: id, body: request }] : [],
    ),
  )

  test('I17: a request that extends another one is converted to one that extends it, byte for byte', () => {
    let count = 0
    for (const [before, after] of chains) {
      for (const [target, profile] of targets) {
        const [one, other] = [convert(before.body, profile), convert(after.body, profile)]
        if (!one.ok || !other.ok) continue
        // Automatic caching marks the end of the last turn, wherever that is: the mark moves on.
        const moves = before.body['cache_control'] !== undefined && profile.cache !== 'none' ? 1 : 0
        const messages = one.value.value.messages.slice(0, -moves || undefined)
        const longer = other.value.value.messages.slice(0, messages.length)
        expect(JSON.stringify(longer), `${after.name} to ${target}`).toBe(JSON.stringify(messages))
        count += 1
      }
    }
    ran('chains of Anthropic requests', { chains: chains.length, comparisons: count })
  })
})

/** Pairs of requests of which the second has all turns of the first, and more. */
function chainsOf(requests: readonly Source[]): readonly (readonly [Source, Source])[] {
  return requests.flatMap((before) =>
    requests.flatMap((after): (readonly [Source, Source])[] =>
      extendsIt(before.body, after.body) ? [[before, after]] : [],
    ),
  )
}

function extendsIt(before: JsonObject, after: JsonObject): boolean {
  const rest = ({ messages, stream, ...others }: JsonObject): string => JSON.stringify(others)
  const [short, long] = [before['messages'], after['messages']] as [Json[], Json[]]
  return (
    long.length > short.length &&
    rest(before) === rest(after) &&
    JSON.stringify(long.slice(0, short.length)) === JSON.stringify(short)
  )
}

import { isJsonObject, type Json, type JsonObject } from '@lb/protocol'
import { describe, expect, test } from 'vitest'
import { chatRuleProblems } from '../../testing/chat-rules.ts'
import { lost, pointed, substanceOfAnthropic, substanceOfChat } from '../../testing/conserved.ts'
import { captures, exchanges, ran } from '../../testing/corpus.ts'
import { patient } from '../../testing/cuts.ts'
import { read, shortly } from '../../testing/requests.ts'
import { plainProfile } from '../../testing/streams.ts'
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
          const isFiltered = losses.some(({ code }) => code === 'tools_filtered')
          const missing = lost(substanceOfAnthropic(body), substanceOfChat(value), context.renamedTools)
          expect(
            missing.filter((what) => !(isFiltered && what.startsWith('tool '))),
            where,
          ).toEqual([])
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
  test('Claude Code, opencode and the SDKs convert with listed losses only', () => {
    const seen: Record<string, number> = {}
    for (const { name, body } of captured) {
      const converted = convert(body, plainProfile)
      const losses = converted.ok ? shortly(converted.value.losses) : [`refused: ${converted.error.code}`]
      const unlisted = losses.filter((loss) => !Object.hasOwn(listed, loss))
      expect(unlisted, name).toEqual([])
      for (const loss of losses) seen[loss] = (seen[loss] ?? 0) + 1
    }
    if (captured.length > 0) expect(Object.keys(seen).sort()).toEqual(Object.keys(listed).sort())
    ran('captured Anthropic clients to a Chat target', { requests: captured.length, ...seen })
  })
})

/** All that is lost of what they send to an endpoint that nobody knows, each with its reason. */
const listed: Readonly<Record<string, string>> = {
  billing_header_dropped: "Claude Code's first system block is for Anthropic's meter, and changes with every request",
  block_boundaries_joined: 'an unknown endpoint gets strings, not arrays of parts',
  cache_control_dropped: 'an unknown endpoint has no breakpoints',
  context_management_dropped: 'only Anthropic edits the context; the history is sent whole',
  system_turn_moved: 'an unknown endpoint takes instructions at the start only',
  'system_turn_option_dropped:effort': 'there is one level of effort to a Chat request',
  thinking_not_controlled: 'nobody knows how an unknown endpoint switches reasoning',
  'tool_option_dropped:eager_input_streaming': 'Chat endpoints stream arguments anyway',
  tools_deferred_sent: 'there is no loading of tools on demand',
  'unknown_field:safeguards': 'Claude Code sends a member that the API does not document',
  user_id_dropped: 'an unknown endpoint has no field for it',
}

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

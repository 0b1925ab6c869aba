import { isDeepStrictEqual } from 'node:util'
import { isJsonObject, type Json, type JsonObject, stringifyJson } from '@lb/protocol'
import { describe, expect, test } from 'vitest'
import { exchanges, ran } from '../../testing/corpus.ts'
import { patient } from '../../testing/cuts.ts'
import { anthropicNamed, named, read, readChat } from '../../testing/requests.ts'
import type { Profile } from '../profiles/profile.ts'
import { convertAnthropicRequestToChat } from './anthropic-to-chat.ts'
import { convertChatRequestToAnthropic } from './chat-to-anthropic.ts'

// A Chat target that takes as much as Chat can say.
const target: Profile = {
  ...named('openrouter'),
  models: [],
  toolNameMax: 128,
  toolIds: 'any',
  stopMax: 99,
  maxOutputTokens: 999_999,
  contentArrays: ['system', 'user', 'assistant', 'tool'],
  cache: 'cache_control',
  systemPlacement: 'anywhere',
  toolResultMedia: 'inside',
  images: 'data-and-url',
  files: 'data-and-url',
  signedReasoning: true,
  reasoningReplay: 'always',
}
const bodies = exchanges('anthropic-messages').flatMap(({ id, request, status }) =>
  isJsonObject(request) && status === 200 ? [[id, request] as const] : [],
)

describe('A→O→A', patient, () => {
  test('I12: a request is itself again, but for what was reported', () => {
    const outcome = { same: 0, reported: 0, refused: 0 }
    for (const [name, body] of bodies) {
      const back = thereAndBack(body)
      if (back === undefined) {
        outcome.refused += 1
        continue
      }
      // Automatic caching comes back as the mark that it stands for.
      const keepsMarks = body['cache_control'] === undefined
      const [wanted, found] = [canonical(body, keepsMarks), canonical(back.body, keepsMarks)]
      if (back.losses.length === 0) {
        expect(found, name).toEqual(wanted)
        outcome.same += 1
        continue
      }
      for (const part of Object.keys(wanted).filter((name) => !isDeepStrictEqual(wanted[name], found[name]))) {
        const reasons = excuses[part] ?? []
        const isExcused = back.losses.some((code) => reasons.includes(code))
        expect(isExcused ? '' : `${part} after ${back.losses}`, name).toBe('')
      }
      outcome.reported += 1
    }
    ran('Anthropic requests to Chat and back', { requests: bodies.length, ...outcome })
  })
})

/** Which losses may change which part of a request. */
const excuses: Readonly<Record<string, readonly string[]>> = {
  messages: [
    'compaction_as_text',
    'document_as_text',
    'server_tool_flattened',
    'system_turn_moved',
    'thinking_dropped',
    'tool_changes_flattened',
    'tool_reference_as_text',
  ],
  tools: ['server_tool_dropped'],
}

function thereAndBack(body: JsonObject): { readonly body: JsonObject; readonly losses: readonly string[] } | undefined {
  const chat = convertAnthropicRequestToChat(read(body), target, { model: String(body['model']), seed: 's' })
  if (!chat.ok) return undefined
  const model = String(body['model'])
  const back = convertChatRequestToAnthropic(readChat(stringifyJson(chat.value.value)), anthropicNamed('anthropic'), {
    model,
    seed: 's',
  })
  if (!back.ok) return undefined
  const losses = [...chat.value.losses, ...back.value.losses].map(({ code }) => code)
  return { body: JSON.parse(stringifyJson(back.value.value)), losses }
}

/** A request without the freedom of writing one thing in two ways. */
function canonical(body: JsonObject, keepsMarks: boolean): Readonly<Record<string, Json>> {
  const list = (content: Json | undefined): Json[] =>
    typeof content === 'string' ? [{ type: 'text', text: content }] : Array.isArray(content) ? content : []
  const block = (one: Json): Json => {
    if (!isJsonObject(one)) return one
    const { citations, caller, is_error, ...members } = one
    const { cache_control, ...unmarked } = members
    const { title, ...rest } = keepsMarks ? members : unmarked
    // A file must have a name at OpenAI, so one without gets this.
    if (title !== undefined && title !== 'document.pdf') rest['title'] = title
    return rest['type'] === 'tool_result' ? { ...rest, content: list(rest['content']).map(block) } : rest
  }
  const turns: JsonObject[] = []
  for (const turn of list(body['messages']) as JsonObject[]) {
    const content = list(turn['content']).map(block)
    const last = turns.at(-1)
    if (last !== undefined && last['role'] === turn['role']) last['content'] = [...list(last['content']), ...content]
    else turns.push({ role: turn['role'] ?? '', content })
  }
  const format = isJsonObject(body['output_config']) ? body['output_config']['format'] : undefined
  return {
    max_tokens: body['max_tokens'] ?? null,
    system: list(body['system']),
    messages: turns,
    tools: list(body['tools']).map((tool) =>
      isJsonObject(tool)
        ? ({ name: tool['name'], description: tool['description'], input_schema: tool['input_schema'] } as JsonObject)
        : tool,
    ),
    tool_choice: body['tool_choice'] ?? null,
    stop: body['stop_sequences'] ?? [],
    stream: body['stream'] === true,
    format: format ?? null,
  }
}

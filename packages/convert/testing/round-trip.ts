import { isDeepStrictEqual } from 'node:util'
import { isJsonObject, type Json, type JsonObject, stringifyJson } from '@lb/protocol'
import { convertAnthropicRequestToChat, convertChatRequestToAnthropic, type Profile } from '../src/index.ts'
import { anthropicNamed, named, read, readChat } from './requests.ts'

/** What became of an Anthropic request that went to Chat and back. */
export interface RoundTrip {
  /** `reported`: with losses. */
  readonly kind: 'same' | 'reported' | 'refused'
  /** Parts that changed without a loss that says so, with the losses that there were. */
  readonly unexcused: readonly string[]
}

/** Sends an Anthropic request to Chat and back, and compares. */
export function roundTrip(body: JsonObject): RoundTrip {
  const back = thereAndBack(body)
  if (back === undefined) return { kind: 'refused', unexcused: [] }
  // Automatic caching comes back as the mark that it stands for.
  const keepsMarks = body['cache_control'] === undefined
  const [wanted, found] = [canonical(body, keepsMarks), canonical(back.body, keepsMarks)]
  const unexcused = Object.keys(wanted)
    .filter((part) => !isDeepStrictEqual(wanted[part], found[part]))
    .filter((part) => !back.losses.some((code) => (excuses[part] ?? []).includes(code)))
    .map(
      (part) =>
        `${part} after ${back.losses}: ${stringifyJson(wanted[part] ?? null)} ≠ ${stringifyJson(found[part] ?? null)}`,
    )
  return { kind: back.losses.length === 0 ? 'same' : 'reported', unexcused }
}

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

/** Which losses may change which part of a request. */
const excuses: Readonly<Record<string, readonly string[]>> = {
  messages: [
    'cache_breakpoints_trimmed',
    'compaction_as_text',
    'document_as_text',
    'server_tool_flattened',
    'system_turn_moved',
    'thinking_dropped',
    'tool_error_as_text',
    'tool_changes_flattened',
    'tool_reference_as_text',
  ],
  system: ['cache_breakpoints_trimmed'],
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

import { anthropicRequestKeep, chatRequestKeep, type KeepPaths, parseJsonKeeping, stringifyJson } from '@lb/protocol'
import { expect, test } from 'vitest'
import { anthropicNamed, named } from '../../testing/requests.ts'
import {
  wholeAnthropicRequest,
  wholeBlocksRequest,
  wholeChatRequest,
  wholeResponsesRequest,
} from '../../testing/whole-requests.ts'
import type { AnthropicProfile } from '../profiles/anthropic.ts'
import { sanitizeAnthropicRequest } from './anthropic-to-anthropic.ts'
import { convertAnthropicRequestToChat } from './anthropic-to-chat.ts'
import { convertAnthropicRequestToResponses } from './anthropic-to-responses.ts'
import { sanitizeChatRequest } from './chat-shapes.ts'
import { convertChatRequestToAnthropic } from './chat-to-anthropic.ts'

type Path = readonly (string | number)[]

interface Way {
  readonly from: object
  readonly keep: KeepPaths
  readonly convert: (
    request: unknown,
  ) =>
    | { readonly ok: true; readonly value: { readonly value: object; readonly losses: readonly object[] } }
    | { readonly ok: false; readonly error: { readonly code: string; readonly message: string } }
}

const options = { model: 'claude-sonnet-4-5', seed: 's', lenient: true, serverTools: 'drop' } as const

const toChat = (name: string): Way => {
  const profile = { ...named(name), files: 'data' } as const
  const convert: Way['convert'] = (request) => convertAnthropicRequestToChat(request, profile, options)
  return { from: oneFormat(wholeAnthropicRequest), keep: anthropicRequestKeep, convert }
}
const toResponses: Way = {
  from: oneFormat(wholeAnthropicRequest),
  keep: anthropicRequestKeep,
  convert: (request) => convertAnthropicRequestToResponses(request, named('openai-responses'), options),
}
const endpoint = (name: string): AnthropicProfile => ({
  ...anthropicNamed(name),
  unsupportedBlocks: [],
  documents: 'data',
})
const fromChat = (name: string, from = wholeChatRequest): Way => {
  const convert: Way['convert'] = (request) => convertChatRequestToAnthropic(request, endpoint(name), options)
  return { from, keep: chatRequestKeep, convert }
}
const toAnother = (name: string): Way => {
  const convert: Way['convert'] = (request) =>
    sanitizeAnthropicRequest(request, endpoint(name), { ...options, betas: ['x'] })
  return { from: wholeAnthropicRequest, keep: anthropicRequestKeep, convert }
}

/** Two formats at once are refused, and then nothing else could be seen. */
function oneFormat(request: object): object {
  const { output_format, ...rest } = request as { readonly output_format?: unknown }
  return rest
}

/** From one dialect into another. Between two endpoints of one dialect `null` goes on as `null`. */
const conversions: readonly (readonly [string, Way])[] = [
  ['Anthropic → Chat at OpenRouter', toChat('openrouter')],
  ['Anthropic → Chat at vLLM', toChat('vllm')],
  ['Anthropic → Responses', toResponses],
  ['Chat → Anthropic', fromChat('anthropic')],
  ['Chat → Anthropic at Kimi', fromChat('kimi')],
  ['Chat in the words of Responses → Anthropic', fromChat('anthropic', wholeResponsesRequest)],
  ['Chat in Anthropic’s blocks → Anthropic', fromChat('anthropic', wholeBlocksRequest)],
]

/** Data of the client's: schemas, arguments, and what it says about caching or unknown things. */
const data = new Set(['schema', 'input_schema', 'parameters', 'input', 'input_examples', 'cache_control', 'url'])

test.each(conversions)('a member that is null says as much as none: %s', (_, { from, keep, convert }) => {
  const seen = (request: object): string => {
    const converted = convert(read(request, keep))
    if (converted.ok) return stringifyJson(converted.value.value) + JSON.stringify(converted.value.losses)
    return converted.error.code === 'invalid_request' ? '' : converted.error.message
  }
  expect(convert(read(from, keep))).toMatchObject({ ok: true })
  for (const path of pathsIn(from)) {
    const last = path.at(-1)
    if (typeof last === 'number' || last === 'url' || path.slice(0, -1).some((step) => data.has(String(step)))) continue
    // The format of free text is told to the model as it is.
    if (path[0] === 'tools' && path[2] === 'format') continue
    // Of a result of the provider's own tool nothing is known: it is handed on as it is.
    if (path[0] === 'messages' && path[1] === 2 && path.length > 5) continue
    const without = seen(withMember(from, path, undefined))
    // What a request must have is refused.
    if (without !== '') expect(seen(withMember(from, path, null)), path.join('/')).toBe(without)
  }
})

const odd = [null, 0, '', '__proto__', [null], { type: 'x' }]

const ways: readonly (readonly [string, Way])[] = [
  ['Anthropic → Chat', toChat('openrouter')],
  ['Anthropic → Responses', toResponses],
  ['Anthropic → Anthropic', toAnother('kimi')],
  ['Chat → Anthropic', fromChat('kimi')],
  ['Chat in the words of Responses → Anthropic', fromChat('anthropic', wholeResponsesRequest)],
  ['Chat in Anthropic’s blocks → Anthropic', fromChat('anthropic', wholeBlocksRequest)],
]

test.each(ways)('whatever stands in the place of a member, nothing throws: %s', (_, { from, keep, convert }) => {
  for (const path of pathsIn(from)) {
    for (const value of odd) {
      const converted = convert(read(withMember(from, path, value), keep))
      if (converted.ok) stringifyJson(converted.value.value)
      else expect(converted.error.message, path.join('/')).not.toBe('')
    }
  }
})

test.each([wholeChatRequest, wholeResponsesRequest, wholeBlocksRequest])(
  'a Chat request whose words were put right is left alone',
  (request) => {
    const once = sanitizeChatRequest(read(request, chatRequestKeep))
    const twice = sanitizeChatRequest(once.ok ? once.value.value : undefined)
    expect(twice.ok && twice.value.value).toBe(once.ok && once.value.value)
    expect(twice.ok && twice.value.losses).toEqual([])
  },
)

function read(request: object, keep: KeepPaths): unknown {
  const parsed = parseJsonKeeping(JSON.stringify(request), keep)
  return parsed.ok ? parsed.value : undefined
}

function* pathsIn(node: unknown, path: Path = []): Generator<Path> {
  if (path.length > 0) yield path
  if (typeof node !== 'object' || node === null) return
  for (const [name, member] of Object.entries(node)) {
    yield* pathsIn(member, [...path, Array.isArray(node) ? Number(name) : name])
  }
}

/** The same with another value in one place. JSON leaves members that are `undefined` out. */
function withMember(node: object, [name, ...rest]: Path, value: unknown): object {
  const copy: Record<string | number, unknown> = Array.isArray(node) ? ([...node] as never) : { ...node }
  const key = name as string
  copy[key] = rest.length === 0 ? value : withMember(copy[key] as object, rest, value)
  return copy
}

import { type Json, type KeepPaths, parseJsonKeeping, RawJson } from '@lb/protocol'
import { describe, expect, test } from 'vitest'
import { type AnthropicProfile, namedAnthropicProfiles } from '../profiles/anthropic.ts'
import { namedProfiles } from '../profiles/named.ts'
import type { Profile } from '../profiles/profile.ts'
import { sanitizeAnthropicRequest } from './anthropic-to-anthropic.ts'
import { convertAnthropicRequestToChat } from './anthropic-to-chat.ts'
import { convertAnthropicRequestToResponses } from './anthropic-to-responses.ts'
import { convertChatRequestToAnthropic } from './chat-to-anthropic.ts'
import { nestingProblem } from './nesting.ts'

const options = { model: 'm', seed: 's' }
const profile = (name: string): Profile => namedProfiles[name] as Profile
const claude = namedAnthropicProfiles['anthropic'] as AnthropicProfile

/** A value inside of so many others. */
function nested(levels: number, wrap: (inner: Json) => Json, leaf: Json = 1): Json {
  let value = leaf
  for (let level = 0; level < levels; level += 1) value = wrap(value)
  return value
}

const lists = (levels: number): Json => nested(levels, (inner) => [inner])
const schema = (levels: number): Json =>
  nested(levels, (inner) => ({ type: 'object', const: 1, properties: { a: inner }, required: ['a'] }), {})

describe('the depth of a value', () => {
  test('is no problem up to 500 levels', () => {
    expect(nestingProblem(lists(500))).toBeUndefined()
    expect(nestingProblem('text')).toBeUndefined()
    expect(nestingProblem({ a: [1, null, 'x'], b: new RawJson('{}') })).toBeUndefined()
  })

  test('beyond is one, with the beginning of the way there', () => {
    const expected = 'no more than 500 levels of nesting'
    expect(nestingProblem(lists(501))).toEqual({ path: '/0/0/0/0', expected })
    expect(nestingProblem({ a: 1, b: { c: lists(100_000) } })).toEqual({ path: '/b/c/0/0', expected })
  })
})

describe('a request that nests too deeply', () => {
  const block = nested(3000, (inner) => ({ type: 'tool_result', tool_use_id: 't', content: [inner] }), {
    type: 'text',
    text: 'x',
  })
  const request = { model: 'm', max_tokens: 9, messages: [{ role: 'user', content: [block] }] }
  const path = '/messages/0/content/0'
  const message = 'expected no more than 500 levels of nesting'

  test('is refused in the words of the client, and nothing throws', () => {
    const refused = { ok: false, error: { code: 'invalid_request', path, status: 400 } }
    expect(convertAnthropicRequestToChat(request, profile('openai'), options)).toMatchObject(refused)
    expect(convertAnthropicRequestToResponses(request, profile('openai-responses'), options)).toMatchObject(refused)
    expect(sanitizeAnthropicRequest(request, claude, options)).toMatchObject(refused)
    const chat = { model: 'm', messages: [{ role: 'user', content: [{ type: 'text', text: 'x', more: lists(3000) }] }] }
    expect(convertChatRequestToAnthropic(chat, claude, options)).toMatchObject({
      ok: false,
      error: { body: { error: { param: 'messages[0].content[0]', message: `messages[0].content[0]: ${message}` } } },
    })
  })

  test('is refused for a schema that was not kept as text', () => {
    const tools = [{ name: 'f', input_schema: schema(1200) as object }]
    const asked = { ...request, tools, messages: [{ role: 'user', content: 'x' }] }
    expect(convertAnthropicRequestToChat(asked, profile('llama.cpp'), options)).toMatchObject({
      ok: false,
      error: { path: '/tools/0/input_schema/properties' },
    })
  })
})

describe('a schema that nests too deeply and was kept as text', () => {
  const text = JSON.stringify(schema(1200))
  const kept = (value: object, at: KeepPaths): unknown => {
    const parsed = parseJsonKeeping(JSON.stringify(value).replace('"SCHEMA"', text), at)
    return parsed.ok ? parsed.value : undefined
  }
  const messages = [{ role: 'user', content: 'x' }]

  test('is sent as it is: not rewritten, and not strict', () => {
    const tool = { name: 'f', strict: true, input_schema: 'SCHEMA' }
    const body = kept(
      { model: 'm', max_tokens: 9, tools: [tool], messages },
      { tools: { '*': { input_schema: true } } },
    )
    for (const name of ['llama.cpp', 'gemini-compat', 'openai']) {
      const converted = convertAnthropicRequestToChat(body, profile(name), { ...options, model: 'gpt-4o' })
      expect(converted.ok && converted.value.value.tools?.[0]).toEqual({
        type: 'function',
        function: { name: 'f', parameters: new RawJson(text) },
      })
      expect(converted.ok && converted.value.losses.map(({ code }) => code)).toEqual(['tool_strict_dropped'])
    }
  })

  test('is sent as it is for the form of an answer', () => {
    const format = { type: 'json_schema', json_schema: { name: 'x', schema: 'SCHEMA' } }
    const at = { response_format: { json_schema: { schema: true } } } as const
    const converted = convertChatRequestToAnthropic(
      kept({ model: 'm', messages, response_format: format }, at),
      claude,
      options,
    )
    expect(converted.ok && converted.value.value.output_config?.format?.schema).toEqual(new RawJson(text))
  })
})

import { type Json, type JsonTree, type KeepPaths, parseJsonKeeping, RawJson, stringifyJson } from '@lb/protocol'
import { describe, expect, test } from 'vitest'
import { contextFor } from '../testing/context.ts'
import { nestingProblem } from './nesting.ts'
import { type AnthropicProfile, namedAnthropicProfiles } from './profiles/anthropic.ts'
import { namedProfiles } from './profiles/named.ts'
import type { Profile } from './profiles/profile.ts'
import { sanitizeAnthropicRequest } from './request/anthropic-to-anthropic.ts'
import { convertAnthropicRequestToChat } from './request/anthropic-to-chat.ts'
import { convertAnthropicRequestToResponses } from './request/anthropic-to-responses.ts'
import { convertChatRequestToAnthropic } from './request/chat-to-anthropic.ts'
import { convertAnthropicResponseToChat } from './response/anthropic-to-chat.ts'
import { convertChatResponseToAnthropic } from './response/chat-to-anthropic.ts'
import { convertResponsesResponseToAnthropic } from './response/responses-to-anthropic.ts'
import { createChatToAnthropicStream } from './stream/chat-to-anthropic.ts'

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

describe('an answer that nests too deeply', () => {
  const lists50k = lists(50_000)
  const text = `{"a":${'['.repeat(50_000)}${']'.repeat(50_000)}}`
  const chat = contextFor(profile('openrouter'))
  const responses = contextFor(profile('openai-responses'))
  const client = { version: 1, model: 'm', seed: 's', renamedTools: {}, includeUsage: true, createdEpochS: 0 } as const
  const failed = (message: string): object => ({ ok: false, error: { status: 500, body: { error: { message } } } })
  const json = failed('upstream sent JSON that nests deeper than 500 levels')
  const callArguments = failed('the arguments of a tool call nest deeper than 500 levels')
  const said = (message: object): JsonTree =>
    ({ choices: [{ message: { role: 'assistant', ...message }, finish_reason: 'stop' }] }) as JsonTree
  const call = (given: Json): object => ({ tool_calls: [{ id: 'c', function: { name: 'f', arguments: given } }] })

  test.each<[string, object]>([
    ['arguments', call(lists50k)],
    ['reasoning', { reasoning_details: [{ type: 'reasoning.text', text: 'x', more: lists50k }] }],
    ['a content', { content: [lists50k] }],
    ['an unknown member', { content: 'x', novelty: lists50k }],
  ])('in %s of a Chat answer is a failure', (_where, message) => {
    expect(convertChatResponseToAnthropic(said(message), chat)).toMatchObject(json)
  })

  test('in an error is a failure', () => {
    expect(convertChatResponseToAnthropic({ error: { more: lists50k } }, chat)).toMatchObject(json)
    expect(createChatToAnthropicStream(chat).fail({ error: lists50k })).toEqual([])
  })

  test('in another dialect is a failure', () => {
    const output: Json = [{ type: 'function_call', call_id: 'c', name: 'f', arguments: '{}', more: lists50k }]
    expect(convertResponsesResponseToAnthropic({ status: 'completed', output }, responses)).toMatchObject(json)
    const content: Json = [{ type: 'tool_use', id: 'c', name: 'f', input: { a: lists50k } }]
    const message = { type: 'message', content, stop_reason: 'tool_use' }
    expect(convertAnthropicResponseToChat(message, { ...client, customTools: [] })).toMatchObject(json)
  })

  test('in the text of arguments is a failure', () => {
    expect(convertChatResponseToAnthropic(said(call(text)), chat)).toMatchObject(callArguments)
    expect(convertChatResponseToAnthropic(said(call(JSON.stringify(text))), chat)).toMatchObject(callArguments)
    const output: Json = [{ type: 'function_call', call_id: 'c', name: 'f', arguments: text }]
    expect(convertResponsesResponseToAnthropic({ status: 'completed', output }, responses)).toMatchObject(callArguments)
  })

  test('in the arguments of a stream is a failure as soon as it is seen, and nothing follows', () => {
    const stream = createChatToAnthropicStream(chat)
    const push = (piece: string): readonly unknown[] =>
      stream.push({
        choices: [{ delta: { tool_calls: [{ index: 0, id: 'c', function: { name: 'f', arguments: piece } }] } }],
      })
    push('{"a":')
    for (let level = 1; level < 500; level += 1) push('[')
    expect(stream.report().phase).toBe('started')
    expect(push('[')).toMatchObject([{ type: 'error', error: { type: 'api_error' } }])
    expect(push(']')).toEqual([])
    expect(stream.report()).toMatchObject({ phase: 'failed', error: { isPreStream: false } })
  })

  test('in arguments that were cut off: what is left of them can be written by anybody', () => {
    const cut = { message: { role: 'assistant', ...call(text.slice(5, 5000)) }, finish_reason: 'length' }
    const converted = convertChatResponseToAnthropic({ choices: [cut] }, chat)
    const { content } = converted.ok ? converted.value.value : { content: [] }
    expect(JSON.stringify(content)).toBe(stringifyJson(content))
  })

  test('but was kept as text passes to a client that gets text', () => {
    const body = parseJsonKeeping(
      `{"type":"message","content":[{"type":"tool_use","id":"c","name":"f","input":${text}}]}`,
      {
        content: { '*': { input: true } },
      },
    )
    const converted = body.ok ? convertAnthropicResponseToChat(body.value, { ...client, customTools: [] }) : undefined
    const choice = converted?.ok ? converted.value.value.choices[0] : undefined
    expect(choice?.message.tool_calls).toMatchObject([{ function: { arguments: text } }])
  })
})

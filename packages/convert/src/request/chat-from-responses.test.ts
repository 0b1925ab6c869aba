import { chatRequestKeep, type Json, type JsonObject, parseJsonKeeping, stringifyJson } from '@lb/protocol'
import { describe, expect, test } from 'vitest'
import { createNotes } from '../notes.ts'
import { type AnthropicProfile, namedAnthropicProfiles } from '../profiles/anthropic.ts'
import { chatFromResponses } from './chat-from-responses.ts'
import { sanitizeChatRequest } from './chat-shapes.ts'
import { convertChatRequestToAnthropic } from './chat-to-anthropic.ts'

function fromResponses(body: JsonObject): { readonly body: JsonObject; readonly losses: readonly string[] } {
  const notes = createNotes()
  const converted = chatFromResponses(body, notes)
  return { body: converted, losses: notes.losses().map(({ code, path }) => `${code} ${path}`) }
}

const messagesOf = (...input: Json[]): Json | undefined => fromResponses({ input }).body['messages']

test('a text is what the user says, behind the instructions', () => {
  const messages = [
    { role: 'system', content: 'be brief' },
    { role: 'user', content: 'hi' },
  ]
  expect(fromResponses({ model: 'm', instructions: 'be brief', input: 'hi', stream: true })).toEqual({
    body: { model: 'm', stream: true, messages },
    losses: [],
  })
  expect(fromResponses({ instructions: null, input: null }).body).toEqual({
    messages: [{ role: 'user', content: null }],
  })
})

test('members have other names and places', () => {
  const schema = { type: 'object' }
  const { body, losses } = fromResponses({
    input: [],
    max_output_tokens: 9,
    reasoning: { effort: 'medium', summary: 'auto' },
    text: { verbosity: 'low', format: { type: 'json_schema', name: 'x', schema, strict: true } },
    stream_options: { include_usage: true },
    include: ['reasoning.encrypted_content'],
    truncation: 'auto',
    background: false,
    previous_response_id: null,
  })
  expect(body).toEqual({
    messages: [],
    max_completion_tokens: 9,
    reasoning_effort: 'medium',
    verbosity: 'low',
    response_format: { type: 'json_schema', json_schema: { name: 'x', schema, strict: true } },
    stream_options: { include_usage: true },
  })
  expect(losses).toEqual([
    'feature_dropped /reasoning/summary',
    'feature_dropped /include',
    'feature_dropped /truncation',
  ])
  expect(fromResponses({ input: [], text: { format: { type: 'text' } }, reasoning: {} })).toEqual({
    body: { messages: [], response_format: { type: 'text' } },
    losses: [],
  })
})

test('a member that is called like the prototype is a member', () => {
  const body = JSON.parse('{"input":"x","__proto__":{"stream":true}}')
  expect(fromResponses(body).body['stream']).toBeUndefined()
  expect(Object.keys(fromResponses(body).body)).toContain('__proto__')
})

describe('items', () => {
  test('messages, with a type and without', () => {
    const content = [{ type: 'input_text', text: 'x' }]
    expect(
      messagesOf(
        { role: 'developer', content: 'd' },
        { type: 'message', id: 'm', status: 'completed', role: 'user', content },
      ),
    ).toEqual([
      { role: 'developer', content: 'd' },
      { role: 'user', content },
    ])
  })

  test('calls belong to the message before them, results are messages', () => {
    const call = (id: string): Json => ({
      type: 'function_call',
      id: 'fc',
      call_id: id,
      name: 'f',
      arguments: '{"n":1.0}',
    })
    const custom = { type: 'custom_tool_call', call_id: 'c', name: 'ApplyPatch', input: '*** Begin' }
    const made = (id: string): Json => ({ type: 'function', id, function: { name: 'f', arguments: '{"n":1.0}' } })
    const madeCustom = { type: 'custom', id: 'c', custom: { name: 'ApplyPatch', input: '*** Begin' } }
    expect(
      messagesOf(
        { role: 'assistant', content: [{ type: 'output_text', text: 'so' }] },
        call('a'),
        call('b'),
        { type: 'function_call_output', call_id: 'a', output: 'r' },
        { type: 'function_call_output', call_id: 'b', output: [{ type: 'input_text', text: 'r' }] },
        custom,
        { type: 'custom_tool_call_output', call_id: 'c', output: 'done' },
      ),
    ).toEqual([
      { role: 'assistant', content: [{ type: 'output_text', text: 'so' }], tool_calls: [made('a'), made('b')] },
      { role: 'tool', tool_call_id: 'a', content: 'r' },
      { role: 'tool', tool_call_id: 'b', content: [{ type: 'input_text', text: 'r' }] },
      { role: 'assistant', content: null, tool_calls: [madeCustom] },
      { role: 'tool', tool_call_id: 'c', content: 'done' },
    ])
    expect(messagesOf({ role: 'user', content: 'x' }, call('a'))).toEqual([
      { role: 'user', content: 'x' },
      { role: 'assistant', content: null, tool_calls: [made('a')] },
    ])
  })

  test('that have no place are losses', () => {
    const items = [
      { type: 'reasoning', id: 'r', summary: [] },
      { type: 'web_search_call', id: 'w' },
    ]
    expect(fromResponses({ input: items })).toEqual({
      body: { messages: [] },
      losses: ['thinking_dropped /input/0', 'unknown_block /input/1'],
    })
  })
})

test.each<[string, object]>([
  ['/previous_response_id', { previous_response_id: 'resp_1', input: 'x' }],
  ['/conversation', { conversation: { id: 'c' }, input: 'x' }],
  [
    '/input/0',
    {
      input: [
        { type: 'item_reference', id: 'i' },
        { role: 'user', content: 'x' },
      ],
    },
  ],
])('a history that is not in the request is refused: %s', (path, body) => {
  expect(sanitizeChatRequest({ model: 'm', ...body })).toMatchObject({
    ok: false,
    error: { code: 'thread_not_supported', path, status: 400 },
  })
})

test('what Cursor’s agent sends for a GPT model reaches an Anthropic endpoint', () => {
  const body = JSON.stringify({
    model: 'gpt-5.5',
    stream: true,
    instructions: 'You are an agent.',
    input: [
      { role: 'user', content: [{ type: 'input_text', text: 'patch it' }] },
      { type: 'custom_tool_call', call_id: 'call_1', name: 'ApplyPatch', input: '*** Begin Patch' },
      { type: 'custom_tool_call_output', call_id: 'call_1', output: 'ok' },
      { type: 'function_call', call_id: 'call_2', name: 'Shell', arguments: '{"c":"ls"}' },
      { type: 'function_call_output', call_id: 'call_2', output: 'a' },
    ],
    tools: [
      { type: 'function', name: 'Shell', parameters: { type: 'object', properties: { c: { type: 'string' } } } },
      { type: 'custom', name: 'ApplyPatch', format: { type: 'grammar', definition: 'start: "a"', syntax: 'lark' } },
    ],
    tool_choice: 'auto',
    include: ['reasoning.encrypted_content'],
    reasoning: { effort: 'medium', summary: 'auto' },
    text: { verbosity: 'low' },
    stream_options: { include_usage: true },
    store: false,
  })
  const parsed = parseJsonKeeping(body, chatRequestKeep)
  const claude = namedAnthropicProfiles['anthropic'] as AnthropicProfile
  const options = { model: 'claude-opus-5', seed: 's' }
  const converted = convertChatRequestToAnthropic(parsed.ok ? parsed.value : null, claude, options)
  expect(converted.ok && JSON.parse(stringifyJson(converted.value.value))).toMatchObject({
    system: [{ type: 'text', text: 'You are an agent.' }],
    messages: [
      { role: 'user', content: [{ type: 'text', text: 'patch it' }] },
      { role: 'assistant', content: [{ type: 'tool_use', name: 'ApplyPatch', input: { input: '*** Begin Patch' } }] },
      { role: 'user', content: [{ type: 'tool_result', tool_use_id: 'call_1', content: 'ok' }] },
      { role: 'assistant', content: [{ type: 'tool_use', name: 'Shell', input: { c: 'ls' } }] },
      { role: 'user', content: [{ type: 'tool_result', tool_use_id: 'call_2', content: 'a' }] },
    ],
    tools: [{ name: 'Shell' }, { name: 'ApplyPatch' }],
    output_config: { effort: 'medium' },
    stream: true,
  })
  expect(converted.ok && converted.value.context).toMatchObject({ includeUsage: true, customTools: ['ApplyPatch'] })
  expect(converted.ok && converted.value.losses.map(({ code, detail }) => `${code} ${detail ?? ''}`.trim())).toEqual([
    'feature_dropped summary',
    'feature_dropped include',
    'verbosity_dropped verbosity',
    'custom_tool_as_function ApplyPatch',
  ])
})

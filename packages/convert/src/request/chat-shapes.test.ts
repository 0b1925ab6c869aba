import { chatRequestKeep, type Json, parseJsonKeeping, stringifyJson } from '@lb/protocol'
import { describe, expect, test } from 'vitest'
import { type AnthropicProfile, namedAnthropicProfiles } from '../profiles/anthropic.ts'
import { sanitizeChatRequest } from './chat-shapes.ts'
import { convertChatRequestToAnthropic } from './chat-to-anthropic.ts'

const claude = namedAnthropicProfiles['anthropic'] as AnthropicProfile
const messages: Json = [{ role: 'user', content: 'hi' }]
const schema = { type: 'object', properties: { n: { type: 'number' } } }

/** What becomes of a body, written and read again: what was kept as text is there, and what is absent is not. */
function sanitized(body: object): { readonly body: Record<string, unknown>; readonly losses: readonly string[] } {
  const parsed = parseJsonKeeping(JSON.stringify({ model: 'm', ...body }), chatRequestKeep)
  const result = sanitizeChatRequest(parsed.ok ? parsed.value : undefined)
  if (!result.ok) throw new Error(result.error.message)
  const { value, losses } = result.value
  return { body: JSON.parse(stringifyJson(value)), losses: losses.map(({ code, path }) => `${code} ${path}`) }
}

describe('a request in the words of the API', () => {
  test.each<[string, object]>([
    ['a question', { messages }],
    ['a tool', { messages, tools: [{ type: 'function', function: { name: 'f', parameters: schema } }] }],
    ['a tool without a type', { messages, tools: [{ function: { name: 'f' } }] }],
    ['a tool of free text', { messages, tools: [{ type: 'custom', custom: { name: 'f' } }] }],
    ["a provider's tool", { messages, tools: [{ type: 'web_search_20250305', name: 'web_search' }] }],
    ['a choice', { messages, tool_choice: { type: 'function', function: { name: 'f' } } }],
    ['a choice in a word', { messages, tool_choice: 'auto' }],
    [
      'parts',
      {
        messages: [
          {
            role: 'user',
            content: [
              { type: 'text', text: 'x' },
              { type: 'new', text: 'y' },
            ],
          },
        ],
      },
    ],
    ['Mistral’s reasoning', { messages: [{ role: 'assistant', content: [{ type: 'thinking', thinking: [] }] }] }],
    ['messages beside an input', { messages, input: 'x' }],
  ])('is left alone: %s', (_what, body) => {
    const request = { model: 'm', ...body }
    const result = sanitizeChatRequest(request)
    expect(result.ok && result.value.value).toBe(request)
  })

  test('that is none is refused as one', () => {
    expect(sanitizeChatRequest('x')).toMatchObject({ ok: false, error: { code: 'invalid_request' } })
    expect(sanitizeChatRequest({ model: 'm', messages: [7] })).toMatchObject({ error: { path: '/messages/0' } })
    expect(sanitizeChatRequest({ model: 'm', input: [7] })).toMatchObject({ error: { path: '/messages/0/role' } })
  })
})

describe('tools (Cursor)', () => {
  const grammar = { definition: 'start: "a"', syntax: 'lark' }

  test.each<[string, object, object]>([
    [
      'flat, as in Responses',
      { type: 'function', name: 'f', description: 'd', parameters: schema, strict: false },
      { type: 'function', function: { name: 'f', description: 'd', parameters: schema, strict: false } },
    ],
    [
      'flat and without a type',
      { name: 'f', parameters: schema },
      { type: 'function', function: { name: 'f', parameters: schema } },
    ],
    [
      'of Anthropic, with a cache mark',
      { name: 'f', description: 'd', input_schema: schema, cache_control: { type: 'ephemeral' } },
      {
        type: 'function',
        function: { name: 'f', description: 'd', parameters: schema },
        cache_control: { type: 'ephemeral' },
      },
    ],
    [
      'of Anthropic, with its type',
      { type: 'custom', name: 'f', input_schema: schema },
      { type: 'function', function: { name: 'f', parameters: schema } },
    ],
    [
      'of free text with a grammar, flat',
      { type: 'custom', name: 'ApplyPatch', description: 'd', format: { type: 'grammar', ...grammar } },
      { type: 'custom', custom: { name: 'ApplyPatch', description: 'd', format: { type: 'grammar', grammar } } },
    ],
    [
      'of free text with a format as it should be',
      { type: 'custom', name: 'f', format: { type: 'text' } },
      { type: 'custom', custom: { name: 'f', format: { type: 'text' } } },
    ],
    [
      'of free text with a grammar as it should be',
      { type: 'custom', name: 'f', format: { type: 'grammar', grammar } },
      { type: 'custom', custom: { name: 'f', format: { type: 'grammar', grammar } } },
    ],
  ])('%s', (_what, tool, expected) => {
    const nested = { type: 'function', function: { name: 'other' } }
    expect(sanitized({ messages, tools: [nested, tool] }).body['tools']).toEqual([nested, expected])
  })

  test.each<[object, object]>([
    [{ type: 'any' }, { tool_choice: 'required' }],
    [
      { type: 'auto', disable_parallel_tool_use: true },
      { tool_choice: 'auto', parallel_tool_calls: false },
    ],
    [{ type: 'none' }, { tool_choice: 'none' }],
    [{ type: 'tool', name: 'f' }, { tool_choice: { type: 'function', function: { name: 'f' } } }],
    [{ type: 'function', name: 'f' }, { tool_choice: { type: 'function', function: { name: 'f' } } }],
    [{ type: 'custom', name: 'f' }, { tool_choice: { type: 'custom', custom: { name: 'f' } } }],
    [
      { type: 'allowed_tools', mode: 'auto', tools: [{ type: 'function', name: 'f' }] },
      {
        tool_choice: {
          type: 'allowed_tools',
          allowed_tools: { mode: 'auto', tools: [{ type: 'function', function: { name: 'f' } }] },
        },
      },
    ],
  ])('the choice %j', (choice, expected) => {
    expect(sanitized({ messages, tool_choice: choice }).body).toMatchObject(expected)
  })

  test.each([{ type: 'function' }, { type: 7 }, { name: 'f' }])('the choice %j is refused, as before', (choice) => {
    expect(sanitizeChatRequest({ model: 'm', messages, tool_choice: choice })).toMatchObject({
      ok: false,
      error: { code: 'invalid_request' },
    })
  })

  test('reach an Anthropic endpoint with their schema to the letter', () => {
    const text =
      '{"model":"m","messages":[{"role":"user","content":"hi"}],"tools":[{"type":"function","name":"f","parameters":{"type":"object","maximum":1.0}},{"name":"g","input_schema":{"type":"object","minimum":1e400}}]}'
    const parsed = parseJsonKeeping(text, chatRequestKeep)
    const converted = convertChatRequestToAnthropic(parsed.ok ? parsed.value : null, claude, { model: 'c', seed: 's' })
    expect(converted.ok && stringifyJson(converted.value.value.tools ?? [])).toBe(
      '[{"name":"f","input_schema":{"type":"object","maximum":1.0}},{"name":"g","input_schema":{"type":"object","minimum":1e400}}]',
    )
    expect(converted.ok && converted.value.losses).toEqual([])
  })
})

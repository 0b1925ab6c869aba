import { chatRequestKeep, type Json, parseJsonKeeping, stringifyJson } from '@lb/protocol'
import { expect, test } from 'vitest'
import { createNotes } from '../notes.ts'
import { type AnthropicProfile, namedAnthropicProfiles } from '../profiles/anthropic.ts'
import { messagesWithoutBlocks } from './chat-from-blocks.ts'
import { convertChatRequestToAnthropic } from './chat-to-anthropic.ts'

const image = { type: 'image', source: { type: 'base64', media_type: 'image/png', data: 'iVBORw0KGgo=' } }
const imagePart = { type: 'image_url', image_url: { url: 'data:image/png;base64,iVBORw0KGgo=' } }
const format = 'anthropic-claude-v1'

function without(...messages: Json[]): { readonly messages: Json | undefined; readonly losses: readonly string[] } {
  const notes = createNotes()
  const after = messagesWithoutBlocks(messages, notes)
  return { messages: after, losses: notes.losses().map(({ code, path }) => `${code} ${path}`) }
}

test.each<[string, Json, readonly Json[]]>([
  [
    'calls stand beside the text',
    {
      role: 'assistant',
      content: [
        { type: 'text', text: 'so' },
        { type: 'tool_use', id: 'a', name: 'f', input: { n: 1 } },
      ],
    },
    [
      {
        role: 'assistant',
        content: [{ type: 'text', text: 'so' }],
        tool_calls: [{ type: 'function', id: 'a', function: { name: 'f', arguments: '{"n":1}' } }],
      },
    ],
  ],
  [
    'calls stand behind those that are there, and there need be no text',
    { role: 'assistant', content: [{ type: 'tool_use', id: 'b', name: 'f' }], tool_calls: [{ id: 'a' }] },
    [
      {
        role: 'assistant',
        content: null,
        tool_calls: [{ id: 'a' }, { type: 'function', id: 'b', function: { name: 'f', arguments: '{}' } }],
      },
    ],
  ],
  [
    'reasoning stands beside the text, with its signature',
    {
      role: 'assistant',
      content: [
        { type: 'thinking', thinking: 'hm', signature: 's' },
        { type: 'redacted_thinking', data: 'd' },
        { type: 'text', text: 'x' },
      ],
    },
    [
      {
        role: 'assistant',
        content: [{ type: 'text', text: 'x' }],
        reasoning_details: [
          { type: 'reasoning.text', text: 'hm', signature: 's', format, index: 0 },
          { type: 'reasoning.encrypted', data: 'd', format, index: 1 },
        ],
      },
    ],
  ],
  [
    'results are messages of their own, before the text',
    {
      role: 'user',
      content: [
        { type: 'text', text: 'and now' },
        { type: 'tool_result', tool_use_id: 'a', content: 'r' },
        { type: 'tool_result', tool_use_id: 'b', content: [{ type: 'text', text: 'r' }, image, 'odd'] },
        { type: 'tool_result', tool_use_id: 'c' },
      ],
    },
    [
      { role: 'tool', tool_call_id: 'a', content: 'r' },
      { role: 'tool', tool_call_id: 'b', content: [{ type: 'text', text: 'r' }, imagePart, 'odd'] },
      { role: 'tool', tool_call_id: 'c', content: '' },
      { role: 'user', content: [{ type: 'text', text: 'and now' }] },
    ],
  ],
  [
    'parts of Responses are those of Chat',
    {
      role: 'user',
      content: [
        { type: 'input_text', text: 'x', cache_control: { type: 'ephemeral' } },
        { type: 'output_text', text: 'y' },
        { type: 'input_image', image_url: 'https://x.test/a.png', detail: 'low' },
        { type: 'input_image', file_id: 'f1' },
        { type: 'input_file', file_data: 'data:', filename: 'a.pdf' },
        { type: 'input_file', file_url: 'https://x.test/a.pdf' },
        { type: 'image', source: { type: 'url', url: 'https://x.test/b.png' }, cache_control: { type: 'ephemeral' } },
        image,
      ],
    },
    [
      {
        role: 'user',
        content: [
          { type: 'text', text: 'x', cache_control: { type: 'ephemeral' } },
          { type: 'text', text: 'y' },
          { type: 'image_url', image_url: { url: 'https://x.test/a.png', detail: 'low' } },
          { type: 'file', file: { file_id: 'f1' } },
          { type: 'file', file: { file_data: 'data:', filename: 'a.pdf' } },
          { type: 'file', file: { file_data: 'https://x.test/a.pdf' } },
          { type: 'image_url', image_url: { url: 'https://x.test/b.png' }, cache_control: { type: 'ephemeral' } },
          imagePart,
        ],
      },
    ],
  ],
])('%s', (_what, message, expected) => {
  expect(without(message)).toEqual({ messages: expected, losses: [] })
})

test.each<[string, Json]>([
  ['a text', { role: 'user', content: 'x' }],
  ['what is no message', 7],
  ['what is no part', { role: 'user', content: [7, { type: 'image' }] }],
  ['a call that a user makes', { role: 'user', content: [{ type: 'tool_use', id: 'a', name: 'f', input: {} }] }],
  [
    'reasoning of a user',
    { role: 'user', content: [{ type: 'thinking', thinking: 'hm' }, { type: 'redacted_thinking' }] },
  ],
  ['a result that a model has', { role: 'assistant', content: [{ type: 'tool_result', tool_use_id: 'a' }] }],
  [
    "Mistral's reasoning",
    { role: 'assistant', content: [{ type: 'thinking', thinking: [{ type: 'text', text: 'x' }] }] },
  ],
])('%s stays as it is', (_what, message) => {
  const messages = [message]
  expect(messagesWithoutBlocks(messages, createNotes())).toBe(messages)
})

test('messages that are no list stay as they are', () => {
  expect(messagesWithoutBlocks('x', createNotes())).toBe('x')
  expect(messagesWithoutBlocks(undefined, createNotes())).toBeUndefined()
})

test('a result that failed says so in its text, which is a loss; a cache mark on it stays', () => {
  const result = (content?: Json): Json => ({
    type: 'tool_result',
    tool_use_id: 'a',
    is_error: true,
    cache_control: { type: 'ephemeral' },
    ...(content === undefined ? {} : { content }),
  })
  const { messages, losses } = without({
    role: 'user',
    content: [result('no'), result(), result([{ type: 'text', text: 'no' }])],
  })
  expect(messages).toMatchObject([
    { content: '[tool error] no', cache_control: { type: 'ephemeral' } },
    { content: '[tool error]' },
    {
      content: [
        { type: 'text', text: '[tool error]' },
        { type: 'text', text: 'no' },
      ],
    },
  ])
  expect(losses).toEqual(['tool_error_as_text /messages/0/content/0/is_error'])
})

test('a conversation in Anthropic’s blocks reaches an Anthropic endpoint as it was (Cursor with Claude’s models)', () => {
  const blocks = `[{"role":"user","content":"hi"},{"role":"assistant","content":[{"type":"thinking","thinking":"hm","signature":"sig"},{"type":"text","text":"so"},{"type":"tool_use","id":"toolu_1","name":"f","input":{"n":1.0}}]},{"role":"user","content":[{"type":"tool_result","tool_use_id":"toolu_1","content":[{"type":"text","text":"r"}]},{"type":"text","text":"go on"}]}]`
  const parsed = parseJsonKeeping(`{"model":"m","messages":${blocks}}`, chatRequestKeep)
  const claude = namedAnthropicProfiles['anthropic'] as AnthropicProfile
  const converted = convertChatRequestToAnthropic(parsed.ok ? parsed.value : null, claude, { model: 'c', seed: 's' })
  expect(converted.ok && JSON.parse(stringifyJson(converted.value.value.messages))).toMatchObject([
    { role: 'user', content: [{ type: 'text', text: 'hi' }] },
    JSON.parse(blocks)[1],
    JSON.parse(blocks)[2],
  ])
  expect(converted.ok && stringifyJson(converted.value.value.messages)).toContain('{"n":1.0}')
  expect(converted.ok && converted.value.losses).toEqual([])
})

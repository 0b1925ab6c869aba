import { expect, test } from 'vitest'
import { assistant, call, png, result, talk, text, toChat, tool, user } from '../../testing/requests.ts'

const lost = (members: object): readonly string[] =>
  toChat(talk([user('x')], members), { profile: 'openai', options: { model: 'gpt-4.1' } }).all.map(
    ({ code, path, detail }) => `${code} ${path} ${detail}`,
  )

test.each<[string, object]>([
  ['/thinking', { thinking: { type: 'disabled', mood: 1 } }],
  ['/output_config', { output_config: { mood: 1 } }],
  ['/tool_choice', { tools: [tool('A')], tool_choice: { type: 'auto', mood: 1 } }],
  ['/metadata', { metadata: { mood: 1 } }],
  ['/tools/0', { tools: [tool('A', { mood: 1 })] }],
  ['/system/0', { system: [text('s', { mood: 1 })] }],
  ['/messages/0', { messages: [{ ...user('x'), mood: 1 }] }],
  ['/messages/0/content/0', { messages: [user(text('x', { mood: 1 }))] }],
  ['/messages/2/content/0', { messages: [user('x'), assistant(call('t')), user({ ...result('t', 'r'), mood: 1 })] }],
  [
    '/messages/2/content/0/content/0',
    { messages: [user('x'), assistant(call('t')), user(result('t', [text('r', { mood: 1 })]))] },
  ],
])('a member of %s that nobody knows is reported', (path, members) => {
  expect(lost(members)).toContain(`unknown_field ${path}/mood mood`)
  expect(lost(JSON.parse(JSON.stringify(members).replaceAll('"mood":1', '"mood":null'))).join()).not.toContain('mood')
})

test('that a call belongs to a toolset is known, and has no twin', () => {
  const messages = [user('x'), assistant({ ...call('t'), toolset_name: 'browser' }), user(result('t', 'r'))]
  expect(lost({ messages })).toEqual(['feature_dropped /messages/1/content/0/toolset_name toolset_name'])
})

test('what all blocks may have is known', () => {
  const messages = [
    user(text('x', { citations: [] }), png()),
    assistant({ type: 'thinking', thinking: 'a', signature: 's' }, { type: 'redacted_thinking', data: 'd' }, call('t')),
    user(result('t', 'r', { is_error: false })),
  ]
  expect(lost({ messages }).filter((loss) => loss.includes('unknown'))).toEqual([])
})

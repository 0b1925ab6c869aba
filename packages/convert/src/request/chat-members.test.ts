import { expect, test } from 'vitest'
import { toAnthropic } from '../../testing/requests.ts'

const lost = (members: object): readonly string[] =>
  toAnthropic({ model: 'gpt', max_tokens: 100, messages: [{ role: 'user', content: 'x' }], ...members }).all.map(
    ({ code, path, detail }) => `${code} ${path} ${detail}`,
  )
const said = (message: object): readonly string[] =>
  lost({ messages: [{ role: 'user', content: 'x' }, message, { role: 'user', content: 'y' }] })

const user = (part: object): object => ({ messages: [{ role: 'user', content: [part] }] })
const called = (members: object): object => ({
  messages: [
    { role: 'user', content: 'x' },
    {
      role: 'assistant',
      tool_calls: [{ id: 'c', type: 'function', function: { name: 'f', arguments: '{}' }, ...members }],
    },
  ],
})

test('a member that nobody knows is reported, wherever it stands', () => {
  expect(said({ role: 'assistant', content: 'x', mood: 'glad' })).toEqual(['unknown_field /messages/1/mood mood'])
  expect(said({ role: 'user', content: [{ type: 'text', text: 'x', mood: 1 }] })).toEqual([
    'unknown_field /messages/1/content/0/mood mood',
  ])
  expect(lost({ tools: [{ type: 'function', defer: true, function: { name: 'f', examples: [1] } }] })).toEqual([
    'unknown_field /tools/0/defer defer',
    'unknown_field /tools/0/function/examples examples',
  ])
})

test.each<[string, object]>([
  ['/tools/0/custom', { tools: [{ type: 'custom', custom: { name: 'c', mood: 1 } }] }],
  ['/reasoning', { reasoning: { effort: 'low', mood: 1 } }],
  ['/thinking', { thinking: { type: 'enabled', mood: 1 } }],
  ['/response_format', { response_format: { type: 'json_object', mood: 1 } }],
  ['/response_format/json_schema', { response_format: { type: 'json_schema', json_schema: { name: 'x', mood: 1 } } }],
  ['/messages/0/content/0/image_url', user({ type: 'image_url', image_url: { url: 'https://x.test', mood: 1 } })],
  [
    '/messages/0/content/0/file',
    user({ type: 'file', file: { file_data: 'data:application/pdf;base64,AA', mood: 1 } }),
  ],
  ['/messages/1/tool_calls/0', called({ mood: 1 })],
  ['/messages/1/tool_calls/0/function', called({ function: { name: 'f', arguments: '{}', mood: 1 } })],
])('a member of %s that nobody knows is reported', (path, members) => {
  expect(lost(members)).toContain(`unknown_field ${path}/mood mood`)
})

test('what a member of a member says that has no twin is reported as that', () => {
  const signature = called({ extra_content: { google: { thought_signature: 's' } } })
  expect(lost(signature)).toContain('feature_dropped /messages/1/tool_calls/0/extra_content extra_content')
  const hidden = lost({ reasoning: { effort: 'low', exclude: true } })
  expect(hidden).toContain('feature_dropped /reasoning/exclude exclude')
  const format = { type: 'json_schema', json_schema: { name: 'x', description: 'd', schema: { type: 'object' } } }
  const path = '/response_format/json_schema/description'
  expect(lost({ response_format: format })).toContain(`feature_dropped ${path} description`)
  expect(lost({ user: 'a', safety_identifier: 'b' })).toContain('user_id_dropped /user undefined')
  expect(lost({ user: 'a', safety_identifier: 'a' })).toEqual([])
  expect(lost({ prompt_cache_options: { ttl: '30m' } })).toEqual(['cache_ttl_changed /prompt_cache_options/ttl 30m'])
})

test('what has no twin is reported as that', () => {
  expect(said({ role: 'assistant', content: 'x', audio: { id: 'a' } })).toEqual([
    'feature_dropped /messages/1/audio audio',
  ])
  expect(said({ role: 'assistant', content: 'x', annotations: [{ type: 'url_citation' }] })).toEqual([
    'annotations_dropped /messages/1/annotations undefined',
  ])
})

test('what says nothing is no loss', () => {
  const nothing = { audio: null, annotations: [], mood: null, partial: true, prefix: false, tool_calls: [] }
  expect(said({ role: 'assistant', content: 'x', ...nothing })).toEqual([])
  expect(lost({ tools: [{ type: 'custom', custom: { name: 'c' } }] })).toEqual(['custom_tool_as_function /tools/0 c'])
})

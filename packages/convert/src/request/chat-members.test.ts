import { expect, test } from 'vitest'
import { toAnthropic } from '../../testing/requests.ts'

const lost = (members: object): readonly string[] =>
  toAnthropic({ model: 'gpt', max_tokens: 100, messages: [{ role: 'user', content: 'x' }], ...members }).all.map(
    ({ code, path, detail }) => `${code} ${path} ${detail}`,
  )
const said = (message: object): readonly string[] =>
  lost({ messages: [{ role: 'user', content: 'x' }, message, { role: 'user', content: 'y' }] })

test('a member that nobody knows is reported, wherever it stands', () => {
  expect(said({ role: 'assistant', content: 'x', mood: 'glad' })).toEqual(['unknown_field /messages/1/mood mood'])
  expect(said({ role: 'user', content: [{ type: 'text', text: 'x', mood: 1 }] })).toEqual([
    'unknown_field /messages/1/content/0/mood mood',
  ])
  expect(said({ role: 'user', content: 'x', cache_control: { type: 'ephemeral' } })).toEqual([
    'unknown_field /messages/1/cache_control cache_control',
  ])
  expect(lost({ tools: [{ type: 'function', defer: true, function: { name: 'f', examples: [1] } }] })).toEqual([
    'unknown_field /tools/0/defer defer',
    'unknown_field /tools/0/function/examples examples',
  ])
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

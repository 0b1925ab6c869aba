import { expect, test } from 'vitest'
import { RawJson } from '../../raw-json.ts'
import { err, ok } from '../../result.ts'
import { parseAnswer, parseRequest } from './parse.ts'

const request = (...messages: unknown[]): object => ({ model: 'm', messages })
const asking = (members: object): object => ({ model: 'm', messages: [], ...members })
const call = { id: 'c', type: 'function', function: { name: 'f', arguments: '{}' } }

test.each<[string, object]>([
  ['the least', request()],
  [
    'every role',
    request(
      { role: 'system', content: 's' },
      { role: 'developer', content: [{ type: 'text', text: 'd' }] },
      { role: 'user', content: 'u' },
      { role: 'assistant', content: null, tool_calls: [call] },
      { role: 'tool', tool_call_id: 'c', content: 'r' },
      { role: 'function', name: 'f', content: null },
    ),
  ],
  ['a call of the old kind', request({ role: 'assistant', function_call: { name: 'f', arguments: '' } })],
  [
    'a custom call',
    request({ role: 'assistant', tool_calls: [{ id: 'c', type: 'custom', custom: { name: 'f', input: '' } }] }),
  ],
  [
    'images and files',
    request({
      role: 'user',
      content: [
        { type: 'image_url', image_url: { url: 'https://a' } },
        { type: 'image_url', image_url: 'https://a' },
        { type: 'file', file: { file_id: 'f' } },
      ],
    }),
  ],
  ['parts that nobody has heard of', request({ role: 'user', content: [{ type: 'smell' }] })],
  [
    'tools of all types',
    asking({ tools: [{ function: { name: 'f' } }, { type: 'custom', custom: { name: 'g' } }, { type: 'other' }] }),
  ],
  ['a stop text', asking({ stop: 'x' })],
  ['stop texts', asking({ stop: ['x', 'y'] })],
  ['no stop', asking({ stop: null })],
  ['a choice by word', asking({ tool_choice: 'required' })],
  ['a choice of one', asking({ tool_choice: { type: 'function', function: { name: 'f' } } })],
  ['a choice of some', asking({ tool_choice: { type: 'allowed_tools', allowed_tools: { mode: 'auto', tools: [] } } })],
  ['a plain format', asking({ response_format: { type: 'text' } })],
  ['a schema', asking({ response_format: { type: 'json_schema', json_schema: { name: 'n', schema: {} } } })],
])('believes %s', (_, value) => {
  expect(parseRequest(value)).toEqual(ok(value))
})

test.each<[string, unknown]>([
  ['', []],
  ['/model', { messages: [] }],
  ['/messages/0/role', request({ content: '' })],
  ['/messages/0/role', request({ role: 'king', content: '' })],
  ['/messages/0/role', request({ role: 'toString', content: '' })],
  ['/messages/0/content', request({ role: 'user' })],
  ['/messages/0/content/0/type', request({ role: 'user', content: [{}] })],
  ['/messages/0/content/0/text', request({ role: 'user', content: [{ type: 'text' }] })],
  ['/messages/0/content/0/image_url', request({ role: 'user', content: [{ type: 'image_url' }] })],
  ['/messages/0/content/0/image_url/url', request({ role: 'user', content: [{ type: 'image_url', image_url: {} }] })],
  ['/messages/0/content/0/file/file_id', request({ role: 'user', content: [{ type: 'file', file: { file_id: 1 } }] })],
  ['/messages/0/tool_calls/0/id', request({ role: 'assistant', tool_calls: [{}] })],
  ['/messages/0/tool_calls/0/function', request({ role: 'assistant', tool_calls: [{ id: 'c' }] })],
  ['/messages/0/tool_calls/0/custom', request({ role: 'assistant', tool_calls: [{ id: 'c', type: 'custom' }] })],
  ['/messages/0/function_call/name', request({ role: 'assistant', function_call: {} })],
  ['/messages/0/annotations', request({ role: 'assistant', annotations: {} })],
  ['/messages/0/reasoning_details/0/type', request({ role: 'assistant', reasoning_details: [{}] })],
  ['/tools/0', asking({ tools: [1] })],
  ['/tools/0/function', asking({ tools: [{}] })],
  ['/tools/0/custom', asking({ tools: [{ type: 'custom' }] })],
  ['/functions/0/name', asking({ functions: [{}] })],
  ['/stop', asking({ stop: [1] })],
  ['/tool_choice', asking({ tool_choice: 'maybe' })],
  ['/tool_choice', asking({ tool_choice: 7 })],
  ['/tool_choice/function', asking({ tool_choice: { type: 'function' } })],
  ['/tool_choice/allowed_tools', asking({ tool_choice: { type: 'allowed_tools' } })],
  ['/tool_choice/type', asking({ tool_choice: { type: 'mcp', mcp: { name: 'x' } } })],
  ['/modalities', asking({ modalities: 'audio' })],
  ['/response_format', asking({ response_format: 'json' })],
  ['/response_format/json_schema', asking({ response_format: { type: 'json_schema' } })],
])('says that %s is wrong', (path, value) => {
  expect(parseRequest(value)).toEqual(err({ path, expected: expect.any(String) }))
})

test('arguments that are the value itself stay text; everything else is read', () => {
  const call = '{"function":{"name":"f","arguments":{"n":1.0}}}'
  const parsed = parseAnswer(`{"choices":[{"delta":{"content":"a","tool_calls":[${call}]}}]}`)
  const said = { content: 'a', tool_calls: [{ function: { name: 'f', arguments: new RawJson('{"n":1.0}') } }] }
  expect(parsed).toEqual(ok({ choices: [{ delta: said }] }))
  expect(parseAnswer('{"arguments":"{}"}')).toEqual(ok({ arguments: '{}' }))
  expect(parseAnswer('{"choices":[')).toMatchObject({ ok: false })
})

import { expect, test } from 'vitest'
import { err, ok } from '../result.ts'
import { parseRequest } from './parse.ts'

const user = (...content: unknown[]): object => ({ model: 'm', messages: [{ role: 'user', content }] })

test.each<[string, object]>([
  ['the least', { model: 'm', messages: [] }],
  ['a text for a content', { model: 'm', messages: [{ role: 'user', content: 'hi' }] }],
  ['a system turn without content', { model: 'm', messages: [{ role: 'system' }] }],
  ['blocks that nobody has heard of', user({ type: 'hologram', rays: 7 })],
  ['a document that is a list of blocks', user({ type: 'document', source: { type: 'content', content: [] } })],
  ['a tool result of blocks', user({ type: 'tool_result', tool_use_id: 't', content: [{ type: 'text', text: '' }] })],
  ['a tool of the vendor', { model: 'm', messages: [], tools: [{ type: 'web_search_20250305', name: 'web_search' }] }],
  ['a tool of the client', { model: 'm', messages: [], tools: [{ name: 'f', input_schema: {} }] }],
  ['members that nobody has heard of', { model: 'm', messages: [], wish: 1 }],
  [
    'members that say nothing',
    { model: 'm', messages: [], system: null, thinking: null, output_config: { format: null } },
  ],
  ['a format that nobody has heard of', { model: 'm', messages: [], output_config: { format: { type: 'verse' } } }],
])('believes %s', (_, request) => {
  expect(parseRequest(request)).toEqual(ok(request))
})

test.each<[string, unknown, string]>([
  ['', 1, 'an object'],
  ['/model', { messages: [] }, 'a string'],
  ['/messages', { model: 'm', messages: {} }, 'an array'],
  ['/messages/0', { model: 'm', messages: [null] }, 'an object'],
  ['/messages/0/role', { model: 'm', messages: [{ role: 'tool', content: '' }] }, '"user", "assistant" or "system"'],
  ['/messages/0/content', { model: 'm', messages: [{ role: 'user' }] }, 'a string or an array of blocks'],
  ['/messages/0/content/0/type', user({}), 'a string'],
  ['/messages/0/content/0/text', user({ type: 'text' }), 'a string'],
  ['/messages/0/content/0/source/type', user({ type: 'image', source: {} }), 'a string'],
  [
    '/messages/0/content/0/source/type',
    user({ type: 'image', source: { type: 'telepathy' } }),
    'a known kind of source',
  ],
  ['/messages/0/content/0/source/url', user({ type: 'image', source: { type: 'url' } }), 'a string'],
  ['/system/0/text', { model: 'm', messages: [], system: [{ type: 'text' }] }, 'a string'],
  ['/tools/0/input_schema', { model: 'm', messages: [], tools: [{ name: 'f' }] }, 'an object'],
  [
    '/tools/0/allowed_callers',
    { model: 'm', messages: [], tools: [{ name: 'f', input_schema: {}, allowed_callers: 'direct' }] },
    'an array',
  ],
  ['/tool_choice/name', { model: 'm', messages: [], tool_choice: { type: 'tool' } }, 'a string'],
  ['/max_tokens', { model: 'm', messages: [], max_tokens: '5' }, 'a number'],
  [
    '/output_config/format/schema',
    { model: 'm', messages: [], output_config: { format: { type: 'json_schema' } } },
    'an object',
  ],
  ['/output_format/type', { model: 'm', messages: [], output_format: {} }, 'a string'],
  ['/stop_sequences/0', { model: 'm', messages: [], stop_sequences: [1] }, 'a string'],
  ['/mcp_servers/0/name', { model: 'm', messages: [], mcp_servers: [{}] }, 'a string'],
])('says that %s is wrong', (path, request, expected) => {
  expect(parseRequest(request)).toEqual(err({ path, expected }))
})

import { describe, expect, test } from 'vitest'
import type { ClientRequest } from '../ingress/client-request.ts'
import { hello, startWorld, type World } from '../testing/world.ts'
import { featuresOfRequest } from './features.ts'

/** A provider for each thing that can be asked for, and one for the rest. */
const byWish = [
  '  "claude-*":',
  '    - { provider: a, model: passthrough, priority: 1, when: { images: true } }',
  '    - { provider: b, model: passthrough, priority: 1, when: { web_search: true } }',
  '    - { provider: c, model: passthrough, priority: 1, when: { thinking: true } }',
  '    - { provider: d, model: passthrough, priority: 1, when: { background: true } }',
  '    - { provider: e, model: passthrough, priority: 1, when: { tools: true } }',
  '    - { provider: f, model: passthrough, priority: 2 }',
]

const png = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=='
const image = { type: 'image', source: { type: 'base64', media_type: 'image/png', data: png } }
const user = (...content: object[]): object => ({ ...hello, messages: [{ role: 'user', content }] })
const ask = { type: 'text', text: 'What is an "image"? Write {"type":"image"} and search the web.' }
const readTool = { name: 'Read', description: 'Reads a file', input_schema: { type: 'object' } }
/** As Claude Code shows a picture: read by a tool, many turns ago. */
const screenshot = {
  ...hello,
  messages: [
    { role: 'user', content: 'look at it' },
    { role: 'assistant', content: [{ type: 'tool_use', id: 'toolu_1', name: 'Read', input: { path: 'a.png' } }] },
    { role: 'user', content: [{ type: 'tool_result', tool_use_id: 'toolu_1', content: [ask, image] }] },
    { role: 'assistant', content: 'A dot.' },
    { role: 'user', content: 'thanks' },
  ],
}
const documented = user({ type: 'document', source: { type: 'content', content: [ask, image] } })

const wishes: [string, object, string, Record<string, string>?][] = [
  ['nothing special', user(ask), 'f'],
  ['an image', user(ask, image), 'a'],
  ['an image by its address', user({ type: 'image', source: { type: 'url', url: 'https://x.org/a.png' } }), 'a'],
  ['an image in a tool result', screenshot, 'a'],
  ['an image in a document', documented, 'a'],
  ['a web search', { ...hello, tools: [{ type: 'web_search_20250305', name: 'web_search', max_uses: 8 }] }, 'b'],
  ['a later web search', { ...hello, tools: [readTool, { type: 'web_search_20260209', name: 'web_search' }] }, 'b'],
  ['a budget for thinking', { ...hello, thinking: { type: 'enabled', budget_tokens: 1024 } }, 'c'],
  ['adaptive thinking', { ...hello, thinking: { type: 'adaptive' } }, 'c'],
  ['no thinking', { ...hello, thinking: { type: 'disabled' } }, 'f'],
  ['an answer in the background', hello, 'd', { 'x-app': 'cli-bg' }],
  ['an answer for somebody who waits', hello, 'f', { 'x-app': 'cli' }],
  ['tools', { ...hello, tools: [readTool] }, 'e'],
  ['an empty list of tools', { ...hello, tools: [] }, 'f'],
]

const chatImage = { type: 'image_url', image_url: { url: `data:image/png;base64,${png}` } }
const chatTool = { type: 'function', function: { name: 'Read', parameters: { type: 'object' } } }
const chatWishes: typeof wishes = [
  ['nothing special', user(ask), 'f'],
  ['an image', user(ask, chatImage), 'a'],
  ['a web search', { ...hello, web_search_options: {} }, 'b'],
  ['effort', { ...hello, reasoning_effort: 'high' }, 'c'],
  ['no effort', { ...hello, reasoning_effort: 'none' }, 'f'],
  ['tools', { ...hello, tools: [chatTool] }, 'e'],
]

const provider = async (world: World, path: string, body: object, headers?: Record<string, string>) => {
  const response = await world.post(body, { path, ...(headers === undefined ? {} : { headers }) })
  await response.text()
  return [response.status, response.headers.get('x-lb-provider')]
}

describe('a route that is for some requests only', () => {
  test.each([
    ['/v1/messages', wishes],
    ['/v1/chat/completions', chatWishes],
  ] as const)('%s: is chosen by what they ask for', async (path, asked) => {
    const world = await startWorld({ scripts: Array(6).fill({}), routes: byWish })
    for (const [what, body, expected, headers] of asked)
      expect([what, ...(await provider(world, path, body, headers))]).toEqual([what, 200, expected])
  })

  test('is one of several conditions at once, and fails over inside of those that hold', async () => {
    const world = await startWorld({
      scripts: [{ fault: 'error-500' }, {}, {}],
      routes: [
        '  "*":',
        '    - { provider: a, model: passthrough, priority: 1, when: { images: true, thinking: true } }',
        '    - { provider: b, model: passthrough, priority: 2, when: { images: true } }',
        '    - { provider: c, model: passthrough, priority: 3, when: { images: false } }',
      ],
    })
    const thinking = { thinking: { type: 'adaptive' } }
    expect(await provider(world, '/v1/messages', { ...screenshot, ...thinking })).toEqual([200, 'b'])
    expect(world.mocks[0]?.requests).toHaveLength(1)
    expect(await provider(world, '/v1/messages', screenshot)).toEqual([200, 'b'])
    expect(await provider(world, '/v1/messages', { ...hello, ...thinking })).toEqual([200, 'c'])
    expect(world.mocks[0]?.requests).toHaveLength(1)
  })

  test('is chosen by the estimate of its tokens, limits included', async () => {
    const body = { ...hello, system: 'The quick brown fox jumps over the lazy dog. '.repeat(200) }
    const request = { body: Buffer.from(JSON.stringify(body)), headers: {}, model: hello.model }
    const { tokens } = featuresOfRequest(request as unknown as ClientRequest)
    const routes = (min: number, max: number): string[] => [
      '  "*":',
      `    - { provider: a, model: passthrough, priority: 1, when: { min_tokens: ${min} } }`,
      `    - { provider: b, model: passthrough, priority: 1, when: { max_tokens: ${max} } }`,
    ]
    const asked = async (min: number, max: number) =>
      provider(await startWorld({ scripts: [{}, {}], routes: routes(min, max) }), '/v1/messages', body)
    expect(tokens).toBeGreaterThan(1500)
    expect(await asked(tokens, tokens - 1)).toEqual([200, 'a'])
    expect(await asked(tokens + 1, tokens)).toEqual([200, 'b'])
  })

  test('leaves the requests that no route is for to the next pattern, and says so where there is none', async () => {
    const only = '    - { provider: a, model: passthrough, priority: 1, when: { images: true } }'
    const next = ['  "*":', '    - { provider: b, model: passthrough, priority: 1 }']
    const world = await startWorld({ scripts: [{}, {}], routes: ['  "claude-test-*":', only, ...next] })
    expect(await provider(world, '/v1/messages', screenshot)).toEqual([200, 'a'])
    expect(await provider(world, '/v1/messages', hello)).toEqual([200, 'b'])
    const alone = await startWorld({ scripts: [{}], routes: ['  "claude-test-*":', only] })
    const refused = await alone.post(hello)
    expect([refused.status, await refused.text()]).toEqual([400, expect.stringContaining('by their conditions')])
    expect((await alone.post({ ...hello, model: 'other' })).status).toBe(404)
  })
})

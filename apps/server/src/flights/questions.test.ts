import { describe, expect, test } from 'vitest'
import { chatPath } from '../testing/chat-world.ts'
import { createGate } from '../testing/gate.ts'
import { hello, type PostOptions, startWorld, type WorldOptions } from '../testing/world.ts'

interface Asked extends PostOptions {
  readonly body: object | string
}

/** How many calls it takes when these are asked at the same time. */
async function calls(asked: readonly Asked[], more: Omit<WorldOptions, 'scripts'> = {}): Promise<number> {
  const gate = createGate()
  const world = await startWorld({ scripts: [{ default: { delayMs: 1 } }], clock: gate.clock, ...more })
  const answers = asked.map(({ body, ...options }) => world.post(body, options))
  // Each has its call, or has joined one.
  for (;;) {
    const text = await (await fetch(`${world.lb.url}/metrics`, { headers: admin })).text()
    const joined = Number(/^lb_coalesced_requests_total\{how="joined"\} (\d+)$/m.exec(text)?.[1] ?? 0)
    if (joined + (world.mocks[0]?.requests.length ?? 0) >= asked.length) break
    await new Promise((resolve) => void setTimeout(resolve, 5))
  }
  gate.open()
  for (const answer of await Promise.all(answers)) {
    expect(answer.status).toBe(200)
    await answer.text()
  }
  return world.mocks[0]?.requests.length ?? 0
}

const admin = { 'x-api-key': 'admin-key-0123456789abcdef0123' }
const text = (members: string): Asked => ({
  body: `{"model":"claude-test-1","max_tokens":100,"messages":[{"role":"user","content":"hello"}]${members}}`,
})
const said = (content: string): Asked => ({
  body: `{"model":"claude-test-1","max_tokens":100,"messages":[{"role":"user","content":${content}}]}`,
})
const image = (data: string): Asked =>
  said(`[{"type":"image","source":{"type":"base64","media_type":"image/png","data":"${data}"}}]`)
const tool = (name: string): string => `{"name":"${name}","input_schema":{"type":"object"}}`
const beta = (value: string): Asked => ({ body: hello, headers: { 'anthropic-beta': value } })

describe('are two questions', () => {
  test.each<[string, Asked, Asked]>([
    ['a key that stands twice, in the other order', text(',"top_k":1,"top_k":2'), text(',"top_k":2,"top_k":1')],
    [
      'a key in two spellings, in the other order',
      text(',"top_k":1,"top_\\u006b":2'),
      text(',"top_\\u006b":2,"top_k":1'),
    ],
    ['1 and 1.0', text(',"temperature":1'), text(',"temperature":1.0')],
    ['1 and 1e0', text(',"temperature":1'), text(',"temperature":1e0')],
    [
      'numbers beyond what a double holds',
      text(',"top_k":12345678901234567890'),
      text(',"top_k":12345678901234567891'),
    ],
    ['a character and its escape', said('"\\u00e9"'), said('"é"')],
    ['two images that differ in a bit', image('iVBORw0KGgoAAAAA'), image('iVBORw0KGgoAAAAB')],
    [
      'tools in another order',
      text(`,"tools":[${tool('a')},${tool('b')}]`),
      text(`,"tools":[${tool('b')},${tool('a')}]`),
    ],
    ['a text and a block with that text', said('"hello"'), said('[{"type":"text","text":"hello"}]')],
    ['one more beta', beta('a'), beta('a,b')],
    ['another version', { body: hello, headers: { 'anthropic-version': '2024-01-01' } }, { body: hello }],
    ['a query that goes up', { body: hello, path: '/v1/messages?api-version=2' }, { body: hello }],
    ['metadata that an upstream refuses', text(',"metadata":{"user_id":tru}'), text('')],
    ['a limit that is no JSON', { body: text('').body.toString().replace('100', '0100') }, text('')],
    ['a stream and a whole answer', text(',"stream":true'), text(',"stream":false')],
    [
      'a stream and a whole answer of Chat',
      { body: { ...hello, stream: true }, ...chatPath },
      { body: hello, ...chatPath },
    ],
    ['the same body of two APIs', { body: hello }, { body: hello, ...chatPath }],
    ['what must be answered by another provider', text(',"provider":"a"'), text('')],
  ])('%s', async (_, one, other) => {
    expect(await calls([one, other])).toBe(2)
  })

  test('the same of two client keys, and of a client key and none', async () => {
    const key = (name: string): string => `${name}-0123456789abcdef0123456789`
    const keys = ['ann', 'bob'].map((name) => `{ name: ${name}, key: ${key(name)} }`).join(', ')
    const settings = [`auth: { enabled: true, admin_key: ${admin['x-api-key']}, keys: [${keys}] }`]
    const by = (name: string): Asked => ({ body: hello, headers: { 'x-api-key': key(name) } })
    expect(await calls([by('ann'), by('bob'), by('ann')], { settings })).toBe(2)
  })
})

describe('are one question', () => {
  test.each<[string, Asked, Asked]>([
    ['other metadata', text(',"metadata":{"user_id":"a"}'), text(',"metadata":{"user_id":"b"}')],
    ['another order of keys and other spaces', text(',"top_k":1,"top_p":2'), text(' , "top_p" :2,"top_k":1')],
    ['betas in another order', beta('a,b'), beta('b, a')],
    ['Claude Code’s query', { body: hello, path: '/v1/messages?beta=true' }, { body: hello }],
    ['no stream, and none said', text(',"stream":false'), text('')],
    [
      'a stream of Chat',
      { body: { ...hello, stream: true }, ...chatPath },
      { body: { stream: true, ...hello }, ...chatPath },
    ],
    ['another limit', text(''), { body: text('').body.toString().replace('100', '200') }],
    [
      'other headers of the client',
      { body: hello, headers: { 'user-agent': 'x', 'x-stainless-retry-count': '1' } },
      { body: hello },
    ],
  ])('%s', async (_, one, other) => {
    expect(await calls([one, other])).toBe(1)
  })

  test('the same of one client key, however it is presented', async () => {
    const key = 'ann-0123456789abcdef0123456789'
    const settings = [`auth: { enabled: true, admin_key: ${admin['x-api-key']}, keys: [{ name: ann, key: ${key} }] }`]
    const asked = [{ 'x-api-key': key }, { authorization: `Bearer ${key}` }].map((headers) => ({
      body: hello,
      headers,
    }))
    expect(await calls(asked, { settings })).toBe(1)
  })
})

import { describe, expect, test } from 'vitest'
import { hostOf, sendRaw } from '../testing/raw-client.ts'
import { hello, startWorld, type World } from '../testing/world.ts'

/** One of each kind of route, and a path that is none. */
const routes: readonly [string, string][] = [
  ['POST', '/v1/messages'],
  ['POST', '/v1/messages/count_tokens'],
  ['POST', '/v1/chat/completions'],
  ['GET', '/v1/models'],
  ['GET', '/v1/models/claude-x'],
  ['GET', '/'],
  ['HEAD', '/'],
  ['GET', '/health'],
  ['GET', '/providers'],
  ['GET', '/no-such-path'],
  ['OPTIONS', '/v1/messages'],
]

function ask(world: World, method: string, path: string, headers: readonly string[]): Promise<number | undefined> {
  const body = method === 'POST' ? JSON.stringify(hello) : ''
  const lines = [
    `${method} ${path} HTTP/1.1`,
    ...headers,
    'connection: close',
    ...(body === '' ? [] : ['content-type: application/json', `content-length: ${body.length}`]),
  ]
  return sendRaw(world.lb.url, `${lines.join('\r\n')}\r\n\r\n${body}`).then(({ statuses }) => statuses[0])
}

describe('on every route', () => {
  test('a foreign Host is 421, two or a malformed one 400', async () => {
    const world = await startWorld({ scripts: [{}] })
    const host = hostOf(world.lb.url)
    for (const [method, path] of routes) {
      expect(await ask(world, method, path, ['host: evil.example']), path).toBe(421)
      expect(await ask(world, method, path, [`host: evil.example:${new URL(world.lb.url).port}`])).toBe(421)
      expect(await ask(world, method, path, [`host: ${host}`, `host: ${host}`])).toBe(400)
      expect(await ask(world, method, path, [`host: ${host}`, 'host: evil.example'])).toBe(400)
      expect(await ask(world, method, path, ['host: a b'])).toBe(400)
    }
    expect(world.mocks[0]?.requests).toHaveLength(0)
  })

  test('a page of another site is 403, whatever it sends', async () => {
    const world = await startWorld({ scripts: [{}] })
    const host = `host: ${hostOf(world.lb.url)}`
    for (const [method, path] of routes) {
      for (const headers of [
        ['origin: https://evil.example'],
        ['origin: null'],
        ['sec-fetch-site: cross-site'],
        ['sec-fetch-site: same-site', 'sec-fetch-mode: no-cors'],
        ['sec-fetch-site: cross-site', 'sec-fetch-mode: navigate', 'sec-fetch-dest: document'],
        ['origin: https://evil.example', 'access-control-request-method: POST'],
      ]) {
        expect(await ask(world, method, path, [host, ...headers]), `${method} ${path} ${headers}`).toBe(403)
      }
    }
    expect(world.mocks[0]?.requests).toHaveLength(0)
  })

  test('a second spelling of the path is 400, before anybody asks for a key', async () => {
    const world = await startWorld({
      scripts: [{}],
      settings: ['auth: { enabled: true, api_key: 0123456789abcdef0123456789 }'],
    })
    const host = `host: ${hostOf(world.lb.url)}`
    for (const path of [
      '//providers',
      '/health/../providers',
      '/health%2f..%2fproviders',
      '/%68ealth',
      '/health\\',
      `${world.lb.url}/health`,
    ])
      expect(await ask(world, 'GET', path, [host]), path).toBe(400)
  })
})

test('nobody is told by CORS headers that they may read', async () => {
  const { lb } = await startWorld({ scripts: [{}] })
  for (const headers of [{}, { origin: lb.url }, { origin: 'https://evil.example' }]) {
    const response = await fetch(`${lb.url}/health`, { headers })
    expect([...response.headers.keys()].filter((name) => name.startsWith('access-control'))).toEqual([])
  }
})

test('a browser that opens a page of lb gets it', async () => {
  const { lb } = await startWorld({ scripts: [{}] })
  for (const site of ['none', 'same-origin']) {
    const headers = { 'sec-fetch-site': site, 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'document' }
    expect((await fetch(lb.url, { headers })).status).toBe(200)
  }
})

test('a header that says who or where stands once', async () => {
  const world = await startWorld({ scripts: [{}] })
  const host = `host: ${hostOf(world.lb.url)}`
  for (const name of ['authorization', 'x-api-key', 'X-Lb-Key', 'origin', 'Content-Type'])
    expect(await ask(world, 'GET', '/health', [host, `${name}: a`, `${name.toLowerCase()}: b`]), name).toBe(400)
  expect(await ask(world, 'GET', '/health', [host, 'x-other: a', 'x-other: b'])).toBe(200)
})

describe('paths and methods that are not served', () => {
  test('an unknown path is 404 in Anthropic’s shape, with the predecessor’s detail', async () => {
    const { lb } = await startWorld({ scripts: [{}] })
    for (const method of ['GET', 'POST', 'DELETE', 'OPTIONS', 'PATCH']) {
      const response = await fetch(`${lb.url}/v1/nothing?x=1`, { method })
      expect(response.status).toBe(404)
      expect(await response.json()).toMatchObject({
        type: 'error',
        error: { type: 'not_found_error', message: `There is no ${method} /v1/nothing here.` },
        detail: 'Not Found',
        request_id: expect.stringMatching(/^req_/),
      })
    }
  })

  test('under the paths of OpenAI it is OpenAI’s shape, and says nothing about a model', async () => {
    const { lb } = await startWorld({ scripts: [{}] })
    for (const path of ['/v1/responses', '/v1/embeddings', '/v1/chat/completions/']) {
      const response = await fetch(`${lb.url}${path}`, { method: 'POST', body: '{}' })
      expect(response.status).toBe(404)
      const message = `There is no POST ${path} here.`
      expect(await response.json()).toEqual({
        error: { message, type: 'invalid_request_error', code: null, param: null },
      })
    }
  })

  test('another method is 405 with what is allowed', async () => {
    const { lb } = await startWorld({ scripts: [{}] })
    const response = await fetch(`${lb.url}/v1/messages`)
    expect(response.status).toBe(405)
    expect(response.headers.get('allow')).toBe('POST, OPTIONS')
    expect(await response.json()).toMatchObject({ type: 'error', detail: 'Method Not Allowed' })
    expect((await fetch(`${lb.url}/health`, { method: 'PUT' })).headers.get('allow')).toBe('GET, HEAD, OPTIONS')
    expect((await fetch(`${lb.url}/v1/messages`, { method: 'HEAD' })).status).toBe(405)
  })

  test('OPTIONS says what is allowed, and nothing about other sites', async () => {
    const { lb } = await startWorld({ scripts: [{}] })
    const response = await fetch(`${lb.url}/v1/messages`, { method: 'OPTIONS' })
    expect([response.status, response.headers.get('allow')]).toEqual([204, 'POST, OPTIONS'])
  })

  test('HEAD answers like GET, without a body', async () => {
    const { lb } = await startWorld({ scripts: [{}] })
    for (const path of ['/', '/health', '/providers', '/v1/models']) {
      const response = await fetch(`${lb.url}${path}`, { method: 'HEAD' })
      expect(response.status).toBe(200)
      expect(await response.text()).toBe('')
    }
  })
})

test('nothing in a request says where it goes', async () => {
  const { post, mocks, lb } = await startWorld({ scripts: [{}, {}] })
  const elsewhere = mocks[1]?.url ?? ''
  const zoo = [
    'x-portkey-custom-host',
    'x-custom-host',
    'x-target-url',
    'x-target-host',
    'x-upstream',
    'x-base-url',
    'x-api-base',
    'x-forwarded-host',
    'x-forwarded-server',
    'x-original-url',
    'x-rewrite-url',
    'x-http-method-override',
    'x-lb-provider',
    'x-lb-upstream',
    'helicone-target-url',
    'helicone-openai-api-base',
    'forwarded',
    'destination',
  ]
  for (const name of zoo) {
    const value = name === 'forwarded' ? `host=${elsewhere}` : elsewhere
    const response = await post({ ...hello, base_url: elsewhere, api_base: elsewhere }, { headers: { [name]: value } })
    expect(response.headers.get('x-lb-provider'), name).toBe('a')
  }
  const override = await fetch(`${lb.url}/providers`, {
    headers: { 'x-original-url': '/health', 'x-rewrite-url': '/health' },
  })
  expect(await override.json()).toHaveProperty('providers')
  expect(mocks[1]?.requests).toHaveLength(0)
})

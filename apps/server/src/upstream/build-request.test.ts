import { describe, expect, test } from 'vitest'
import { hello, startWorld } from '../testing/world.ts'

const mapped = ['  "claude-*":', '    - { provider: a, model: "vendor/model-7", priority: 1 }']

describe('the body that goes up', () => {
  test('is the client’s, byte for byte: spaces, key order, numbers, duplicate keys, odd unicode', async () => {
    const body =
      '{ "model":"claude-x","messages":[{"role":"user","content":"\\ud800 ü 👍"}],"n":1e400,"big":12345678901234567890,"a":1,"a":2 , "max_tokens":1.0}'
    const { post, mocks } = await startWorld({ scripts: [{}] })
    await post(body)
    expect(mocks[0]?.requests[0]?.text).toBe(body)
  })

  test.each(['anthropic', 'openai'] as const)('names the model of the route, for type %s', async (type) => {
    const { post, mocks } = await startWorld({ scripts: [{}], types: [type], routes: mapped })
    const answer = (await (await post(hello)).json()) as { model: string }
    expect(mocks[0]?.requests[0]?.json).toMatchObject({ model: 'vendor/model-7' })
    if (type === 'openai') expect(answer.model).toBe(hello.model)
  })

  test('has only the model’s value replaced', async () => {
    const { post, mocks } = await startWorld({ scripts: [{}], routes: mapped })
    await post('{ "max_tokens" : 1.0, "model" : "claude-x" , "messages":[ ] }')
    expect(mocks[0]?.requests[0]?.text).toBe('{ "max_tokens" : 1.0, "model" : "vendor/model-7" , "messages":[ ] }')
  })
})

describe('the headers that go up', () => {
  test('are the client’s as an open list, without credentials, cookies and hop-by-hop ones', async () => {
    const { post, mocks } = await startWorld({ scripts: [{}] })
    const kept = { 'anthropic-beta': 'a-2099,b', 'anthropic-future': 'x', 'x-app': 'cli', 'user-agent': 'claude-cli/9' }
    const dropped = {
      authorization: 'Bearer client',
      'x-api-key': 'client',
      cookie: 'c=1',
      'x-lb-debug': 'losses',
      'x-forwarded-for': '10.0.0.1',
    }
    await post(hello, { headers: { ...kept, ...dropped } })
    const headers = mocks[0]?.requests[0]?.headers ?? {}
    expect(headers).toMatchObject({
      ...kept,
      'anthropic-version': '2023-06-01',
      'x-api-key': 'key-a',
      'accept-encoding': 'identity',
    })
    for (const name of ['authorization', 'cookie', 'x-lb-debug', 'x-forwarded-for'])
      expect(headers).not.toHaveProperty(name)
  })

  test('name a version where the client did not', async () => {
    const { lb, mocks } = await startWorld({ scripts: [{}] })
    await fetch(`${lb.url}/v1/messages`, { method: 'POST', body: JSON.stringify(hello) })
    expect(mocks[0]?.requests[0]?.headers).toMatchObject({ 'anthropic-version': '2023-06-01' })
  })

  test('of a client are not shown to a vendor of another dialect', async () => {
    const { post, mocks } = await startWorld({ scripts: [{}], types: ['openai'] })
    await post(hello, {
      headers: { 'anthropic-beta': 'x', 'x-claude-code-session-id': 's', authorization: 'Bearer client' },
    })
    const headers = mocks[0]?.requests[0]?.headers ?? {}
    expect(headers).toMatchObject({ authorization: 'Bearer key-a' })
    expect(Object.keys(headers).filter((name) => /anthropic|claude/.test(name))).toEqual([])
  })
})

test.each([
  ['app_name: My Proxy', 'My Proxy'],
  ['app_name: 我的代理', '%E6%88%91%E7%9A%84%E4%BB%A3%E7%90%86'],
])('%s is the title that OpenAI-type upstreams list callers by', async (setting, title) => {
  const { post, mocks } = await startWorld({ scripts: [{}, {}], types: ['openai', 'anthropic'], settings: [setting] })
  expect((await post(hello)).status).toBe(200)
  expect(mocks[0]?.requests[0]?.headers).toMatchObject({ 'x-title': title })
  await post({ ...hello, provider: 'b' })
  expect(mocks[1]?.requests[0]?.headers).not.toHaveProperty('x-title')
})

test('a provider’s configured title goes before that of lb', async () => {
  const { post, mocks } = await startWorld({ scripts: [{}], types: ['openai'], provider: 'headers: { X-Title: team }' })
  await post(hello)
  expect(mocks[0]?.requests[0]?.rawHeaders.filter(([name]) => name.toLowerCase() === 'x-title')).toEqual([
    ['X-Title', 'team'],
  ])
})

test('the query goes up as it came, and the path is the provider’s', async () => {
  const { post, mocks } = await startWorld({ scripts: [{}] })
  await post(hello, { path: '/v1/messages?beta=true&x=%2F' })
  expect(mocks[0]?.requests[0]?.url).toBe('/v1/messages?beta=true&x=%2F')
})

test('the client’s own credential goes up only where the provider says so', async () => {
  const { post, mocks } = await startWorld({ scripts: [{}], provider: 'auth_value: passthrough' })
  await post(hello, { headers: { authorization: 'Bearer client' } })
  const headers = mocks[0]?.requests[0]?.headers ?? {}
  expect(headers).toMatchObject({ authorization: 'Bearer client' })
  expect(headers).not.toHaveProperty('x-api-key')
})

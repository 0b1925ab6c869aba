import { describe, expect, test } from 'vitest'
import { hello, startWorld, type World, type WorldOptions } from '../testing/world.ts'

const { max_tokens: _, ...question } = hello
const COUNT = { endpoint: 'count-tokens' } as const

interface Counted {
  readonly status: number
  readonly source: string | null
  readonly text: string
  readonly tokens: number
}

async function count(world: World, body: object | string = question, headers = {}): Promise<Counted> {
  const response = await world.post(body, { path: '/v1/messages/count_tokens?beta=true', headers })
  const text = await response.text()
  const { input_tokens: tokens = 0 } = JSON.parse(text) as { input_tokens?: number }
  return { status: response.status, source: response.headers.get('x-lb-token-count'), text, tokens }
}

/** How often the first upstream was asked anything. */
const asked = ({ mocks }: World): number => mocks[0]?.requests.length ?? 0

/** An upstream whose counter answers so, and whose answers are as ever. */
const counter = (answer: object) => ({ rules: [{ when: COUNT, answer }] })

async function worldOf(answer: object, options: Partial<WorldOptions> = {}): Promise<World> {
  return startWorld({ scripts: [counter(answer)], ...options })
}

describe('an upstream that counts', () => {
  test('is asked, and its answer is passed on as it is', async () => {
    const world = await worldOf({ body: { input_tokens: 2095, context_management: { original_input_tokens: 3000 } } })
    const counted = await count(world)
    expect(counted).toMatchObject({ status: 200, source: 'upstream', tokens: 2095 })
    expect(counted.text).toContain('original_input_tokens')
    const [request] = world.mocks[0]?.requests ?? []
    expect(request).toMatchObject({ path: '/v1/messages/count_tokens' })
  })

  test('is asked for the model that the route names', async () => {
    const routes = ['  "*": [{ provider: a, model: claude-opus-5, priority: 1 }]']
    const world = await startWorld({ scripts: [{}], routes })
    await count(world)
    expect(JSON.stringify(world.mocks[0]?.requests[0])).toContain('claude-opus-5')
  })

  test('is the one that would answer: neither one that cools down, nor one that was taken out of use', async () => {
    const scripts = [{ fault: 'error-500' } as const, counter({ body: { input_tokens: 7 } })]
    const routes = ['  "*": [{ provider: a }, { provider: b, model: mapped, priority: 2 }]']
    const world = await startWorld({ scripts, routes, settings: ['failure_cooldown: 60'] })
    await fetch(`${world.lb.url}/providers/a/disable`, { method: 'POST' })
    expect(await count(world)).toMatchObject({ source: 'upstream', tokens: 7 })
    await fetch(`${world.lb.url}/providers/a/enable`, { method: 'POST' })
    for (const content of ['one', 'two']) await world.post({ ...hello, messages: [{ role: 'user', content }] })
    expect(asked(world)).toBe(2)
    expect(await count(world, { ...question, system: 'else' })).toMatchObject({ source: 'upstream', tokens: 7 })
    expect(asked(world)).toBe(2)
  })

  test('is asked once for the same question of the same client', async () => {
    const world = await startWorld({ scripts: [{}] })
    const first = await count(world)
    expect(await count(world)).toEqual(first)
    expect(asked(world)).toBe(1)
    await count(world, { ...question, messages: [{ role: 'user', content: 'something else' }] })
    expect(asked(world)).toBe(2)
  })

  test('is the one that the request would go to, past those who are switched off or ill', async () => {
    const script = {
      rules: [{ when: COUNT, answer: { body: { input_tokens: 7 } } }, { answer: { fault: 'error-529' } }],
    }
    const world = await startWorld({ scripts: [script as never, counter({ body: { input_tokens: 8 } })] })
    expect((await count(world)).tokens).toBe(7)
    expect((await world.post(hello)).headers.get('x-lb-provider')).toBe('b')
    const other = { ...question, messages: [{ role: 'user', content: 'another conversation' }] }
    expect(await count(world, other)).toMatchObject({ source: 'upstream', tokens: 8 })
  })

  test('may speak the Responses dialect', async () => {
    const world = await startWorld({ scripts: [{}], types: ['openai'], provider: 'dialect: responses' })
    const counted = await count(world, { ...question, tools: [{ name: 't', input_schema: { type: 'object' } }] })
    expect(counted).toMatchObject({ status: 200, source: 'upstream' })
    expect(counted.tokens).toBeGreaterThan(0)
    expect(Object.keys(JSON.parse(counted.text))).toEqual(['input_tokens'])
    expect(world.mocks[0]?.requests[0]).toMatchObject({ path: '/v1/responses/input_tokens' })
  })

  test('and refuses the request: the client sees that as it is', async () => {
    const refusal = { type: 'error', error: { type: 'invalid_request_error', message: 'messages: at least one' } }
    const world = await worldOf({ status: 400, body: refusal, headers: { 'request-id': 'req_theirs' } })
    const counted = await count(world)
    expect(counted).toMatchObject({ status: 400, source: null })
    expect(JSON.parse(counted.text)).toEqual(refusal)
    // A refusal is an answer: it does not count as a failure of the counter.
    await count(world, { ...question, system: 'a' })
    await count(world, { ...question, system: 'b' })
    expect(asked(world)).toBe(3)
  })

  test.each([
    ['tools that the vendor runs', { tools: [{ type: 'web_search_20250305', name: 'web_search' }] }],
    [
      'images that it would fetch',
      {
        messages: [
          { role: 'user', content: [{ type: 'image', source: { type: 'url', url: 'https://x.test/a.png' } }] },
        ],
      },
    ],
  ])('but refuses %s, which it answers perfectly well: then lb estimates', async (_name, more) => {
    const world = await worldOf({ error: { status: 400 } })
    expect(await count(world, { ...question, ...more })).toMatchObject({ status: 200, source: 'estimate' })
  })

  test('a refusal of the client’s own credential is the client’s', async () => {
    const world = await worldOf({ error: { status: 401 } }, { auth: ['auth_type: passthrough'] })
    expect(await count(world, question, { 'x-api-key': 'sk-of-the-client' })).toMatchObject({
      status: 401,
      source: null,
    })
  })
})

describe('lb estimates', () => {
  test('where the dialect has no counter', async () => {
    const world = await startWorld({ scripts: [{}], types: ['openai'] })
    const counted = await count(world)
    expect(counted).toMatchObject({ status: 200, source: 'estimate' })
    expect(counted.tokens).toBeGreaterThan(3)
    expect(asked(world)).toBe(0)
  })

  test.each([
    ['says so', { error: { status: 501 } }],
    ['is broken', { error: { status: 500 } }],
    ['is overloaded', { error: { status: 529 } }],
    ['lets nobody in', { error: { status: 401 } }],
    ['answers something else', { body: { tokens: 'many' } }],
    ['answers no JSON', { body: '<html>' }],
    ['breaks off', { fault: 'reset-before-response' }],
  ])('where the counter %s', async (_name, answer) => {
    expect(await count(await worldOf(answer))).toMatchObject({ status: 200, source: 'estimate' })
  })

  test('where an operator has switched off whoever could count', async () => {
    const world = await startWorld({ scripts: [{}] })
    await fetch(`${world.lb.url}/providers/a/disable`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
    })
    expect(await count(world)).toMatchObject({ status: 200, source: 'estimate' })
    expect(asked(world)).toBe(0)
  })

  test('where nobody listens', async () => {
    const world = await startWorld({ scripts: [{ refuse: true }] })
    expect(await count(world)).toMatchObject({ status: 200, source: 'estimate' })
  })

  test('where the counter takes too long', async () => {
    const settings = ['token_counting: { timeout_override: 0.2 }']
    const world = await startWorld({ scripts: [{ rules: [{ when: COUNT, answer: { delayMs: 60_000 } }] }], settings })
    expect(await count(world)).toMatchObject({ source: 'estimate' })
    await world.mocks[0]?.idle()
    expect(world.mocks[0]?.requests[0]?.outcome).toBe('client-left')
  })

  test('where the configuration wants nothing else', async () => {
    const world = await startWorld({ scripts: [{}], settings: ['token_counting: { always_use_local: true }'] })
    expect(await count(world)).toMatchObject({ source: 'estimate' })
    expect(asked(world)).toBe(0)
  })

  test('more for more', async () => {
    const world = await startWorld({ scripts: [{}], types: ['openai'] })
    const long = { ...question, messages: [{ role: 'user', content: 'a few words more '.repeat(500) }] }
    expect((await count(world, long)).tokens).toBeGreaterThan((await count(world)).tokens + 1_500)
  })
})

describe('a counter that fails', () => {
  const settings = (failures: number): string[] => [`token_counting: { failure_threshold: ${failures} }`]

  test('is left alone from the configured number of failures on', async () => {
    const world = await worldOf({ error: { status: 500 } }, { settings: settings(3) })
    for (let index = 0; index < 5; index += 1) await count(world, { ...question, system: `${index}` })
    expect(asked(world)).toBe(3)
  })

  test('for this model only, where it does not know that', async () => {
    const world = await worldOf({ error: { status: 404 } })
    for (const model of ['m1', 'm1', 'm2', 'm2']) await count(world, { ...question, model })
    expect(asked(world)).toBe(2)
  })

  test('says nothing about the health of its provider', async () => {
    const world = await worldOf({ error: { status: 500 } }, { settings: settings(1) })
    await count(world)
    const { providers } = (await (await fetch(`${world.lb.url}/providers`)).json()) as { providers: object[] }
    expect(providers).toMatchObject([{ healthy: true, failure_count: 0 }])
    expect((await world.post(hello)).status).toBe(200)
  })
})

test('a client that leaves takes the question with it', async () => {
  const world = await startWorld({ scripts: [{ rules: [{ when: COUNT, answer: { delayMs: 60_000 } }] }] })
  const leaving = new AbortController()
  const left = world.post(question, { path: '/v1/messages/count_tokens', signal: leaving.signal }).catch(() => 'left')
  await expect.poll(() => asked(world)).toBe(1)
  leaving.abort()
  expect(await left).toBe('left')
  await world.mocks[0]?.idle()
  expect(world.mocks[0]?.requests[0]?.outcome).toBe('client-left')
})

test('what cannot be read is refused by lb, whoever would count', async () => {
  const world = await startWorld({ scripts: [{}], types: ['openai'] })
  expect((await count(world, '{"model":')).status).toBe(400)
  expect((await count(world, { messages: [] })).status).toBe(400)
  const nothing = await count(world, { model: question.model })
  expect(nothing).toMatchObject({ status: 400, text: expect.stringContaining('messages: Field required') })
})

describe('the record of a count', () => {
  async function recordOf(world: World, body: object = question): Promise<unknown> {
    const counted = await world.post(body, { path: '/v1/messages/count_tokens' })
    const id = counted.headers.get('x-lb-request-id')
    return (await fetch(`${world.lb.url}/requests/${id}`)).json()
  }

  test('says who counted, and why it is an estimate', async () => {
    const world = await startWorld({ scripts: [counter({ error: { status: 500 } }), {}] })
    expect(await recordOf(world)).toMatchObject({
      endpoint: 'count-tokens',
      model: question.model,
      status: 200,
      end: 'completed',
      attempts: [],
      candidates: [{ provider: 'a' }, { provider: 'b' }],
      counted: { provider: 'a', model: question.model, by: 'estimate', because: 'status 500' },
    })
    const { requests } = (await (await fetch(`${world.lb.url}/requests`)).json()) as { requests: object[] }
    expect(requests).toMatchObject([{ endpoint: 'count-tokens', provider: 'a', attempts: 0 }])
  })

  test.each([
    ['upstream', null, {}, 1],
    ['memory', null, {}, 2],
    ['estimate', 'always_use_local', { settings: ['token_counting: { always_use_local: true }'] }, 1],
    ['estimate', 'no counter', { types: ['openai'] }, 1],
    ['estimate', 'no counter', { scripts: [counter({ error: { status: 404 } })] }, 1],
    ['estimate', 'the counter rests', { scripts: [counter({ error: { status: 404 } })] }, 2],
    ['estimate', 'the connection broke', { scripts: [{ refuse: true }] }, 1],
  ] as const)('%s: %s', async (by, because, options, times) => {
    const world = await startWorld({ scripts: [{}], ...options })
    for (let index = 1; index < times; index += 1) await count(world)
    expect(await recordOf(world)).toMatchObject({ counted: { provider: 'a', by, because } })
  })

  test('of a request that the counter refuses has the refusal’s status', async () => {
    const world = await worldOf({ error: { status: 400 } })
    const expected = { status: 400, end: 'gave-up', counted: { provider: 'a', by: 'upstream', because: null } }
    expect(await recordOf(world)).toMatchObject(expected)
  })

  test('is not kept where no records are', async () => {
    const world = await startWorld({ scripts: [{}], settings: ['decision_records: { enabled: false }'] })
    expect(await recordOf(world)).toMatchObject({ error: { type: 'not_found_error' } })
  })
})

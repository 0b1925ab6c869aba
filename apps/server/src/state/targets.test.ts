import { describe, expect, test } from 'vitest'
import { hello, startWorld, type World } from '../testing/world.ts'

/** Who answered each of some requests. */
async function answeredBy(
  world: World,
  bodies: readonly object[],
  headers: Record<string, string> = {},
): Promise<(string | null)[]> {
  const names: (string | null)[] = []
  for (const body of bodies) {
    const response = await world.post(body, { headers })
    await response.text()
    names.push(response.headers.get('x-lb-provider'))
  }
  return names
}

const about = (topic: string): typeof hello => ({ ...hello, messages: [{ role: 'user', content: topic }] })

describe('a conversation', () => {
  test('stays with its provider although others take turns', async () => {
    const world = await startWorld({ scripts: [{}, {}], settings: ['selection_strategy: round_robin'] })
    const session = { 'x-claude-code-session-id': 's-1' }
    const [first, ...rest] = await answeredBy(world, Array(5).fill(hello), session)
    expect(rest.every((name) => name === first)).toBe(true)
  })

  test('is told by metadata, by the old form of it, or by how it begins', async () => {
    const world = await startWorld({ scripts: [{}, {}], settings: ['selection_strategy: round_robin'] })
    const id = '00000000-0000-4000-8000-000000000001'
    for (const body of [
      { ...about('x'), metadata: { user_id: JSON.stringify({ session_id: id }) } },
      { ...about('y'), metadata: { user_id: `user_abc_account__session_${id}2` } },
      { ...about('z'), system: 'You are' },
    ]) {
      const longer = { ...body, messages: [...body.messages, { role: 'assistant', content: 'ok' }] }
      const [first, second] = await answeredBy(world, [body, longer])
      expect(second).toBe(first)
    }
  })

  test('of an OpenAI client begins behind the system prompt, which many conversations share', async () => {
    const world = await startWorld({ scripts: [{}, {}], settings: ['selection_strategy: round_robin'] })
    const chat = async (...said: string[]): Promise<string | null> => {
      const messages = [{ role: 'system', content: 'You are' }, ...said.map((content) => ({ role: 'user', content }))]
      const response = await world.post({ model: 'm', messages }, { path: '/v1/chat/completions' })
      await response.text()
      return response.headers.get('x-lb-provider')
    }
    expect([await chat('one'), await chat('two'), await chat('three'), await chat('four')]).toEqual([
      'a',
      'b',
      'a',
      'b',
    ])
    expect([await chat('two', 'more'), await chat('one', 'more')]).toEqual(['b', 'a'])
  })

  test('borrows another provider for a transient fault, and comes home', async () => {
    const world = await startWorld({
      scripts: [
        {
          rules: [{ answer: {}, repeat: 1, next: { answer: { fault: 'error-500' }, repeat: 1, next: { answer: {} } } }],
        },
        {},
      ],
    })
    expect(await answeredBy(world, [hello, hello, hello])).toEqual(['a', 'b', 'a'])
  })

  /** A provider that answers so often, then is limited once, then answers. */
  const limitedOnce = (repeat: number, headers: Record<string, string>) => ({
    rules: [
      { answer: {}, repeat, next: { answer: { error: { status: 429 }, headers }, repeat: 1, next: { answer: {} } } },
    ],
  })
  /** Until others have found out that the first provider is back. */
  const untilBack = async (world: World): Promise<void> => {
    let others = 0
    const ask = async (): Promise<string | null | undefined> => {
      others += 1
      return (await answeredBy(world, [hello], { 'x-claude-code-session-id': `other-${others}` }))[0]
    }
    await expect.poll(ask, { interval: 300, timeout: 10_000 }).toBe('a')
  }

  test('leaves its home for good for a quota that is gone', async () => {
    const headers = { 'anthropic-ratelimit-unified-status': 'rejected', 'retry-after': '1' }
    const world = await startWorld({ scripts: [limitedOnce(1, headers), {}] })
    expect(await answeredBy(world, [hello, hello])).toEqual(['a', 'b'])
    await untilBack(world)
    expect(await answeredBy(world, Array(6).fill(hello))).toEqual(Array(6).fill('b'))
  })

  test('is lent for a limit of a moment; when that is over, conversations go home bit by bit, not all at once', async () => {
    const world = await startWorld({ scripts: [limitedOnce(20, { 'retry-after': '1' }), {}] })
    const atHome = async (): Promise<number> => {
      let homely = 0
      for (let session = 0; session < 20; session += 1) {
        const [name] = await answeredBy(world, [hello], { 'x-claude-code-session-id': `session-${session}` })
        if (name === 'a') homely += 1
      }
      return homely
    }
    expect([await atHome(), await atHome()]).toEqual([20, 0])
    await untilBack(world)
    expect(await atHome()).toBeLessThan(10)
    await expect.poll(atHome, { interval: 500, timeout: 15_000 }).toBeGreaterThan(2)
  })

  test('is away while an operator has switched its home off, and returns', async () => {
    const world = await startWorld({ scripts: [{}, {}] })
    const operate = (path: string): Promise<Response> =>
      fetch(`${world.lb.url}/providers/${path}`, { method: 'POST', headers: { 'content-type': 'application/json' } })
    expect(await answeredBy(world, [hello])).toEqual(['a'])
    await operate('a/disable')
    expect(await answeredBy(world, [hello, hello])).toEqual(['b', 'b'])
    await operate('a/enable')
    expect(await answeredBy(world, [hello])).toEqual(['a'])
  })

  test('of one tenant’s model is apart from that of another model', async () => {
    const world = await startWorld({ scripts: [{}, {}], settings: ['selection_strategy: round_robin'] })
    const session = { 'x-claude-code-session-id': 's-1' }
    const names = await answeredBy(world, [hello, { ...hello, model: 'claude-other-1' }], session)
    // Each model has its own turn: both begin with the first provider.
    expect(names).toEqual(['a', 'a'])
  })
})

describe('several keys of one provider', () => {
  const provider = 'auth_values: [{ value: key-1 }, { value: key-2 }]'

  test('have each their own health: a limit of one leaves the other', async () => {
    const limited = { when: { headers: { 'x-api-key': 'key-1' } }, answer: { fault: 'rate-limit' as const } }
    const world = await startWorld({ scripts: [{ rules: [limited] }], provider })
    for (let request = 0; request < 6; request += 1)
      expect((await world.post(about(`topic ${request}`))).status).toBe(200)
    const asked = world.mocks[0]?.requests.filter(({ headers }) => headers['x-api-key'] === 'key-1')
    expect(asked?.length).toBeLessThanOrEqual(1)
  })

  test('are asked one after another until one serves, however many are used up', async () => {
    const keys = Array.from({ length: 12 }, (_, index) => `{ value: key-${index + 1} }`)
    const world = await startWorld({
      scripts: [{ rules: [{ answer: { fault: 'rate-limit' }, repeat: 11 }] }],
      provider: `auth_values: [${keys.join(', ')}]`,
    })
    for (const attempts of ['12', '1']) {
      const response = await world.post(about('many keys'))
      expect([response.status, response.headers.get('x-lb-attempts')]).toEqual([200, attempts])
    }
    const asked = world.mocks[0]?.requests.map(({ headers }) => headers['x-api-key'])
    expect(new Set(asked).size).toBe(12)
  })
})

describe('keys of one provider with weights', () => {
  const provider =
    'auth_values: [{ value: dead, weight: 5, name: dead }, { value: limited, weight: 5 }, { value: good, weight: 1 }, { value: spare, weight: 0 }]'
  const answers = (key: string, fault: 'bad-key' | 'rate-limit' | 'error-529'): object => ({
    when: { headers: { 'x-api-key': key } },
    answer: { fault },
  })
  const asked = (world: World): Record<string, number> => {
    const counts: Record<string, number> = {}
    for (const { headers } of world.mocks[0]?.requests ?? []) {
      const key = String(headers['x-api-key'])
      counts[key] = (counts[key] ?? 0) + 1
    }
    return counts
  }

  test('go on with the good one when others are dead or limited, and each is shown as what it is', async () => {
    const rules = [answers('dead', 'bad-key'), answers('limited', 'rate-limit')] as never
    const world = await startWorld({ scripts: [{ rules }], provider })
    for (let request = 0; request < 12; request += 1)
      expect((await world.post(about(`topic ${request}`))).status).toBe(200)
    const { dead = 0, limited = 0, good = 0, spare = 0 } = asked(world)
    expect([dead, limited, good, spare]).toEqual([1, 1, 12, 0])
    expect(await (await fetch(`${world.lb.url}/providers`)).json()).toMatchObject({
      providers: [
        {
          healthy: true,
          health: [
            { credential: 'dead', reason: 'down' },
            { credential: 'key-2', reason: 'paused' },
          ],
        },
      ],
    })
  })

  test('share by weight, and the one without is asked when nobody else is left', async () => {
    const world = await startWorld({ scripts: [{}], provider })
    for (let request = 0; request < 110; request += 1) await (await world.post(about(`topic ${request}`))).text()
    const { dead = 0, limited = 0, good = 0, spare = 0 } = asked(world)
    expect([dead > 25, limited > 25, good < 30, spare]).toEqual([true, true, true, 0])
    world.mocks[0]?.setScript({ rules: ['dead', 'limited', 'good'].map((key) => answers(key, 'bad-key')) as never })
    expect((await world.post(about('the last'))).status).toBe(200)
    expect(asked(world)['spare']).toBe(1)
  })
})

describe('what the user calls unhealthy', () => {
  test('a listed code fails over and counts, though the table says it is the request’s fault', async () => {
    const world = await startWorld({
      scripts: [{ fault: 'invalid-request' }, {}],
      settings: ['unhealthy_http_codes: [400]'],
    })
    expect(await answeredBy(world, [hello])).toEqual(['b'])
    expect(world.lines.map(({ message }) => message)).toContainEqual(expect.stringContaining('count=1/2'))
  })

  test('a pattern is looked for in structured errors, never in an answer', async () => {
    const settings = ["unhealthy_response_body_patterns: ['rate.?limit']", 'unhealthy_threshold: 1']
    const world = await startWorld({
      scripts: [{ default: { reply: { text: 'about rate limit errors' } } }, {}],
      settings,
    })
    expect(await answeredBy(world, [hello, { ...hello, stream: true }])).toEqual(['a', 'a'])
  })
})

describe('failover_policy: threshold, the predecessor’s rule', () => {
  const settings = ['failover_policy: threshold', 'unhealthy_http_codes: [500, 503]']

  test('the first error is shown, the second makes the provider unhealthy and the next one answers', async () => {
    const { post } = await startWorld({ scripts: [{ fault: 'error-500' }, {}], settings })
    expect((await post(hello)).status).toBe(500)
    const second = await post(hello)
    expect([second.status, second.headers.get('x-lb-provider')]).toEqual([200, 'b'])
  })
})

describe('a total outage', () => {
  test('is waited for: the request is served when a provider is back', async () => {
    const scripts = [{ rules: [{ answer: { fault: 'rate-limit-bare' as const }, repeat: 1, next: { answer: {} } }] }]
    const world = await startWorld({ scripts, settings: ['hold: 5'] })
    await (await world.post(hello)).text()
    const held = await world.post(hello)
    expect(held.status).toBe(200)
  })
})

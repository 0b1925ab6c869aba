import { describe, expect, test } from 'vitest'
import { configText, startFileWorld } from '../testing/file-world.ts'
import { hello, startWorld, type World } from '../testing/world.ts'

async function providers({ lb }: World): Promise<unknown> {
  return (await fetch(`${lb.url}/providers`)).json()
}

async function switched({ lb }: World, path: string): Promise<{ status: number; body: unknown }> {
  const response = await fetch(`${lb.url}/providers/${path}`, { method: 'POST' })
  return { status: response.status, body: await response.json() }
}

/** Each is another conversation: one that has an answer stays where it got it. */
let asked = 0
const ask = async (world: World, body: object = {}): Promise<Response> => {
  asked += 1
  const response = await world.post({ ...hello, messages: [{ role: 'user', content: `question ${asked}` }], ...body })
  await response.arrayBuffer()
  return response
}

describe('GET /providers', () => {
  test('has the predecessor’s members', async () => {
    const world = await startWorld({ scripts: [{}, {}] })
    expect(await providers(world)).toMatchObject({
      total_providers: 2,
      healthy_providers: 2,
      selection_strategy: 'priority',
      total_model_routes: 1,
      providers: [
        {
          name: 'a',
          type: 'anthropic',
          base_url: world.mocks[0]?.url,
          enabled: true,
          healthy: true,
          failure_count: 0,
          last_failure_time: 0,
          proxy: null,
          models: [{ pattern: '*', model: 'passthrough', priority: 1 }],
          status: 'healthy',
        },
        { name: 'b', status: 'healthy' },
      ],
    })
  })

  test('tells how far a provider is from being ejected, what failed last, and how well it does', async () => {
    const fails = { rules: [{ answer: { fault: 'error-500' as const }, repeat: 1, next: { answer: {} } }] }
    const world = await startWorld({ scripts: [fails, {}] })
    const before = Date.now() / 1000
    await ask(world, { stream: true })
    expect(await providers(world)).toMatchObject({
      providers: [
        {
          healthy: true,
          failure_count: 1,
          count: '1/2',
          health: [{ credential: null, model: null, state: 'closed', count: '1/2' }],
          success_ratio: 0,
          successes: 0,
          failures: 1,
          in_flight: 0,
          last_failure: { kind: 'server-error', status: 500, at: expect.any(Number) },
          credentials: [{ name: 'key-1', status: 'healthy', success_ratio: 0 }],
        },
        { success_ratio: 1, successes: 1, failure_count: 0, ttft_ms: expect.any(Number) },
      ],
    })
    const {
      providers: [first],
    } = (await providers(world)) as { providers: [{ last_failure_time: number }] }
    expect(first.last_failure_time).toBeGreaterThanOrEqual(Math.floor(before))
  })

  test('tells until when an ejected provider is left alone', async () => {
    const world = await startWorld({
      scripts: [{ rules: [{ answer: { fault: 'error-500' } }] }, {}],
      settings: ['unhealthy_threshold: 1', 'failure_cooldown: 60'],
    })
    await ask(world)
    const list = (await providers(world)) as { providers: [{ cooldown_seconds_left: number; cooldown_until: number }] }
    expect(list).toMatchObject({
      healthy_providers: 1,
      providers: [
        {
          healthy: false,
          status: 'unhealthy',
          failure_count: 1,
          count: '1/1',
          health: [{ state: 'barred', reason: 'ejected', seconds_left: expect.any(Number) }],
        },
        { healthy: true },
      ],
    })
    const [first] = list.providers
    expect(first.cooldown_seconds_left).toBeGreaterThan(55)
    expect(first.cooldown_seconds_left).toBeLessThanOrEqual(60)
    expect(first.cooldown_until).toBeCloseTo(Date.now() / 1000 + first.cooldown_seconds_left, 0)
  })

  test('shows which key is out, and no key itself', async () => {
    const world = await startWorld({
      scripts: [
        { rules: [{ when: { headers: { 'x-api-key': 'canary-1' } }, answer: { fault: 'bad-key' } }, { answer: {} }] },
      ],
      provider: 'auth_values: [{ value: canary-1, name: team-a }, { value: canary-2, weight: 0 }]',
    })
    await ask(world)
    const list = await providers(world)
    expect(list).toMatchObject({
      providers: [
        {
          healthy: true,
          health: [{ credential: 'team-a', model: null, state: 'barred', reason: 'down' }],
          credentials: [
            { name: 'team-a', status: 'unhealthy', last_failure: { kind: 'credential-rejected' } },
            { name: 'key-2', status: 'healthy', success_ratio: 1 },
          ],
        },
      ],
    })
    expect(JSON.stringify(list)).not.toContain('canary')
  })

  test('says that whose keys are all out cannot be used, and so does /health', async () => {
    const world = await startWorld({
      scripts: [{ fault: 'bad-key' }],
      provider: 'auth_values: [{ value: k-1 }, { value: k-2 }]',
    })
    await ask(world)
    expect(await providers(world)).toMatchObject({
      healthy_providers: 0,
      providers: [{ healthy: false, status: 'unhealthy', enabled: true }],
    })
    expect((await fetch(`${world.lb.url}/health`)).status).toBe(503)
  })

  test('shows a proxy without its password', async () => {
    const world = await startFileWorld(
      configText({
        providers: { a: 'http://127.0.0.1:1' },
        provider: 'auth_value: k, proxy: "http://user:canary@10.0.0.1:3128"',
      }),
    )
    const { body } = await world.call('GET', '/providers')
    expect(body).toMatchObject({ providers: [{ proxy: 'http://10.0.0.1:3128' }] })
    expect(JSON.stringify(body)).not.toContain('canary')
  })

  test('lists what the file has switched off apart', async () => {
    const text = configText({ providers: { a: 'http://127.0.0.1:1', off: 'http://127.0.0.1:2' } })
    const world = await startFileWorld(text.replace('name: off,', 'name: off, enabled: false,'))
    expect((await world.call('GET', '/providers')).body).toMatchObject({
      total_providers: 1,
      providers: [{ name: 'a' }],
      disabled_providers: [{ name: 'off', enabled: false, status: 'disabled' }],
    })
    expect(await world.call('POST', '/providers/off/enable')).toMatchObject({
      status: 409,
      body: { error: { message: expect.stringContaining('enabled: false') } },
    })
  })
})

describe('an operator', () => {
  test('takes a provider out of use and puts it back', async () => {
    const world = await startWorld({ scripts: [{}, {}] })
    expect(await switched(world, 'a/disable')).toMatchObject({
      status: 200,
      body: { status: 'success', providers: [{ name: 'a', enabled: false, healthy: false, status: 'disabled' }] },
    })
    expect((await ask(world)).headers.get('x-lb-provider')).toBe('b')
    expect(await switched(world, 'a/enable')).toMatchObject({ body: { providers: [{ status: 'healthy' }] } })
    expect((await ask(world)).headers.get('x-lb-provider')).toBe('a')
  })

  test('can take out the last one: then lb says that nobody is usable', async () => {
    const world = await startWorld({ scripts: [{}], settings: ['hold: 0'] })
    await switched(world, 'a/disable')
    expect((await ask(world)).status).toBe(503)
    expect((await fetch(`${world.lb.url}/health`)).status).toBe(503)
    expect((await fetch(`${world.lb.url}/health/ready`)).status).toBe(200)
  })

  test('does not let a reset or a reload undo the switch', async () => {
    const text = configText({ providers: { a: 'http://127.0.0.1:1', b: 'http://127.0.0.1:1' } })
    const world = await startFileWorld(text)
    await world.call('POST', '/providers/a/disable')
    await world.write(text.replace('priority: 2', 'priority: 3'))
    await world.call('POST', '/providers/reload')
    await world.call('POST', '/providers/a/reset')
    expect((await world.call('GET', '/providers')).body).toMatchObject({ providers: [{ enabled: false }, {}] })
  })

  test('ends a cooldown', async () => {
    const fails = { rules: [{ answer: { fault: 'error-500' as const }, repeat: 1, next: { answer: {} } }] }
    const world = await startWorld({ scripts: [fails, {}], settings: ['unhealthy_threshold: 1'] })
    await ask(world)
    expect(await switched(world, 'a/reset')).toMatchObject({ body: { providers: [{ healthy: true, health: [] }] } })
    expect((await ask(world)).headers.get('x-lb-provider')).toBe('a')
  })

  test('is told which providers there are when there is none of that name', async () => {
    const world = await startWorld({ scripts: [{}, {}] })
    expect(await switched(world, 'x/disable')).toMatchObject({
      status: 404,
      body: { error: { type: 'not_found_error', message: 'There is no provider x. There are: a, b.' } },
    })
  })

  test('can name a provider with spaces and slashes', async () => {
    const text = configText({ providers: { '"my / own"': 'http://127.0.0.1:1' } })
    const world = await startFileWorld(text)
    expect(await world.call('POST', `/providers/${encodeURIComponent('my / own')}/disable`)).toMatchObject({
      body: { providers: [{ name: 'my / own', enabled: false }] },
    })
    expect(await world.call('POST', '/providers/my%20/%20own/enable')).toMatchObject({ status: 200 })
  })

  test('means all accounts of one name, or one of them', async () => {
    const text = [
      'providers:',
      '  - { name: me, type: anthropic, base_url: "http://127.0.0.1:1", auth_type: oauth, account_email: a@x.org }',
      '  - { name: me, type: anthropic, base_url: "http://127.0.0.1:1", auth_type: oauth, account_email: b@x.org }',
      'model_routes: { "*": [{ provider: me, model: passthrough, priority: 1 }] }',
      'settings: { port: 0, log_file_path: "", reload: false }',
    ].join('\n')
    const world = await startFileWorld(text)
    expect(await world.call('POST', '/providers/me/disable')).toMatchObject({
      body: { providers: [{ enabled: false }, { enabled: false }] },
    })
    expect(await world.call('POST', `/providers/${encodeURIComponent('me (a@x.org)')}/enable`)).toMatchObject({
      body: { providers: [{ id: 'me (a@x.org)', enabled: true }] },
    })
  })
})

import { type LoggedEvent, type LoopEffect, type LoopPolicy, replayLoop } from '@lb/router'
import { describe, expect, test, vi } from 'vitest'
import { hello, startWorld, type World, type WorldOptions } from '../testing/world.ts'
import type { RequestRecord } from './record-shape.ts'

/** What the attempt loop really decided in this process, in order. */
const decided = vi.hoisted((): LoopEffect[] => [])

vi.mock('@lb/router', async (importOriginal) => {
  const real = await importOriginal<typeof import('@lb/router')>()
  const stepLoop: typeof real.stepLoop = (...step) => {
    const result = real.stepLoop(...step)
    decided.push(...result.effects)
    return result
  }
  return { ...real, stepLoop }
})

interface Got {
  readonly status: number
  readonly record: RequestRecord
}

const get = async ({ lb }: World, path: string): Promise<unknown> => (await fetch(lb.url + path)).json()

async function listed(world: World, query = ''): Promise<unknown[]> {
  return ((await get(world, `/requests${query}`)) as { requests: unknown[] }).requests
}

/** Sends a request and fetches its record. */
async function recorded(world: World, body: object = hello): Promise<Got> {
  decided.length = 0
  const response = await world.post(body)
  await response.text().catch(() => {})
  const id = response.headers.get('x-lb-request-id')
  await vi.waitFor(async () => expect((await fetch(`${world.lb.url}/requests/${id}`)).status).toBe(200))
  return { status: response.status, record: (await get(world, `/requests/${id}`)) as RequestRecord }
}

/** A record of one request that goes through a world, as it comes over the wire. */
async function through(options: WorldOptions, body: object = hello): Promise<Got> {
  return recorded(await startWorld(options), body)
}

const broken = { rules: [{ answer: { fault: 'error-529' as const } }] }

describe('the record of a request', () => {
  test('says who could have answered, who was asked and why, and what came of it', async () => {
    const { record } = await through({ scripts: [broken, {}] }, { ...hello, stream: true })
    expect(record).toMatchObject({
      endpoint: 'messages',
      model: 'claude-test-1',
      stream: true,
      status: 200,
      end: 'completed',
      stage: 'content',
      committed: 2,
      forced_provider: null,
      features: null,
      candidates: [
        {
          provider: 'a',
          credential: 'key-1',
          model: 'claude-test-1',
          availability: 'available',
          score: 0,
          priority: 1,
        },
        { provider: 'b', availability: 'available' },
      ],
      attempts: [
        { attempt: 1, provider: 'a', why: 'first', outcome: 'failed', failure: { kind: 'overloaded', status: 529 } },
        { attempt: 2, provider: 'b', why: 'failover', outcome: 'succeeded', failure: null, paid: true },
      ],
      usage: { output_tokens: expect.any(Number) },
    })
    expect(record.duration_ms).toBeGreaterThanOrEqual(record.ttfb_ms ?? Number.NaN)
    expect(record.received_at).toBeCloseTo(Date.now() / 1000, -1)
  })

  const courses: readonly [string, WorldOptions, object][] = [
    ['is answered at once', { scripts: [{}] }, hello],
    ['fails over', { scripts: [broken, broken, {}] }, { ...hello, stream: true }],
    ['is given up', { scripts: [broken, broken], settings: ['hold: 0'] }, hello],
    [
      'breaks in the middle of its stream',
      { scripts: [{ rules: [{ answer: { fault: 'end-mid-text' } }] }, {}] },
      { ...hello, stream: true },
    ],
    [
      'is slow, so that the client is kept waiting with pings',
      {
        scripts: [{ rules: [{ answer: { delayMs: 1300 } }] }, {}],
        settings: ['streaming: { hold_back: 0.1, ping_interval: 1 }'],
      },
      { ...hello, stream: true },
    ],
    ['meets an expired key', { scripts: [{ rules: [{ answer: { fault: 'bad-key' } }] }, {}] }, hello],
  ]

  test.each(courses)('of a request that %s is enough to decide it all again', async (_, options, body) => {
    const { record } = await through(options, body)
    const { state, effects } = replayLoop(record.log as LoggedEvent[], record.policy as LoopPolicy)
    expect(decided.length).toBeGreaterThan(0)
    expect(effects).toEqual(JSON.parse(JSON.stringify(decided)))
    expect(state.phase).toEqual({ kind: 'over', end: record.end })
    expect(state.attempts.map(({ outcome }) => outcome)).toEqual(record.attempts.map(({ outcome }) => outcome))
  })

  test('is there, too, of a request for which nobody could be asked', async () => {
    const world = await startWorld({ scripts: [{}], settings: ['hold: 0'] })
    await fetch(`${world.lb.url}/providers/a/disable`, { method: 'POST' })
    const { status, record } = await recorded(world)
    expect([status, record.end, record.attempts, record.candidates.length]).toEqual([503, 'gave-up', [], 1])
    expect(world.lines.filter(({ event }) => event === 'internal_error')).toEqual([])
  })

  test('has what routes with conditions looked at', async () => {
    const routes = ['  "*":', '    - { provider: a, model: passthrough, priority: 1, when: { thinking: true } }']
    const { record } = await through({ scripts: [{}], routes }, { ...hello, thinking: { type: 'adaptive' } })
    expect(record.features).toMatchObject({ thinking: true, images: false, tokens: expect.any(Number) })
  })

  test('has a score for every candidate, also for those that are only asked when nobody else is usable', async () => {
    const routes = [
      '  "*":',
      ...'ab'.split('').map((name) => `    - { provider: ${name}, model: passthrough, priority: 1, weight: 0 }`),
    ]
    const { record } = await through({ scripts: [{}, {}], routes, settings: ['selection_strategy: fastest'] }, hello)
    expect(record.candidates.map(({ score }) => Number.isFinite(score))).toEqual([true, true])
  })

  test('has not a word of what was asked or answered, and no key', async () => {
    const world = await startWorld({
      scripts: [{ rules: [{ answer: { fault: 'error-500' } }] }, { default: { reply: { text: 'canary-answer' } } }],
      provider: 'auth_value: canary-key',
    })
    const body = { ...hello, system: 'canary-system', messages: [{ role: 'user', content: 'canary-prompt' }] }
    const { record } = await recorded(world, body)
    expect(record.attempts).toHaveLength(2)
    const list = await (await fetch(`${world.lb.url}/requests`)).text()
    expect(JSON.stringify(record) + list).not.toContain('canary')
  })

  test('is told by its id only; for another one lb says why there is none', async () => {
    const { lb } = await startWorld({ scripts: [{}] })
    const response = await fetch(`${lb.url}/requests/req_0`)
    expect(response.status).toBe(404)
    expect(await response.json()).toMatchObject({ error: { message: expect.stringContaining('last 1000 requests') } })
  })
})

describe('the record of a request that shared an answer', () => {
  test('says whose call it was, and the leader’s that it could be shared', async () => {
    const world = await startWorld({ scripts: [{ paceMs: 30 }] })
    const both = await Promise.all([world.post({ ...hello, stream: true }), world.post({ ...hello, stream: true })])
    await Promise.all(both.map((response) => response.text()))
    await vi.waitFor(async () => expect(await listed(world)).toHaveLength(2))
    const records = (await listed(world)) as RequestRecord[]
    const leader = records.find(({ sharing }) => sharing.role === 'leader')
    const follower = records.find(({ sharing }) => sharing.role === 'follower')
    expect(leader).toMatchObject({ provider: 'a', status: 200, end: 'completed', attempts: 1 })
    expect(follower).toMatchObject({ provider: 'a', status: 200, end: 'completed', attempts: 0 })
    expect(follower?.sharing).toEqual({ role: 'follower', how: 'joined', leader: leader?.id })
    expect(await get(world, `/requests/${follower?.id}`)).toMatchObject({ attempts: [], policy: null, log: [] })
  })

  test('of a kept answer says so, and how old it was', async () => {
    const cache = 'deduplication: { linger: 0, cache: { enabled: true, ttl: 60 } }'
    const world = await startWorld({ scripts: [{}], settings: [cache] })
    const first = await recorded(world)
    const second = await recorded(world)
    expect(first.record.sharing).toEqual({ role: 'leader' })
    expect(second.record).toMatchObject({ status: 200, end: 'completed', attempts: [] })
    expect(second.record.sharing).toEqual({ role: 'kept', age_ms: expect.any(Number) })
    expect(world.mocks[0]?.requests).toHaveLength(1)
  })

  test('of one that may not share says why', async () => {
    const { record } = await through({ scripts: [{}], settings: ['deduplication: { enabled: false }'] })
    expect(record.sharing).toEqual({ role: 'alone', reason: 'disabled' })
  })
})

describe('the records', () => {
  test('are listed, the newest first', async () => {
    const world = await startWorld({ scripts: [{}] })
    const first = await recorded(world)
    const second = await recorded(world, { ...hello, model: 'other' })
    const requests = await listed(world, '?limit=2')
    expect(requests).toMatchObject([
      { id: second.record.id, model: 'other', provider: 'a', attempts: 1, status: 200, end: 'completed' },
      { id: first.record.id },
    ])
    expect((await fetch(`${world.lb.url}/requests?limit=0`)).status).toBe(400)
    const odd = (await (await fetch(`${world.lb.url}/requests?limit=abc`)).json()) as { error: { message: string } }
    expect(odd.error.message).toBe('limit: Invalid type: Expected number but received "abc"')
  })

  test.each([
    ['GET', '/requests?unknown=1', 'unknown: there is no such parameter. There are: limit'],
    ['GET', '/requests?limit=1&limit=2', 'limit: is given twice'],
    ['POST', '/cleanup?forced=true', 'forced: there is no such parameter. There are: force'],
    ['GET', '/usage?unknown=1', 'unknown: there is no such parameter. There are: by, since, until, format'],
  ])(
    '%s %s: a parameter that does not exist is named, as on every route of lb’s own that has some',
    async (method, path, told) => {
      const { lb } = await startWorld({ scripts: [{}] })
      const response = await fetch(lb.url + path, { method })
      expect(response.status).toBe(400)
      const { error } = (await response.json()) as { error: { type: string; message: string } }
      expect(error.type).toBe('invalid_request_error')
      expect(error.message.startsWith(told)).toBe(true)
      // Vendors' clients say more than lb declares, and a route that declares nothing minds nothing.
      for (const free of ['/v1/models?beta=true', '/health?t=1']) expect((await fetch(lb.url + free)).status).toBe(200)
    },
  )

  test('are no more than the settings say', async () => {
    const world = await startWorld({ scripts: [{}], settings: ['decision_records: { max_count: 3 }'] })
    for (let count = 0; count < 5; count++) await recorded(world)
    const requests = await listed(world)
    expect(requests).toHaveLength(3)
  })

  test('are not larger than the settings say: what counts is nearly all the log of what the attempt loop was told', async () => {
    const maxBytes = 10_000
    const world = await startWorld({
      scripts: [broken, {}],
      settings: [`decision_records: { max_bytes: ${maxBytes} }`],
    })
    const sizes: number[] = []
    for (let count = 0; count < 12; count++) sizes.push(JSON.stringify((await recorded(world)).record.log).length)
    const requests = await listed(world)
    const kept = sizes.slice(-requests.length).reduce((sum, size) => sum + size, 0)
    expect(requests.length).toBeLessThan(12)
    expect(kept).toBeGreaterThan(maxBytes * 0.5)
    expect(kept).toBeLessThan(maxBytes)
  })

  test('can be switched off', async () => {
    const world = await startWorld({ scripts: [{}], settings: ['decision_records: { enabled: false }'] })
    const response = await world.post(hello)
    const record = await fetch(`${world.lb.url}/requests/${response.headers.get('x-lb-request-id')}`)
    expect(record.status).toBe(404)
    expect(await record.json()).toMatchObject({ error: { message: expect.stringContaining('is off') } })
  })
})

test('the id of a request is in every answer', async () => {
  const world = await startWorld({ scripts: [{}], settings: ['max_body_bytes: 2000'] })
  const answers = await Promise.all([
    world.post(hello),
    world.post({ ...hello, stream: true }),
    world.post('{'),
    world.post('x'.repeat(3000)),
    world.post(hello, { path: '/v1/nothing' }),
    ...['/', '/health', '/providers', '/v1/models', '/v1/models/x', '/openapi.json', '/docs', '/nothing'].map((path) =>
      fetch(world.lb.url + path),
    ),
    fetch(`${world.lb.url}/`, { method: 'HEAD' }),
  ])
  for (const { headers, url } of answers) expect(headers.get('x-lb-request-id'), url).toMatch(/^req_[0-9a-f]{24}$/)
})

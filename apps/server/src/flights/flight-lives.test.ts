import { startMockProvider } from '@lb/mock-provider'
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import { configText, startFileWorld } from '../testing/file-world.ts'
import { createGate, type Gate } from '../testing/gate.ts'
import { askPlainly } from '../testing/plain-client.ts'
import { eventNames, hello, startWorld, type World, type WorldOptions } from '../testing/world.ts'

const streamed = { ...hello, stream: true }
const sure = { timeout: 10_000, interval: 10 }

async function startGated(more: Omit<WorldOptions, 'scripts'> = {}): Promise<{ world: World; gate: Gate }> {
  const gate = createGate()
  const world = await startWorld({ scripts: [{ default: { delayMs: 1, paceMs: 1 } }], clock: gate.clock, ...more })
  return { world, gate }
}

async function metric({ lb }: Pick<World, 'lb'>, line: string): Promise<number> {
  const text = await (await fetch(`${lb.url}/metrics`)).text()
  return Number(
    text
      .split('\n')
      .find((one) => one.startsWith(`${line} `))
      ?.slice(line.length) ?? 0,
  )
}

const logged = (world: Pick<World, 'lines'>, event: string): boolean =>
  world.lines.some((line) => line['event'] === event)
const joined = 'lb_coalesced_requests_total{how="joined"}'

describe('timeouts.caching.deduplication_timeout', () => {
  test('after it, who waits for the first byte is sent by itself', async () => {
    const { world, gate } = await startGated({ settings: ['timeouts: { caching: { deduplication_timeout: 0.05 } }'] })
    const first = world.post(hello)
    await world.mocks[0]?.next()
    const second = world.post(hello)
    await world.mocks[0]?.next()
    // It leads nobody: who comes now waits for the first, and has its own time to wait.
    const third = world.post(hello)
    await vi.waitFor(async () => expect(await metric(world, joined)).toBe(2), sure)
    gate.open()
    const answers = await Promise.all([first, second, third])
    for (const answer of answers) expect(await answer.json()).toMatchObject({ type: 'message' })
    expect(answers.map(({ headers }) => headers.get('x-lb-coalesced')).slice(0, 2)).toEqual(['leader', 'leader'])
    expect(logged(world, 'follower_parted')).toBe(true)
    const id = answers[1]?.headers.get('x-lb-request-id')
    const record = await (await fetch(`${world.lb.url}/requests/${id}`)).json()
    expect(record).toMatchObject({ sharing: { role: 'alone', reason: 'waited-too-long' } })
    await vi.waitFor(async () => expect(await metric(world, 'lb_flights_open')).toBe(0), sure)
    expect(await metric(world, 'lb_requests_in_flight{endpoint="messages"}')).toBe(0)
  })

  test('it is for the first byte only: who has one waits for the rest as long as it takes', async () => {
    const { world, gate } = await startGated({ settings: ['timeouts: { caching: { deduplication_timeout: 0.05 } }'] })
    const first = askPlainly(world, streamed)
    await world.mocks[0]?.next()
    await gate.step(3)
    await vi.waitFor(() => expect(first.events()).toBeGreaterThan(0), sure)
    const second = askPlainly(world, streamed)
    await vi.waitFor(() => expect(second.events()).toBeGreaterThan(0), sure)
    await new Promise((resolve) => void setTimeout(resolve, 700))
    gate.open()
    expect(await second.whole).toBe(await first.whole)
    expect(world.mocks[0]?.requests).toHaveLength(1)
  })
})

describe('a key that may have so many requests open', () => {
  const key = 'limited-0123456789abcdef0123456789'
  const limited = (more: string): string[] => [
    `auth: { enabled: true, admin_key: admin-0123456789abcdef0123, keys: [{ name: limited, key: ${key}, limits: { ${more} } }] }`,
  ]
  const headers = { 'x-api-key': key }

  test('may ask again when its client has left, and gets the call that goes on (background)', async () => {
    const settings = limited('concurrency: 1, tokens_per_minute: 100000')
    const { world, gate } = await startGated({ settings, provider: 'streaming_mode: background' })
    const leaving = new AbortController()
    const first = world.post(streamed, { headers, signal: leaving.signal })
    await world.mocks[0]?.next()
    expect((await world.post(hello, { headers })).status).toBe(429)
    leaving.abort()
    await expect(first).rejects.toThrow()
    await vi.waitFor(() => expect(logged(world, 'leader_left')).toBe(true), sure)
    const retry = world.post(streamed, { headers })
    gate.open()
    const answer = await retry
    expect(answer.status).toBe(200)
    expect(answer.headers.get('x-lb-coalesced')).toBe('follower')
    expect(eventNames(await answer.text()).at(-1)).toBe('message_stop')
    expect(world.mocks[0]?.requests).toHaveLength(1)
    // Its place is free once, not twice.
    expect((await world.post(hello, { headers })).status).toBe(200)
  })

  test('may do so, too, while others read on (direct)', async () => {
    const { world, gate } = await startGated({ settings: limited('concurrency: 2') })
    const leaving = new AbortController()
    const first = world.post(streamed, { headers, signal: leaving.signal })
    await world.mocks[0]?.next()
    const second = world.post(streamed, { headers })
    await vi.waitFor(async () => expect((await world.post(hello, { headers })).status).toBe(429), sure)
    leaving.abort()
    await expect(first).rejects.toThrow()
    await vi.waitFor(() => expect(logged(world, 'leader_left')).toBe(true), sure)
    const third = world.post(streamed, { headers })
    gate.open()
    const answers = await Promise.all([second, third])
    expect(answers.map(({ status }) => status)).toEqual([200, 200])
    const [one, other] = await Promise.all(answers.map((answer) => answer.text()))
    expect(one).toBe(other)
    expect(world.mocks[0]?.requests).toHaveLength(1)
  })

  test('pays for the call that its client left', async () => {
    const settings = limited('tokens_per_minute: 1000')
    const scripts = [{ default: { reply: { text: 'x', usage: { inputTokens: 5000, outputTokens: 10 } }, delayMs: 1 } }]
    const gate = createGate()
    const world = await startWorld({ scripts, settings, clock: gate.clock, provider: 'streaming_mode: background' })
    const leaving = new AbortController()
    const first = world.post(streamed, { headers, signal: leaving.signal })
    await world.mocks[0]?.next()
    leaving.abort()
    await expect(first).rejects.toThrow()
    gate.open()
    await world.mocks[0]?.idle()
    await vi.waitFor(async () => expect((await world.post(hello, { headers })).status).toBe(429), sure)
  })
})

describe('the deadline that a client names', () => {
  const patient = { 'x-stainless-timeout': '600' }
  const scripts = [{ default: { delayMs: 1_500 } }]

  test('is not that of those who wait for the same answer', async () => {
    const world = await startWorld({ scripts })
    const first = world.post(hello, { headers: { 'x-stainless-timeout': '1' } })
    await world.mocks[0]?.next()
    expect((await world.post(hello, { headers: patient })).status).toBe(200)
    expect((await first).status).toBe(200)
    expect(world.mocks[0]?.requests).toHaveLength(1)
  })

  test('is none of a call that goes on for its retry', async () => {
    const world = await startWorld({ scripts, provider: 'streaming_mode: background' })
    const headers = { 'x-stainless-timeout': '1' }
    await expect(world.post(hello, { headers, signal: AbortSignal.timeout(1_000) })).rejects.toThrow()
    await vi.waitFor(() => expect(logged(world, 'leader_left')).toBe(true), sure)
    await new Promise((resolve) => void setTimeout(resolve, 100))
    const retry = await world.post(hello, { headers })
    expect([retry.status, retry.headers.get('x-lb-coalesced')]).toEqual([200, 'follower'])
    expect(world.mocks[0]?.requests).toHaveLength(1)
  })
})

describe('streaming_mode: auto, with providers of both types behind one model', () => {
  const leave = async (world: World): Promise<void> => {
    const leaving = new AbortController()
    const left = world.post(streamed, { signal: leaving.signal })
    await world.mocks[0]?.next()
    leaving.abort()
    await expect(left).rejects.toThrow()
  }
  const scripts = [{ default: { delayMs: 1, paceMs: 1 } }, {}]

  test('a call to Anthropic ends with its client, though a provider in background life stands behind it', async () => {
    const gate = createGate()
    const world = await startWorld({ scripts, clock: gate.clock, types: ['anthropic', 'openai'] })
    await leave(world)
    await world.mocks[0]?.idle()
    await vi.waitFor(async () => expect(await metric(world, 'lb_flights_open')).toBe(0), sure)
    expect(logged(world, 'leader_left')).toBe(false)
  })

  test('a call to the other one goes on for the retry of its client', async () => {
    const gate = createGate()
    const world = await startWorld({ scripts, clock: gate.clock, types: ['openai', 'anthropic'] })
    await leave(world)
    await vi.waitFor(() => expect(logged(world, 'leader_left')).toBe(true), sure)
    const retry = world.post(streamed)
    gate.open()
    expect((await retry).headers.get('x-lb-coalesced')).toBe('follower')
  })
})

describe('streaming_mode: background', () => {
  test('nobody is asked for a client that left while it waited', async () => {
    const world = await startWorld({
      scripts: [{ default: { error: { status: 429 }, headers: { 'retry-after': '2' } } }],
      provider: 'streaming_mode: background',
      settings: ['hold: 20'],
    })
    expect((await world.post(hello)).status).toBe(429)
    const leaving = new AbortController()
    const left = world.post(streamed, { signal: leaving.signal })
    await vi.waitFor(async () => expect(await metric(world, 'lb_flights_open')).toBe(1), sure)
    leaving.abort()
    await expect(left).rejects.toThrow()
    const asked = world.mocks[0]?.requests.length
    await vi.waitFor(async () => expect(await metric(world, 'lb_flights_open')).toBe(0), sure)
    expect(world.mocks[0]?.requests).toHaveLength(asked ?? 0)
  })

  test('an answer that was missed is there for linger seconds, and no longer', async () => {
    const { world, gate } = await startGated({
      provider: 'streaming_mode: background',
      settings: ['deduplication: { linger: 0.05 }'],
    })
    const leaving = new AbortController()
    const first = world.post(streamed, { signal: leaving.signal })
    await world.mocks[0]?.next()
    leaving.abort()
    await expect(first).rejects.toThrow()
    await vi.waitFor(() => expect(logged(world, 'leader_left')).toBe(true), sure)
    gate.open()
    await world.mocks[0]?.idle()
    await vi.waitFor(async () => expect(await metric(world, 'lb_flights_open')).toBe(0), sure)
    expect(await metric(world, 'lb_flight_held_bytes')).toBe(0)
    expect((await world.post(streamed)).headers.get('x-lb-coalesced')).toBe('leader')
  })
})

test('sse_error_cleanup_delay: what is left of a failed answer is given up soon, though a reader stands still', async () => {
  const text = Array.from({ length: 180 }, () => 'x'.repeat(20_000))
  const scripts = [{ default: { reply: { text }, fault: 'end-mid-text' as const } }]
  const world = await startWorld({ scripts, settings: ['deduplication: { sse_error_cleanup_delay: 0.1 }'] })
  const leader = askPlainly(world, streamed)
  const still = askPlainly(world, streamed)
  still.socket.pause()
  const ended = await leader.whole
  expect(eventNames(ended).at(-1)).toBe('error')
  await vi.waitFor(async () => expect(await metric(world, 'lb_flight_held_bytes')).toBe(0), sure)
  expect(await metric(world, 'lb_flights_open')).toBe(0)
  await still.leave()
})

describe('a reload while a call runs', () => {
  const start = async () => {
    const gate = createGate()
    const mocks = await Promise.all(
      [gate.clock, undefined].map((clock) =>
        startMockProvider({ script: { default: { delayMs: 1 } }, ...(clock === undefined ? {} : { clock }) }),
      ),
    )
    onTestFinished(() => Promise.all(mocks.map((mock) => mock.close())).then(() => {}))
    const [old, next] = mocks.map(({ url }) => url)
    const text = (providers: Record<string, string>, ...settings: string[]): string =>
      configText({ providers, settings })
    const world = await startFileWorld(text({ old: old ?? '' }, 'deduplication: { cache: { enabled: true } }'))
    const ask = (): Promise<Response> =>
      fetch(`${world.lb.url}/v1/messages`, { method: 'POST', body: JSON.stringify(streamed) })
    return { world, gate, mocks, ask, text, old: old ?? '', next: next ?? '' }
  }

  test('who comes after it is not given the call of a provider that is gone, nor what was kept of one', async () => {
    const { world, gate, mocks, ask, text, next, old } = await start()
    const first = ask()
    await mocks[0]?.next()
    await world.write(text({ next }, 'deduplication: { cache: { enabled: true } }'))
    expect((await world.lb.reload('request')).kind).toBe('applied')
    const second = await ask()
    expect(second.headers.get('x-lb-provider')).toBe('next')
    expect(eventNames(await second.text()).at(-1)).toBe('message_stop')
    gate.open()
    const one = await first
    expect(one.headers.get('x-lb-provider')).toBe('old')
    expect(eventNames(await one.text()).at(-1)).toBe('message_stop')
    // Kept now are two answers, one of each configuration.
    expect((await ask()).headers.get('x-lb-cache')).toBe('hit')
    await world.write(text({ another: old }, 'deduplication: { cache: { enabled: true } }'))
    await world.lb.reload('request')
    const third = await ask()
    expect(third.headers.get('x-lb-cache')).toBeNull()
    expect(third.headers.get('x-lb-provider')).toBe('another')
    await third.text()
  })

  test('that leaves providers and routes alone parts nobody', async () => {
    const { world, gate, mocks, ask, text, old } = await start()
    const first = ask()
    await mocks[0]?.next()
    await world.write(text({ old }, 'deduplication: { cache: { enabled: true } }', 'max_attempts: 3'))
    expect((await world.lb.reload('request')).kind).toBe('applied')
    const second = ask()
    await vi.waitFor(async () => expect(await metric(world, joined)).toBe(1), sure)
    gate.open()
    expect(await (await second).text()).toBe(await (await first).text())
    expect(mocks[0]?.requests).toHaveLength(1)
  })
})

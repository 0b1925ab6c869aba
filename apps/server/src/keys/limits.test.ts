import { describe, expect, test, vi } from 'vitest'
import { hello, startWorld, type World } from '../testing/world.ts'
import type { Costs } from './costs.ts'

const key = 'a-key-with-limits-0123456789abcd'
const free = 'a-key-without-0123456789abcdef01'

function settings(limits: string): string[] {
  return [
    `auth: { enabled: true, admin_key: ${free}1, keys: [{ name: limited, key: ${key}, limits: ${limits} }, { name: free, key: ${free} }] }`,
  ]
}

const headers = { 'x-api-key': key }

function ask(world: World, more: object = {}, path = '/v1/messages'): Promise<Response> {
  return world.post({ ...hello, ...more }, { headers, path })
}

/** A 429, and how long it says to wait. */
async function refused(response: Response): Promise<{ seconds: number; message: string }> {
  expect(response.status).toBe(429)
  const { type, error } = (await response.json()) as { type: string; error: { type: string; message: string } }
  expect({ type, errorType: error.type }).toEqual({ type: 'error', errorType: 'rate_limit_error' })
  const retryAfter = response.headers.get('retry-after') ?? ''
  expect(retryAfter).toMatch(/^[1-9]\d*$/)
  return { seconds: Number(retryAfter), message: error.message }
}

describe('requests_per_minute', () => {
  test('so many pass, the next is told how long to wait, and then passes', async () => {
    const world = await startWorld({ scripts: [{}], settings: settings('{ requests_per_minute: 2 }') })
    vi.useFakeTimers({ toFake: ['performance'] })
    try {
      expect((await ask(world)).status).toBe(200)
      vi.advanceTimersByTime(20_000)
      expect((await ask(world)).status).toBe(200)
      const { seconds, message } = await refused(await ask(world))
      expect(seconds).toBe(40)
      expect(message).toBe('This key may make 2 requests a minute. Try again in 40 s.')
      vi.advanceTimersByTime(40_000)
      expect((await ask(world)).status).toBe(200)
      await refused(await ask(world))
    } finally {
      vi.useRealTimers()
    }
    expect(world.mocks[0]?.requests).toHaveLength(3)
  })

  test('another key has its own', async () => {
    const world = await startWorld({ scripts: [{}], settings: settings('{ requests_per_minute: 1 }') })
    await ask(world)
    await refused(await ask(world))
    for (let count = 0; count < 3; count += 1)
      expect((await world.post(hello, { headers: { 'x-api-key': free } })).status).toBe(200)
  })

  test('a token count is no request, and has as many of its own', async () => {
    const world = await startWorld({ scripts: [{}], settings: settings('{ requests_per_minute: 1, concurrency: 1 }') })
    expect((await ask(world, {}, '/v1/messages/count_tokens')).status).toBe(200)
    expect((await ask(world)).status).toBe(200)
    await refused(await ask(world, {}, '/v1/messages/count_tokens'))
  })

  test('what is refused for another reason uses nothing up', async () => {
    const world = await startWorld({ scripts: [{}], settings: settings('{ requests_per_minute: 1 }') })
    expect((await world.post('nonsense', { headers })).status).toBe(400)
    expect((await ask(world, { provider: 'nobody' })).status).toBe(404)
    expect((await ask(world)).status).toBe(200)
  })
})

test('on the OpenAI routes the 429 is OpenAI’s', async () => {
  const world = await startWorld({ scripts: [{}], types: ['openai'], settings: settings('{ requests_per_minute: 1 }') })
  await ask(world)
  const response = await ask(world, {}, '/v1/chat/completions')
  expect(response.status).toBe(429)
  expect(response.headers.get('retry-after')).toMatch(/^\d+$/)
  expect(await response.json()).toMatchObject({ error: { type: 'rate_limit_error', code: 'rate_limit_exceeded' } })
})

describe('concurrency', () => {
  test('so many are open at a time, whether they end well or are broken off', async () => {
    const script = {
      rules: [{ when: { stream: true }, answer: { edits: [{ at: 'mid-text', end: 'stall' } as const] } }],
    }
    const world = await startWorld({ scripts: [script], settings: settings('{ concurrency: 1 }') })
    for (let round = 0; round < 3; round += 1) {
      const leave = new AbortController()
      const open = await world.post({ ...hello, stream: true }, { headers, signal: leave.signal })
      expect(open.status).toBe(200)
      expect((await refused(await ask(world))).seconds).toBe(1)
      leave.abort()
      await vi.waitFor(async () => expect((await ask(world)).status).toBe(200))
    }
  })
})

describe('tokens_per_minute', () => {
  const usage = { inputTokens: 600, outputTokens: 100, cacheReadTokens: 90_000, cacheWriteTokens: 50 }
  const script = { default: { reply: { text: 'hi', usage } } }

  test('counts what the upstream counted, cache reads apart', async () => {
    const world = await startWorld({ scripts: [script], settings: settings('{ tokens_per_minute: 1500 }') })
    vi.useFakeTimers({ toFake: ['performance'] })
    try {
      expect((await ask(world)).status).toBe(200)
      expect((await ask(world, { stream: true })).status).toBe(200)
      await vi.waitFor(async () => expect((await refused(await ask(world))).seconds).toBe(60))
      expect((await refused(await ask(world))).message).toContain('1500 tokens a minute')
      vi.advanceTimersByTime(60_000)
      expect((await ask(world)).status).toBe(200)
    } finally {
      vi.useRealTimers()
    }
  })

  test('a request that is larger than the limit gets a minute of its own', async () => {
    const world = await startWorld({ scripts: [script], settings: settings('{ tokens_per_minute: 10 }') })
    expect((await ask(world, { padding: 'x'.repeat(1000) })).status).toBe(200)
    await refused(await ask(world))
  })
})

describe('budget', () => {
  function withCosts(known?: Costs): Promise<World> {
    const options = { scripts: [{}], settings: settings('{ budget: { usd: 1, per: day } }') }
    return startWorld(known === undefined ? options : { ...options, costs: known })
  }

  test('spent: 429, final, until the next period', async () => {
    let answered = 0
    const world = await withCosts({ costOf: () => 0.4, spentSince: () => answered * 0.4 })
    for (; answered < 3; answered += 1) expect((await ask(world)).status).toBe(200)
    const response = await ask(world)
    expect(response.headers.get('x-should-retry')).toBe('false')
    const { seconds, message } = await refused(response)
    const toMidnight = 86_400 - (Math.floor(Date.now() / 1000) % 86_400)
    expect(Math.abs(seconds - toMidnight)).toBeLessThan(5)
    expect(message).toMatch(
      /^This key has spent its budget of \$1 per day\. The next begins on \d{4}-\d\d-\d\d \(UTC\)\.$/,
    )
  })

  test('what was spent before a restart counts', async () => {
    const world = await withCosts({ costOf: () => 0, spentSince: (tenant) => (tenant === 'limited' ? 1 : 0) })
    await refused(await ask(world))
  })

  test('the first request of a model counts, though its price is looked up only when it is asked for', async () => {
    const world = await startWorld({
      scripts: [{}],
      settings: settings('{ budget: { usd: 0.000001, per: month } }'),
      hasThreads: true,
    })
    const model = 'claude-sonnet-4-5'
    expect((await ask(world, { model })).status).toBe(200)
    // What somebody else pays for the same shows when the price is known.
    const cost = async (): Promise<string> => {
      await world.post({ ...hello, model }, { headers: { 'x-api-key': free } })
      return (await fetch(`${world.lb.url}/metrics`, { headers: { 'x-api-key': `${free}1` } })).text()
    }
    await expect.poll(cost, { timeout: 10_000 }).toMatch(/^lb_cost_usd_total\{.*\} 0\.0/m)
    expect((await ask(world, { model })).status).toBe(429)
  })

  test('without anybody who knows prices nothing is spent', async () => {
    const world = await withCosts()
    for (let count = 0; count < 5; count += 1) expect((await ask(world)).status).toBe(200)
  })
})

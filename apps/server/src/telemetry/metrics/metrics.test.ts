import { spawnSync } from 'node:child_process'
import { describe, expect, test } from 'vitest'
import type { ClientRequest } from '../../ingress/client-request.ts'
import { hello, startWorld, type World } from '../../testing/world.ts'
import { createMetrics } from './metrics.ts'

const some = { id: 'req_1' } as ClientRequest

/** The lines of a scrape without comments, by what stands before the value. */
async function scrape({ lb }: Pick<World, 'lb'>): Promise<Map<string, number>> {
  const response = await fetch(`${lb.url}/metrics`)
  expect(response.headers.get('content-type')).toBe('text/plain; version=0.0.4; charset=utf-8')
  const lines = (await response.text()).split('\n').filter((line) => line !== '' && !line.startsWith('#'))
  return new Map(
    lines.map((line) => [line.slice(0, line.lastIndexOf(' ')), Number(line.slice(line.lastIndexOf(' ') + 1))]),
  )
}

const answering = { default: { reply: { usage: { inputTokens: 11, outputTokens: 7 } } } }

test('a request, its attempt and its tokens are counted', async () => {
  const world = await startWorld({ scripts: [answering] })
  await (await world.post(hello)).text()
  const seen = await scrape(world)
  const model = hello.model
  expect(seen.get('lb_requests_total{endpoint="messages",provider="a",end="completed"}')).toBe(1)
  expect(seen.get('lb_attempts_total{provider="a",outcome="succeeded"}')).toBe(1)
  expect(seen.get(`lb_tokens_total{provider="a",model="${model}",kind="input"}`)).toBe(11)
  expect(seen.get(`lb_tokens_total{provider="a",model="${model}",kind="output"}`)).toBe(7)
  expect(seen.get('lb_requests_in_flight{endpoint="messages"}')).toBe(0)
  expect(seen.get('lb_attempts_in_flight{provider="a"}')).toBe(0)
  for (const name of ['lb_request_duration_seconds', 'lb_time_to_first_byte_seconds', 'lb_overhead_seconds'])
    expect(seen.get(`${name}_count{endpoint="messages",stream="false"}`)).toBe(1)
  expect([...seen.keys()].filter((key) => key.startsWith('lb_streams_total'))).toEqual([])
})

test('a failover: who was left, why, and what came of the stream', async () => {
  const world = await startWorld({ scripts: [{ fault: 'error-529' }, answering] })
  await (await world.post({ ...hello, stream: true })).text()
  const seen = await scrape(world)
  expect(seen.get('lb_requests_total{endpoint="messages",provider="b",end="completed"}')).toBe(1)
  expect(seen.get('lb_failovers_total{provider="a"}')).toBe(1)
  expect(seen.get('lb_attempt_failures_total{provider="a",kind="overloaded"}')).toBe(1)
  expect(seen.get('lb_attempts_total{provider="a",outcome="failed"}')).toBe(1)
  expect(seen.get('lb_streams_total{end="completed"}')).toBe(1)
  expect(seen.get('lb_time_to_first_token_seconds_count{provider="b"}')).toBe(1)
  expect(seen.get('lb_ejections_total{provider="a",reason="overloaded"}')).toBe(1)
})

test('what is in flight is counted while it is, and gone when the client leaves', async () => {
  const world = await startWorld({ scripts: [{ fault: 'stall-after-head' }] })
  const abort = new AbortController()
  const request = world.post({ ...hello, stream: true }, { signal: abort.signal }).catch(() => undefined)
  await expect.poll(async () => (await scrape(world)).get('lb_attempts_in_flight{provider="a"}')).toBe(1)
  expect((await scrape(world)).get('lb_requests_in_flight{endpoint="messages"}')).toBe(1)
  abort.abort()
  await request
  await expect.poll(async () => (await scrape(world)).get('lb_requests_in_flight{endpoint="messages"}')).toBe(0)
  const seen = await scrape(world)
  expect(seen.get('lb_requests_total{endpoint="messages",provider="a",end="client-gone"}')).toBe(1)
  expect(seen.get('lb_attempts_total{provider="a",outcome="abandoned"}')).toBe(1)
})

test('what lb itself turns down is counted apart', async () => {
  const world = await startWorld({ scripts: [{}], routes: ['  "claude-*": [{ provider: a, model: passthrough }]'] })
  await (await world.post({ ...hello, model: 'gpt-9' })).text()
  await (await world.post('{')).text()
  const seen = await scrape(world)
  expect(seen.get('lb_refusals_total{endpoint="messages",type="not_found_error"}')).toBe(1)
  expect(seen.get('lb_refusals_total{endpoint="messages",type="invalid_request_error"}')).toBe(1)
  expect([...seen.keys()].filter((key) => key.startsWith('lb_requests_total'))).toEqual([])
})

test('a lb without time turns new requests away with 529, and says so', async () => {
  let busy = false
  const world = await startWorld({ scripts: [{}], isOverloaded: () => busy })
  await (await world.post(hello)).text()
  busy = true
  const refused = await world.post(hello)
  expect(refused.status).toBe(529)
  expect(refused.headers.get('retry-after')).toBe('1')
  expect(await refused.json()).toMatchObject({ type: 'error', error: { type: 'overloaded_error' } })
  expect(world.mocks[0]?.requests).toHaveLength(1)
  const seen = await scrape(world)
  expect(seen.get('lb_refusals_total{endpoint="messages",type="overloaded_error"}')).toBe(1)
  expect(seen.get('lb_overloaded')).toBe(1)
})

test('a client that makes up models makes a bounded number of series', async () => {
  const world = await startWorld({ scripts: [answering] })
  for (let index = 0; index < 100; index += 1)
    await (await world.post({ ...hello, model: `${'x'.repeat(index === 0 ? 10_000 : 1)}-${index}` })).text()
  const series = [...(await scrape(world)).keys()].filter((key) => key.startsWith('lb_tokens_total'))
  expect(series).toHaveLength(2 * 65)
  expect(series.some((key) => key.includes('model="other"'))).toBe(true)
})

test('what a conversion could not carry is counted by its code', async () => {
  const world = await startWorld({ scripts: [{}], types: ['openai'] })
  await (await world.post({ ...hello, top_k: 5 })).text()
  expect((await scrape(world)).get('lb_conversion_losses_total{code="sampling_dropped"}')).toBe(1)
})

test('a request that shared an answer, a reload and a cost are counted when others tell of them', async () => {
  const metrics = createMetrics({ version: '1', epochMs: () => 5000, knownModels: [], now: () => nothing })
  metrics.observer.flightOpened?.(some)
  metrics.observer.followerJoined?.({ request: some, leader: some, how: 'joined' })
  metrics.reloaded('rejected')
  const { text } = await metrics.exposition()
  expect(text).toContain('\nlb_flights_total 1\n')
  expect(text).toContain('\nlb_coalesced_requests_total{how="joined"} 1\n')
  expect(text).toContain('\nlb_config_reloads_total{result="applied"} 0\n')
  expect(text).toContain('\nlb_config_reloads_total{result="rejected"} 1\n')
  expect(text).toContain('\nlb_config_last_reload_success_timestamp_seconds 5\n')
})

const nothing = {
  providers: [],
  flights: { flights: 0, heldBytes: 0 },
  eventLoopLagMs: 0,
  isOverloaded: false,
  isDraining: false,
}

describe('Prometheus itself', () => {
  test('promtool accepts the output', async () => {
    const world = await startWorld({ scripts: [{ fault: 'error-529' }, answering] })
    await (await world.post({ ...hello, stream: true })).text()
    const text = await (await fetch(`${world.lb.url}/metrics`)).text()
    const { error, status, stderr } = spawnSync('promtool', ['check', 'metrics'], { input: text, encoding: 'utf8' })
    expect(error, 'promtool is missing: apt-get install prometheus').toBeUndefined()
    // prom-client's own metrics of the process have names that promtool would choose differently.
    const about = stderr.split('\n').filter((line) => line.startsWith('lb_'))
    expect(about).toEqual([])
    expect([0, 3]).toContain(status)
  })
})

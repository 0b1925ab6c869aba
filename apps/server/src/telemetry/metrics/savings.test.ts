import { expect, test } from 'vitest'
import { hello, startWorld, type World } from '../../testing/world.ts'

const usage = { inputTokens: 11, outputTokens: 7 }
const answering = { default: { delayMs: 1000, reply: { usage } } }
const streamed = { ...hello, stream: true }

async function figure({ lb }: World, series: string): Promise<number | undefined> {
  const text = await (await fetch(`${lb.url}/metrics`)).text()
  const line = text.split('\n').find((candidate) => candidate.startsWith(`${series} `))
  return line === undefined ? undefined : Number(line.slice(series.length + 1))
}

test('what those spared who got another one’s answer: calls, tokens, bytes', async () => {
  const world = await startWorld({ scripts: [answering] })
  const asked = [1, 2, 3].map(() => world.post(streamed))
  await expect.poll(() => figure(world, 'lb_coalesced_requests_total{how="joined"}')).toBe(2)
  expect(await figure(world, 'lb_requests_in_flight{endpoint="messages"}')).toBe(3)
  expect(await figure(world, 'lb_flights_open')).toBe(1)
  const [body = ''] = await Promise.all(asked.map(async (response) => (await response).text()))
  expect(world.mocks[0]?.requests).toHaveLength(1)
  await expect.poll(() => figure(world, 'lb_requests_in_flight{endpoint="messages"}')).toBe(0)
  expect(await figure(world, 'lb_flights_total')).toBe(1)
  expect(await figure(world, 'lb_saved_calls_total')).toBe(2)
  expect(await figure(world, 'lb_saved_tokens_total{kind="input"}')).toBe(22)
  expect(await figure(world, 'lb_saved_tokens_total{kind="output"}')).toBe(14)
  expect(await figure(world, 'lb_replayed_bytes_total')).toBe(2 * Buffer.byteLength(body))
  expect(await figure(world, 'lb_streams_total{end="completed"}')).toBe(3)
  expect(await figure(world, 'lb_requests_total{endpoint="messages",provider="a",end="completed"}')).toBe(1)
  await isTimed(world, 'true', 3)
  // Each of them waited for the upstream's second.
  expect(await figure(world, 'lb_time_to_first_byte_seconds_sum{endpoint="messages",stream="true"}')).toBeGreaterThan(2)
})

/** How many clients' waiting has been measured. */
async function isTimed(world: World, stream: 'true' | 'false', times: number): Promise<void> {
  const labels = `{endpoint="messages",stream="${stream}"}`
  expect(await figure(world, `lb_request_duration_seconds_count${labels}`)).toBe(times)
  expect(await figure(world, `lb_time_to_first_byte_seconds_count${labels}`)).toBe(times)
}

test('an answer out of the cache spares the same', async () => {
  const world = await startWorld({
    scripts: [{ default: { reply: { usage } } }],
    settings: ['deduplication: { include_max_tokens_in_signature: true, cache: { enabled: true } }'],
  })
  for (let index = 0; index < 3; index += 1) await (await world.post(hello)).text()
  expect(world.mocks[0]?.requests).toHaveLength(1)
  expect(await figure(world, 'lb_coalesced_requests_total{how="cached"}')).toBe(2)
  expect(await figure(world, 'lb_saved_calls_total')).toBe(2)
  expect(await figure(world, 'lb_saved_tokens_total{kind="input"}')).toBe(22)
  expect(await figure(world, 'lb_saved_tokens_total{kind="output"}')).toBe(14)
  await isTimed(world, 'false', 3)
})

test('a follower that is not served, or leaves, has spared nothing', async () => {
  const world = await startWorld({ scripts: [{ fault: 'stall-after-head' }] })
  const leaver = new AbortController()
  const others = [1, 2].map(() => world.post(streamed, { signal: leaver.signal }).catch(() => undefined))
  await expect.poll(() => figure(world, 'lb_coalesced_requests_total{how="joined"}')).toBe(1)
  leaver.abort()
  await Promise.all(others)
  await expect.poll(() => figure(world, 'lb_requests_in_flight{endpoint="messages"}')).toBe(0)
  expect(await figure(world, 'lb_saved_calls_total')).toBe(0)
  expect(await figure(world, 'lb_streams_total{end="client-gone"}')).toBe(2)
})

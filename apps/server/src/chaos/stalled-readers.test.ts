import { connect, type Socket } from 'node:net'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { expect, test } from 'vitest'
import { eventNames, hello, startWorld, type World } from '../testing/world.ts'
import { writeProof } from './proof.ts'

/** `LB_STALLED_READERS=1000` is what `pnpm proof:stalled-readers` runs; the default is what a test run has time for. */
const count = Number(process.env['LB_STALLED_READERS'] ?? 30)
const WAVES = count < 100 ? 2 : 3
const LIMIT_BYTES = 256 << 20
/** What the allocator may keep, and how exact a look at RSS is. */
const REST_BYTES = 24 << 20
const ANSWER_BYTES = 2_000_000
/**
 * Some 2 MB: more than the socket buffers of one connection take, and less than what a flight keeps. Slow enough for all followers to
 * come before its end.
 */
const answer = {
  paceMs: Math.ceil(count / 12),
  default: { reply: { text: Array.from({ length: 100 }, (_, n) => `${n} ${'x'.repeat(20_000)}`) } },
}

setFlagsFromString('--expose-gc')
const collectGarbage = runInNewContext('gc') as () => void

/** A client that asks and reads nothing. */
function stalledClient({ lb }: World, body: object): Promise<Socket> {
  const { hostname, port } = new URL(lb.url)
  const text = JSON.stringify(body)
  return new Promise((resolve, reject) => {
    const socket = connect({ host: hostname, port: Number(port) }, () => resolve(socket))
    socket.on('error', reject)
    socket.pause()
    socket.write(
      `POST /v1/messages HTTP/1.1\r\nhost: ${hostname}:${port}\r\nanthropic-version: 2023-06-01\r\ncontent-length: ${text.length}\r\n\r\n${text}`,
    )
  })
}

interface Held {
  readonly rssBytes: number
  readonly heapBytes: number
  /** What keeps a process alive, by kind. */
  readonly sockets: number
  readonly timers: number
}

/** What this process holds: lb, its upstream and its clients, so that lb holds less. */
function held(): Held {
  collectGarbage()
  const { rss, heapUsed, external } = process.memoryUsage()
  const resources = process.getActiveResourcesInfo()
  const ofKind = (kind: string): number => resources.filter((name) => name === kind).length
  return { rssBytes: rss, heapBytes: heapUsed + external, sockets: ofKind('TCPSocketWrap'), timers: ofKind('Timeout') }
}

async function closed(sockets: readonly Socket[]): Promise<void> {
  await Promise.all(
    sockets.map((socket) => {
      const gone = new Promise((resolve) => void socket.on('close', resolve))
      socket.destroy()
      return gone
    }),
  )
}

/** Looks again, a moment later each time, until what it sees is as wanted: what is closed is told in turns of the loop. */
async function settled(isAsWanted: () => boolean): Promise<void> {
  for (let look = 0; look < 100 && !isAsWanted(); look += 1)
    await new Promise((resolve) => void setTimeout(resolve, 50))
}

const mb = (bytes: number): string => `${(bytes / 2 ** 20).toFixed(1)} MB`

/** One question that `count` followers ask and nobody but the leader reads. Returns what is held while all of them stall. */
async function stall(world: World, text: string): Promise<Held> {
  const body = { ...hello, stream: true, messages: [{ role: 'user', content: text }] }
  const before = world.mocks[0]?.requests.length ?? 0
  const leader = world.post(body)
  const stalled: Socket[] = []
  for (let client = 0; client < count; client += 1) stalled.push(await stalledClient(world, body))
  const answer = await (await leader).text()
  const during = held()
  expect(eventNames(answer).at(-1)).toBe('message_stop')
  expect(answer.length).toBeGreaterThan(ANSWER_BYTES)
  expect(world.mocks[0]?.requests).toHaveLength(before + 1)
  await closed(stalled)
  // The same question is a fresh call: the flight is gone.
  await (await world.post(body)).text()
  expect(world.mocks[0]?.requests).toHaveLength(before + 2)
  return during
}

test('followers that do not read hold little, and leave nothing behind', { timeout: 500_000 }, async () => {
  const world = await startWorld({ scripts: [answer] })
  // Everything that is made at first use has been made.
  await (await world.post({ ...hello, stream: true })).text()
  await settled(() => held().sockets < 4)
  const base = held()
  const seen: [string, Held][] = [['base', base]]
  const after: Held[] = []
  // A leak grows with every wave. What the allocator keeps for the next one is there after the first.
  for (let wave = 1; wave <= WAVES; wave += 1) {
    const during = await stall(world, `wave ${wave}`)
    expect(during.rssBytes - base.rssBytes).toBeLessThanOrEqual(LIMIT_BYTES)
    await settled(() => held().sockets <= base.sockets && held().timers <= base.timers)
    // The test's own memory of the log.
    world.lines.length = 0
    const left = held()
    expect(left.sockets).toBeLessThanOrEqual(base.sockets)
    expect(left.timers).toBeLessThanOrEqual(base.timers)
    expect(left.heapBytes - base.heapBytes).toBeLessThanOrEqual(4 << 20)
    after.push(left)
    seen.push([`wave ${wave}, all stall`, during], [`wave ${wave}, all gone`, left])
  }
  // V8 gives its pages back when nothing happens.
  const isAtRest = (): boolean => held().rssBytes - base.rssBytes <= REST_BYTES
  for (let second = 0; second < 20 && !isAtRest(); second += 1)
    await new Promise((resolve) => void setTimeout(resolve, 1000))
  const rest = held()
  seen.push(['at rest', rest])
  const [first] = after
  const last = after.at(-1)
  const growthBytes = (last?.rssBytes ?? 0) - (first?.rssBytes ?? 0)
  expect(growthBytes).toBeLessThanOrEqual(REST_BYTES)
  expect(rest.rssBytes - base.rssBytes).toBeLessThanOrEqual(REST_BYTES)

  const peakBytes = Math.max(...seen.map(([, { rssBytes }]) => rssBytes)) - base.rssBytes
  writeProof('stalled-readers', {
    command: 'pnpm proof:stalled-readers',
    lines: [
      `${WAVES} waves of ${count} followers of one stream of ${mb(ANSWER_BYTES)} that read nothing; lb, upstream and clients in one process.`,
      '',
      '| | RSS | heap and buffers | sockets | timers |',
      '|---|---|---|---|---|',
      ...seen.map(
        ([when, { rssBytes, heapBytes, sockets, timers }]) =>
          `| ${when} | ${mb(rssBytes)} | ${mb(heapBytes)} | ${sockets} | ${timers} |`,
      ),
      '',
      `The most above the base: ${mb(peakBytes)} of RSS (allowed: 256 MB). From the first wave's end to the last one's: ${mb(growthBytes)}; at rest: ${mb(rest.rssBytes - base.rssBytes)} above the base (allowed: ${mb(REST_BYTES)} each).`,
      'The heap is back after every wave. What of RSS stays is freed memory that malloc keeps for the next wave: the C library has an',
      'arena for each thread that ever allocated, so that lb is run with `MALLOC_ARENA_MAX=2`, here as in `deploy/systemd`.',
    ],
  })
})

test('a client that does not read slows no other request', async () => {
  const world = await startWorld({ scripts: [{ ...answer, paceMs: 1 }] })
  const slow = await stalledClient(world, { ...hello, stream: true, messages: [{ role: 'user', content: 'slow' }] })
  const texts = await Promise.all(
    Array.from({ length: 5 }, async (_, client) => {
      const body = { ...hello, stream: true, messages: [{ role: 'user', content: `fast ${client}` }] }
      return (await world.post(body)).text()
    }),
  )
  for (const text of texts) expect(eventNames(text).at(-1)).toBe('message_stop')
  // The slow one's own upstream waits for it, and only that.
  const fast = world.mocks[0]?.requests.filter(({ text }) => text.includes('fast')) ?? []
  await Promise.all(fast.map(({ ended }) => ended))
  expect(fast.map(({ outcome }) => outcome)).toEqual(Array(5).fill('answered'))
  let received = ''
  const whole = new Promise<void>((resolve) => {
    slow.on('data', (bytes: Buffer) => {
      received += bytes.toString()
      if (received.includes('event: message_stop')) resolve()
    })
  })
  slow.resume()
  await whole
  slow.destroy()
})

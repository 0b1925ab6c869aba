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
/** How exact a look at RSS is. A leak of the sockets' buffers alone would be 64 MB in a wave of the proof. */
const GROWTH_BYTES = 16 << 20
const REST_MS = count < 100 ? 100 : 5_000
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
  readonly reservedBytes: number
  /** What keeps a process alive, by kind. */
  readonly sockets: number
  readonly timers: number
}

/** What this process holds: lb, its upstream and its clients, so that lb holds less. */
function held(): Held {
  collectGarbage()
  const { rss, heapUsed, heapTotal, external } = process.memoryUsage()
  const resources = process.getActiveResourcesInfo()
  const ofKind = (kind: string): number => resources.filter((name) => name === kind).length
  return {
    rssBytes: rss,
    heapBytes: heapUsed + external,
    reservedBytes: heapTotal,
    sockets: ofKind('TCPSocketWrap'),
    timers: ofKind('Timeout'),
  }
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
  const gone: Held[] = []
  for (let wave = 1; wave <= WAVES; wave += 1) {
    const during = await stall(world, `wave ${wave}`)
    expect(during.rssBytes - base.rssBytes).toBeLessThanOrEqual(LIMIT_BYTES)
    await settled(() => held().sockets <= base.sockets && held().timers <= base.timers)
    // The test's own memory of the log.
    world.lines.length = 0
    // V8 gives pages back when nothing happens.
    await new Promise((resolve) => void setTimeout(resolve, REST_MS))
    const left = held()
    expect(left.sockets).toBeLessThanOrEqual(base.sockets)
    expect(left.timers).toBeLessThanOrEqual(base.timers)
    expect(left.heapBytes - base.heapBytes).toBeLessThanOrEqual(4 << 20)
    gone.push(left)
    seen.push([`wave ${wave}, all stall`, during], [`wave ${wave}, all gone`, left])
  }
  // A leak grows with every wave. What the allocator keeps for the next one is there after the first.
  const [first = base, ...later] = gone
  const growthBytes = Math.max(...later.map(({ rssBytes }) => rssBytes)) - first.rssBytes
  expect(growthBytes).toBeLessThanOrEqual(GROWTH_BYTES)

  const peakBytes = Math.max(...seen.map(([, { rssBytes }]) => rssBytes)) - base.rssBytes
  writeProof('stalled-readers', {
    command: 'pnpm proof:stalled-readers',
    lines: [
      `${WAVES} waves of ${count} followers of one stream of ${mb(ANSWER_BYTES)} that read nothing; lb, upstream and clients in one process.`,
      '',
      '| | RSS | heap and buffers in use | heap that V8 has | sockets | timers |',
      '|---|---|---|---|---|---|',
      ...seen.map(
        ([when, { rssBytes, heapBytes, reservedBytes, sockets, timers }]) =>
          `| ${when} | ${mb(rssBytes)} | ${mb(heapBytes)} | ${mb(reservedBytes)} | ${sockets} | ${timers} |`,
      ),
      '',
      `- The most above the base: ${mb(peakBytes)} of RSS (allowed: 256 MB).`,
      `- What is in use is back at the base after every wave (allowed: 4 MB more), every socket and timer too.`,
      `- RSS after the later waves is at most ${mb(growthBytes)} above what it was after the first (allowed: ${mb(GROWTH_BYTES)}): nothing leaks.`,
      '  What the first wave adds and the later ones use again is memory that is free, and kept by the allocator for the process.',
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

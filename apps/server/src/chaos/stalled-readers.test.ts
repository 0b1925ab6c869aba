import { connect, type Socket } from 'node:net'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { expect, test } from 'vitest'
import { eventNames, hello, startWorld, type World } from '../testing/world.ts'
import { writeProof } from './proof.ts'

/** `LB_STALLED_READERS=1000` is what `pnpm proof:stalled-readers` runs; the default is what a test run has time for. */
const count = Number(process.env['LB_STALLED_READERS'] ?? 30)
const LIMIT_BYTES = 256 << 20
/**
 * Some 2 MB: more than the socket buffers of one connection take, and less than what a flight keeps. Slow enough for all followers to
 * come before its end.
 */
const answer = {
  paceMs: Math.ceil(count / 5),
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

test('followers that do not read hold little, and leave nothing behind', { timeout: 240_000 }, async () => {
  const world = await startWorld({ scripts: [answer] })
  // Everything that is made at first use has been made.
  await (await world.post({ ...hello, stream: true })).text()
  await settled(() => held().sockets < 4)
  const base = held()

  const body = { ...hello, stream: true, messages: [{ role: 'user', content: 'the same for all' }] }
  const leader = world.post(body)
  const stalled: Socket[] = []
  for (let client = 0; client < count; client += 1) stalled.push(await stalledClient(world, body))
  const text = await (await leader).text()
  const during = held()
  expect(eventNames(text).at(-1)).toBe('message_stop')
  expect(world.mocks[0]?.requests).toHaveLength(2)
  expect(during.rssBytes - base.rssBytes).toBeLessThanOrEqual(LIMIT_BYTES)

  await closed(stalled)
  await settled(() => held().sockets <= base.sockets && held().timers <= base.timers)
  const after = held()
  expect(after.sockets).toBeLessThanOrEqual(base.sockets)
  expect(after.timers).toBeLessThanOrEqual(base.timers)
  expect(after.heapBytes - base.heapBytes).toBeLessThanOrEqual(8 << 20)
  // The same question is a fresh call: the flight is gone.
  await (await world.post(body)).text()
  expect(world.mocks[0]?.requests).toHaveLength(3)

  writeProof('stalled-readers', {
    command: 'pnpm proof:stalled-readers',
    lines: [
      `${count} followers of one stream of ${mb(text.length)} that read nothing; lb, upstream and clients in one process.`,
      '',
      '| | RSS | heap and buffers | sockets | timers |',
      '|---|---|---|---|---|',
      ...Object.entries({ base, during, after }).map(
        ([when, { rssBytes, heapBytes, sockets, timers }]) =>
          `| ${when} | ${mb(rssBytes)} | ${mb(heapBytes)} | ${sockets} | ${timers} |`,
      ),
      '',
      `Above the base while all of them stall: ${mb(during.rssBytes - base.rssBytes)} of RSS (allowed: 256 MB).`,
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

import type { MockScript } from '@lb/mock-provider'
import { afterAll, describe, expect, test, vi } from 'vitest'
import { writeProof } from '../chaos/proof.ts'
import { createGate, type Gate } from '../testing/gate.ts'
import { askPlainly, type PlainClient } from '../testing/plain-client.ts'
import { eventNames, hello, startWorld, type World } from '../testing/world.ts'

/**
 * A hundred clients, each on a socket of its own, whose upstream sends an event when the test lets it. Nothing here waits for time
 * to pass, but for one part of the proof (`pnpm proof:coalescing`) in which a follower really reads one byte a second.
 */
const CLIENTS = 100
const isProof = (process.env['LB_PROOFS'] ?? '') !== ''
const proof: string[] = []
afterAll(() => {
  if (isProof && proof.length > 0) writeProof('coalescing', { command: 'pnpm proof:coalescing', lines: proof })
})

/** Eleven events: start, block start, six words, block stop, the reason, stop. */
const words = 'one two three four five six'
const EVENTS = 11
const scripts = [{ default: { reply: { text: words.split(' ').map((word) => `${word} `) }, delayMs: 1, paceMs: 1 } }]
const piecewise = [{ default: { reply: { text: words }, delayMs: 1, bytesPerSecond: 40 } }]

const question = (text: string, stream: boolean): object => ({
  ...hello,
  stream,
  messages: [{ role: 'user', content: text }],
})

async function startGated(
  given: readonly MockScript[] = scripts,
): Promise<{ readonly world: World; readonly gate: Gate }> {
  const gate = createGate()
  const world = await startWorld({ scripts: given, clock: gate.clock })
  return { world, gate }
}

/** How many requests have joined the call of another one so far. */
async function joined({ lb }: World): Promise<number> {
  const text = await (await fetch(`${lb.url}/metrics`)).text()
  return Number(/^lb_coalesced_requests_total\{how="joined"\} (\d+)$/m.exec(text)?.[1] ?? 0)
}

const sure = { timeout: 15_000, interval: 10 }

/** Lets so many more clients ask, and waits until they are aboard. */
async function follow(world: World, body: object, count: number): Promise<PlainClient[]> {
  const before = await joined(world)
  const clients = Array.from({ length: count }, () => askPlainly(world, body))
  await vi.waitFor(async () => expect(await joined(world)).toBe(before + count), sure)
  return clients
}

/** Lets the upstream send events until `client` has read so many. */
async function until(gate: Gate, client: PlainClient, events: number): Promise<void> {
  while (client.events() < events) {
    const before = client.events()
    // The first event goes with the second: nothing is shown before content.
    await gate.step()
    await vi
      .waitFor(() => expect(client.events()).toBeGreaterThan(before), { timeout: 60, interval: 2 })
      .catch(() => {})
  }
}

/** All have the same whole answer. Returns it. */
function same(answers: readonly string[]): string {
  expect(new Set(answers).size).toBe(1)
  const [answer = ''] = answers
  return answer
}

describe('a hundred same streams, of which the leader leaves', () => {
  test.each(Array.from({ length: EVENTS + 1 }, (_, event) => event))(
    'after event %i: ninety-nine whole answers, byte for byte the same, by one call',
    async (event) => {
      const { world, gate } = await startGated()
      const body = question(`leaves after ${event}`, true)
      const leader = askPlainly(world, body)
      await world.mocks[0]?.next()
      const followers = await follow(world, body, CLIENTS - 1)
      await until(gate, leader, Math.min(event, EVENTS - 1))
      if (event === EVENTS) {
        gate.open()
        await leader.whole
      } else {
        await leader.leave()
        await vi.waitFor(() => expect(world.lines.some((line) => line['event'] === 'leader_left')).toBe(true), sure)
        gate.open()
      }
      const answer = same(await Promise.all(followers.map(({ whole }) => whole)))
      expect(eventNames(answer)).toHaveLength(EVENTS)
      expect(eventNames(answer).at(-1)).toBe('message_stop')
      expect(answer.startsWith(leader.body())).toBe(true)
      await world.mocks[0]?.idle()
      expect(world.mocks[0]?.requests.map(({ outcome }) => outcome)).toEqual(['answered'])
      if (event === EVENTS)
        proof.push(
          `- ${CLIENTS} streams, the leader gone after each of 0 to ${EVENTS} events: 1 call each time, the others' answers are byte for byte the same.`,
        )
    },
  )
})

test('a hundred same streams, which join at every event: a hundred same answers by one call', async () => {
  const { world, gate } = await startGated()
  const body = question('joins', true)
  const clients = [askPlainly(world, body)]
  await world.mocks[0]?.next()
  for (let event = 0; event < EVENTS; event += 1) {
    const rest = CLIENTS - clients.length
    clients.push(...(await follow(world, body, event === EVENTS - 1 ? rest : Math.floor((CLIENTS - 1) / EVENTS))))
    if (event < EVENTS - 1) await gate.step()
  }
  gate.open()
  expect(clients).toHaveLength(CLIENTS)
  const answer = same(await Promise.all(clients.map(({ whole }) => whole)))
  expect(eventNames(answer)).toHaveLength(EVENTS)
  expect(world.mocks[0]?.requests).toHaveLength(1)
  const roles = clients.map((client) => client.headers()['x-lb-coalesced'])
  expect(roles.filter((role) => role === 'leader')).toHaveLength(1)
  expect(roles.filter((role) => role === 'follower')).toHaveLength(CLIENTS - 1)
  proof.push(
    `- ${CLIENTS} streams, of which some join before each of ${EVENTS} events: 1 call, ${CLIENTS} same answers.`,
  )
})

describe('a hundred same whole answers, of which the leader leaves', () => {
  test.each([
    ['before the upstream says anything', 0],
    ['after the first piece of its body', 2],
    ['in the middle of its body', 5],
  ])('%s: ninety-nine whole answers, byte for byte the same, by one call', async (_, pieces) => {
    const { world, gate } = await startGated(piecewise)
    const body = question(`whole ${pieces}`, false)
    const leader = askPlainly(world, body)
    await world.mocks[0]?.next()
    const followers = await follow(world, body, CLIENTS - 1)
    await gate.step(pieces)
    await leader.leave()
    await vi.waitFor(() => expect(world.lines.some((line) => line['event'] === 'leader_left')).toBe(true), sure)
    // Also who comes now.
    followers.push(...(await follow(world, body, 1)))
    gate.open()
    const answer = same(await Promise.all(followers.map(({ whole }) => whole)))
    expect(JSON.parse(answer)).toMatchObject({ type: 'message', content: [{ text: words }] })
    await world.mocks[0]?.idle()
    expect(world.mocks[0]?.requests.map(({ outcome }) => outcome)).toEqual(['answered'])
    if (pieces === 5)
      proof.push(
        `- ${CLIENTS} whole answers, the leader gone before and within the upstream's body: 1 call each time, the same bytes for all.`,
      )
  })
})

describe('a hundred clients whose upstream fails', () => {
  test.each([
    ['a cut in a stream', 'end-mid-text', true, 200],
    ['an error event', 'error-mid-text', true, 200],
    ['a status', 'error-529', true, 529],
    ['a refusal', 'invalid-request', false, 400],
    ['half a body', 'truncated-json', false, 502],
  ] as const)(
    'by %s: all get the same truthful ending, and the next one a fresh call',
    async (_, fault, stream, status) => {
      const gate = createGate()
      const bad = { answer: { fault, delayMs: 1, paceMs: 1 }, repeat: 1, next: { answer: {} } }
      const settings = ['max_attempts: 1', 'deduplication: { cache: { enabled: true } }']
      const world = await startWorld({ scripts: [{ rules: [bad] }], clock: gate.clock, settings })
      const body = question(fault, stream)
      const clients = [askPlainly(world, body)]
      await world.mocks[0]?.next()
      clients.push(...(await follow(world, body, CLIENTS - 1)))
      gate.open()
      const answer = same(await Promise.all(clients.map(({ whole }) => whole)))
      expect(answer).toContain('"type":"error"')
      expect(answer).not.toContain('message_stop')
      expect(clients.map((client) => client.status())).toEqual(Array(CLIENTS).fill(status))
      expect(world.mocks[0]?.requests).toHaveLength(1)
      const next = await world.post(body)
      expect(next.headers.get('x-lb-cache')).toBeNull()
      expect(await next.text()).toContain(stream ? 'message_stop' : '"type":"message"')
      expect(world.mocks[0]?.requests).toHaveLength(2)
    },
  )
})

describe('a follower that reads one byte at a time', () => {
  /** What is left of the answer when it becomes really slow. */
  const TAIL_BYTES = 100

  test('gets what the ninety-nine others have got long before', { timeout: 240_000 }, async () => {
    const { world, gate } = await startGated()
    const body = question('byte by byte', true)
    const leader = askPlainly(world, body)
    await world.mocks[0]?.next()
    const pauses: (() => void)[] = []
    const slow = askPlainly(world, body, 1, (socket) => {
      socket.pause()
      pauses.push(() => socket.resume())
      onPause()
    })
    let onPause = (): void => {}
    const others = await follow(world, body, CLIENTS - 2)
    gate.open()
    const answer = same(await Promise.all([leader, ...others].map(({ whole }) => whole)))
    // All of them are done, and it has read the first byte of its head.
    expect([slow.body(), pauses.length]).toEqual(['', 1])
    let tailSinceMs = 0
    onPause = () => {
      const isTail = isProof && slow.body().length >= answer.length - TAIL_BYTES
      if (isTail && tailSinceMs === 0) tailSinceMs = performance.now()
      if (isTail) setTimeout(() => pauses.pop()?.(), 1000)
      else setImmediate(() => pauses.pop()?.())
    }
    onPause()
    expect(await slow.whole).toBe(answer)
    expect(world.mocks[0]?.requests).toHaveLength(1)
    if (!isProof) return
    const seconds = (performance.now() - tailSinceMs) / 1000
    expect(seconds).toBeGreaterThan(TAIL_BYTES - 1)
    proof.push(
      `- ${CLIENTS} streams, of which one reads a byte at a time, the last ${TAIL_BYTES} bytes one a second (${seconds.toFixed(0)} s): 1 call; the others had all of it before its second byte; the same bytes.`,
    )
  })
})

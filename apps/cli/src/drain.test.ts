import { Agent } from 'node:http'
import { connect } from 'node:net'
import { type MockScript, startMockProvider } from '@lb/mock-provider'
import { expect, onTestFinished, test } from 'vitest'
import { configFor, type LbProcess, startLb } from './testing/lb-process.ts'
import { namesOf, openStream, type Streaming } from './testing/stream-client.ts'

/** What lb promises. */
const STREAMS = Number(process.env['LB_STREAMS'] ?? 500)
/** About three seconds of one word after the other. */
const words = { default: { reply: { text: 'one two three four five six seven eight nine ten' }, paceMs: 150 } }
/** It says a little, and then nothing for ever. */
const endless = { fault: 'stall-mid-text' as const }

async function streaming(
  script: MockScript,
  count: number,
  settings: readonly string[],
): Promise<{ lb: LbProcess; streams: readonly Streaming[]; agent: Agent }> {
  const mock = await startMockProvider({ script })
  const agent = new Agent({ keepAlive: true, maxSockets: count + 1 })
  onTestFinished(async () => {
    agent.destroy()
    await mock.close()
  })
  const lb = await startLb({ config: configFor([mock.url], settings) })
  const streams = Array.from({ length: count }, () => openStream(lb.url, agent))
  await Promise.all(streams.map(({ begun }) => begun))
  return { lb, streams, agent }
}

test(`SIGTERM with ${STREAMS} running streams: none is cut, and the exit code is 0`, async () => {
  const { lb, streams } = await streaming(words, STREAMS, ['shutdown_grace: 30'])
  lb.signal('SIGTERM')
  const seen = await Promise.all(streams.map(({ done }) => done))
  expect(seen.filter(({ isWhole }) => !isWhole)).toHaveLength(0)
  expect(seen.filter((stream) => namesOf(stream).at(-1) !== 'message_stop')).toHaveLength(0)
  // Idle connections of clients do not hold it back, and neither does the rest of the grace.
  const beganMs = performance.now()
  expect(await lb.ended).toBe(0)
  expect(performance.now() - beganMs).toBeLessThan(5000)
  await expect.poll(() => lb.output()).toContain('stopped')
}, 60_000)

test('while it drains, nobody new gets in', async () => {
  const { lb, streams } = await streaming(words, 1, ['shutdown_grace: 30'])
  lb.signal('SIGTERM')
  const enters = (): Promise<string> =>
    fetch(`${lb.url}/`).then(
      () => 'in',
      () => 'out',
    )
  await expect.poll(enters).toBe('out')
  expect((await streams[0]?.done)?.isWhole).toBe(true)
  expect(await lb.ended).toBe(0)
}, 60_000)

test('a request that comes on an open connection is answered, and the connection ends with its answer', async () => {
  const mock = await startMockProvider({ script: words })
  onTestFinished(() => mock.close())
  const lb = await startLb({ config: configFor([mock.url]) })
  const { host, port } = new URL(lb.url)
  const socket = connect(Number(port), '127.0.0.1')
  const post = (body: string): string =>
    `POST /v1/messages HTTP/1.1\r\nHost: ${host}\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`
  const question = '{"model":"claude-1","max_tokens":9,"stream":true,"messages":[{"role":"user","content":"hi"}]}'
  let received = ''
  const closed = new Promise((resolve) => socket.on('close', resolve))
  socket.setEncoding('utf8')
  socket.on('data', (text: string) => {
    received += text
  })
  socket.write(post(question))
  await expect.poll(() => received).toContain('content_block_delta')
  lb.signal('SIGTERM')
  await expect.poll(() => lb.output()).toContain('stopping: no new requests')
  socket.write(post(question))
  await closed
  const [first = '', second = ''] = received.split('HTTP/1.1 200 OK').slice(1)
  expect(first.toLowerCase()).toContain('connection: keep-alive')
  expect(second.toLowerCase()).toContain('connection: close')
  expect(second).toContain('message_stop')
  expect(await lb.ended).toBe(0)
}, 60_000)

test('at the end of the grace the clients are told the truth: an error event, and no cut', async () => {
  const { lb, streams } = await streaming(endless, 50, ['shutdown_grace: 1'])
  lb.signal('SIGTERM')
  const seen = await Promise.all(streams.map(({ done }) => done))
  expect(seen.filter(({ isWhole }) => !isWhole)).toHaveLength(0)
  for (const stream of seen) {
    expect(namesOf(stream).at(-1)).toBe('error')
    expect(stream.text).toContain('"type":"overloaded_error","message":"lb is being stopped. Send the request again."')
    expect(namesOf(stream)).not.toContain('message_stop')
  }
  expect(await lb.ended).toBe(0)
  await expect.poll(() => lb.output()).toContain('50 requests did not come to their end')
}, 60_000)

test('a second signal does the same at once', async () => {
  const { lb, streams } = await streaming(endless, 20, ['shutdown_grace: 600'])
  lb.signal('SIGTERM')
  await expect.poll(() => lb.output()).toContain('stopping: no new requests')
  lb.signal('SIGTERM')
  const seen = await Promise.all(streams.map(({ done }) => done))
  expect(seen.every((stream) => stream.isWhole && namesOf(stream).at(-1) === 'error')).toBe(true)
  expect(await lb.ended).toBe(0)
}, 60_000)

test('a request that has no answer yet is told with a status, and to try again', async () => {
  const mock = await startMockProvider({ script: { fault: 'silence' } })
  const agent = new Agent({ keepAlive: true })
  onTestFinished(async () => {
    agent.destroy()
    await mock.close()
  })
  const lb = await startLb({ config: configFor([mock.url], ['shutdown_grace: 0']) })
  const waiting = openStream(lb.url, agent)
  await expect.poll(() => mock.requests.length).toBe(1)
  lb.signal('SIGTERM')
  const seen = await waiting.done
  expect(seen.status).toBe(529)
  expect(seen.headers['x-should-retry']).toBe('true')
  expect(await lb.ended).toBe(0)
}, 60_000)

import { createServer, type ServerResponse } from 'node:http'
import { type AddressInfo, connect, type Socket } from 'node:net'
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import { startWorld } from '../testing/world.ts'
import { clientOutlet, type Outlet } from './outlet.ts'

const STALLED_MS = 100
/** More than the kernel takes off the process's hands. */
const much = Buffer.alloc(32 << 20, 'x')

interface Served {
  readonly outlet: Outlet
  readonly response: ServerResponse
  readonly client: Socket
  readonly heard: string[]
}

/** An outlet with a client behind it that reads nothing until it is told to. */
async function serve(): Promise<Served> {
  const heard: string[] = []
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const client = connect((server.address() as AddressInfo).port, '127.0.0.1').pause()
  client.on('error', () => {})
  onTestFinished(() => {
    client.destroy()
    server.close()
  })
  return new Promise((resolve) => {
    server.on('request', (_, response) => {
      const listener = { drained: () => void heard.push('drained'), gone: () => void heard.push('gone') }
      const outlet = clientOutlet(response, listener, STALLED_MS)
      outlet.head(200, [])
      resolve({ outlet, response, client, heard })
    })
    client.write('GET / HTTP/1.1\r\nhost: x\r\n\r\n')
  })
}

describe('a client that does not read', () => {
  test('is left after a while, and what waited for it is forgotten', async () => {
    const { outlet, heard, response } = await serve()
    expect(outlet.write(much)).toBe(false)
    await vi.waitFor(() => expect(heard).toEqual(['gone']), { timeout: 3000 })
    expect(response.destroyed).toBe(true)
  })

  test('is left after a while, too, when the answer has ended', async () => {
    const { outlet, heard, response } = await serve()
    outlet.end({ kind: 'whole', stopReason: undefined }, much)
    await vi.waitFor(() => expect(response.destroyed).toBe(true), { timeout: 3000 })
    expect(heard).toEqual([])
  })

  test('that begins to read in time gets everything', async () => {
    const { outlet, heard, client, response } = await serve()
    outlet.write(much)
    let received = 0
    client.on('data', (chunk) => {
      received += chunk.length
    })
    client.resume()
    await vi.waitFor(() => expect(heard).toEqual(['drained']), { timeout: 3000 })
    outlet.end({ kind: 'whole', stopReason: undefined })
    await vi.waitFor(() => expect(received).toBeGreaterThan(much.length))
    await vi.waitFor(() => expect(response.writableFinished).toBe(true))
    expect(heard).toEqual(['drained'])
  })
})

test('a client that left before its answer was begun is gone, although nobody listened then', async () => {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => void server.close())
  const client = connect((server.address() as AddressInfo).port, '127.0.0.1')
  const response = await new Promise<ServerResponse>((resolve) => {
    server.on('request', (_, answer) => answer.on('close', () => resolve(answer)))
    server.once('request', () => client.destroy())
    client.write('GET / HTTP/1.1\r\nhost: x\r\n\r\n')
  })
  const heard: string[] = []
  const outlet = clientOutlet(response, { drained() {}, gone: () => void heard.push('gone') })
  expect(heard).toEqual([])
  await vi.waitFor(() => expect(heard).toEqual(['gone']))
  expect(outlet.write(Buffer.from('x'))).toBe(true)
})

test('an upstream is not read faster than the client reads', async () => {
  const delta = { type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text: 'x'.repeat(256 << 10) } }
  const events = [
    { event: 'message_start', data: { type: 'message_start', message: { id: 'm', usage: {} } } },
    ...Array.from({ length: 200 }, () => ({ event: 'content_block_delta', data: delta })),
  ]
  const { lb, mocks } = await startWorld({ scripts: [{ default: { events } }] })
  const { hostname, port, host } = new URL(lb.url)
  const client = connect(Number(port), hostname).pause()
  onTestFinished(() => void client.destroy())
  const body = JSON.stringify({ model: 'm', stream: true, messages: [] })
  client.write(`POST /v1/messages HTTP/1.1\r\nhost: ${host}\r\ncontent-length: ${body.length}\r\n\r\n${body}`)
  let before = -1
  let still = 0
  // It stands still when nothing has been sent for ten looks.
  await vi.waitFor(
    () => {
      const sent = mocks[0]?.requests[0]?.bytesSent ?? 0
      still = sent > 0 && sent === before ? still + 1 : 0
      before = sent
      expect(still).toBeGreaterThan(10)
    },
    { timeout: 10_000, interval: 20 },
  )
  expect(before).toBeLessThan(30 << 20)
  expect(mocks[0]?.requests[0]?.outcome).toBe('answering')
})

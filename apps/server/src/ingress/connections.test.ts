import { connect, type Socket } from 'node:net'
import { describe, expect, onTestFinished, test } from 'vitest'
import { mountedWith } from '../testing/mounted.ts'
import { timeReader } from './connections.ts'

/** Opens a connection and waits until it is decided about: `true` if it is let in. */
function open(url: string, from = '127.0.0.1'): Promise<{ socket: Socket; isIn: boolean }> {
  const { hostname, port, host } = new URL(url)
  const socket = connect({ host: hostname, port: Number(port), localAddress: from })
  onTestFinished(() => void socket.destroy())
  return new Promise((resolve) => {
    socket.on('connect', () => socket.write(`GET /x HTTP/1.1\r\nhost: ${host}\r\n\r\n`))
    socket.once('data', () => resolve({ socket, isIn: true }))
    socket.once('error', () => resolve({ socket, isIn: false }))
    socket.once('close', () => resolve({ socket, isIn: false }))
  })
}

async function leave({ socket }: { socket: Socket }): Promise<void> {
  await new Promise<void>((resolve) => socket.once('close', () => resolve()).end())
}

const page = { method: 'GET', path: '/x', access: 'open', answer: () => new Response('x') } as const

describe('connections', () => {
  test('from one address are no more than max_connections_per_address; others come in', async () => {
    const { url } = await mountedWith([page], ['max_connections_per_address: 2'])
    const first = await open(url)
    expect(first.isIn).toBe(true)
    expect((await open(url)).isIn).toBe(true)
    expect((await open(url)).isIn).toBe(false)
    expect((await open(url, '127.0.0.2')).isIn).toBe(true)
    await leave(first)
    expect((await open(url)).isIn).toBe(true)
  })

  test('of all addresses are no more than max_connections', async () => {
    const { url } = await mountedWith([page], ['max_connections: 3', 'max_connections_per_address: 3'])
    for (const from of ['127.0.0.1', '127.0.0.2', '127.0.0.3']) expect((await open(url, from)).isIn).toBe(true)
    expect((await open(url, '127.0.0.4')).isIn).toBe(false)
  })

  test('from one address are at most half of them, unless it is said otherwise', async () => {
    const { url } = await mountedWith([page], ['max_connections: 4'])
    expect((await open(url)).isIn).toBe(true)
    expect((await open(url)).isIn).toBe(true)
    expect((await open(url)).isIn).toBe(false)
    expect((await open(url, '127.0.0.2')).isIn).toBe(true)
  })
})

describe('the clock of a reader', () => {
  function reader(timeout: number, writableLength: number) {
    const set: number[] = []
    const socket = { timeout, writableLength, setTimeout: (ms: number) => void set.push(ms) }
    timeReader(socket as object as Parameters<typeof timeReader>[0])
    return set
  }

  test('runs while something waits for it, and stops when it has taken that', () => {
    expect(reader(0, 1000)).toEqual([60_000])
    expect(reader(60_000, 1000)).toEqual([])
    expect(reader(60_000, 0)).toEqual([0])
    expect(reader(0, 0)).toEqual([])
  })

  test('leaves Node’s own clock of an idle connection alone', () => {
    expect(reader(65_000, 0)).toEqual([])
  })
})

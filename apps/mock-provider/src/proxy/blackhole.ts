import net, { type Socket } from 'node:net'
import { Worker } from 'node:worker_threads'

/** An address that swallows connection attempts. */
export interface Blackhole {
  readonly url: string
  readonly port: number
  close(): Promise<void>
}

/** On loopback a connection is there at once or not at all. */
const HANGS_AFTER_MS = 100

/** A queue for one holds a few more, depending on the kernel; more than this is no queue for one. */
const MAX_FILLING = 64

/**
 * Listens, reports its port and never runs again. It is a thread, because an event loop that turns would accept what the kernel
 * has queued.
 */
const SLEEPER = `
const { parentPort, workerData } = require('node:worker_threads')
const server = require('node:net').createServer()
server.listen({ port: 0, host: workerData.host, backlog: 1 }, () => {
  parentPort.postMessage(server.address().port)
  Atomics.wait(new Int32Array(workerData.until), 0, 0)
})
`

/**
 * Finds an address where connecting neither succeeds nor fails: the queue of the listener is full and nobody empties it, so the
 * kernel (Linux) drops every further attempt. To a client that looks like a firewall that drops packets.
 *
 * @throws if the queue cannot be filled.
 */
export async function startBlackhole(host = '127.0.0.1'): Promise<Blackhole> {
  const until = new SharedArrayBuffer(4)
  const worker = new Worker(SLEEPER, { eval: true, workerData: { host, until } })
  const port = await new Promise<number>((resolve, reject) => {
    worker.once('message', resolve)
    worker.once('error', reject)
  })
  const filling: Socket[] = []
  const close = async (): Promise<void> => {
    for (const socket of filling) socket.destroy()
    const waiter = new Int32Array(until)
    Atomics.store(waiter, 0, 1)
    Atomics.notify(waiter, 0)
    await worker.terminate()
  }
  for (let connected = true; connected; ) {
    if (filling.length === MAX_FILLING) {
      await close()
      throw new Error(`a queue for one connection took ${MAX_FILLING}: this system does not drop connection attempts`)
    }
    const socket = net.connect({ host, port })
    filling.push(socket)
    connected = await connects(socket)
  }
  return { url: `http://${host}:${port}`, port, close }
}

function connects(socket: Socket): Promise<boolean> {
  return new Promise((resolve) => {
    let connected = false
    // After the timer one more look at the network: on a busy machine the connection may be there, and nobody looked yet.
    const timer = setTimeout(() => setImmediate(() => resolve(connected)), HANGS_AFTER_MS)
    socket.once('connect', () => {
      connected = true
      clearTimeout(timer)
      resolve(true)
    })
    socket.on('error', () => undefined)
  })
}

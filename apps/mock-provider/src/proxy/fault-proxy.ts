import net, { type AddressInfo, type Socket } from 'node:net'
import type { AcceptRule } from '../script/script.ts'
import { type MockClock, realClock } from '../server/clock.ts'
import { written } from '../written.ts'
import { createLink, type Link, type LinkCut, type LinkFaults } from './link.ts'

/** What goes wrong on the way. */
export interface ProxyFaults {
  /** What happens to new connections. Default `serve`. */
  readonly accept?: AcceptRule['action']
  /** From the client to the upstream. */
  readonly up?: LinkFaults
  /** From the upstream to the client. */
  readonly down?: LinkFaults
}

/** How a fault proxy is started. */
export interface FaultProxyOptions {
  /** Where connections are carried to, e.g. `http://127.0.0.1:8998`; only host and port count. */
  readonly to: string
  readonly faults?: ProxyFaults
  /** Default 0: any free port. */
  readonly port?: number
  /** Default `127.0.0.1`. */
  readonly host?: string
  /** Jitter follows from it. Default 1. */
  readonly seed?: number
  readonly clock?: MockClock
}

/** A running fault proxy. */
export interface FaultProxy {
  /** The proxy's address with the scheme of `to`. */
  readonly url: string
  readonly port: number
  readonly connections: { readonly accepted: number; readonly open: number }
  /** Holds for open connections too, from the next byte on. */
  setFaults(faults: ProxyFaults): void
  /** Cuts every open connection now. */
  cut(how: LinkCut): void
  close(): Promise<void>
}

/** One carried connection. */
interface Carried {
  readonly client: Socket
  readonly upstream: Socket
  readonly gone: AbortController
  cut(how: LinkCut): void
}

/** More than this waiting for its time, and the source is not read on. */
const WAITING_BYTES = 1024 * 1024

/**
 * Starts a TCP proxy that delays, slows, cuts, corrupts or swallows what it carries. It knows nothing of HTTP, so it sits in
 * front of TLS and plain upstreams alike.
 *
 * @throws if the port cannot be bound.
 */
export async function startFaultProxy(options: FaultProxyOptions): Promise<FaultProxy> {
  const target = new URL(options.to)
  const clock = options.clock ?? realClock
  const host = options.host ?? '127.0.0.1'
  let faults = options.faults ?? {}
  let accepted = 0
  const open = new Set<Carried>()
  const untouched = new Set<Socket>()

  const server = net.createServer({ allowHalfOpen: true, noDelay: true }, (client) => {
    accepted += 1
    client.on('error', () => undefined)
    const action = faults.accept ?? 'serve'
    if (action === 'reset') return void client.resetAndDestroy()
    if (action === 'close') return void client.destroy()
    if (action === 'silence') {
      untouched.add(client)
      client.on('close', () => untouched.delete(client))
      return
    }
    const carried = carry(client, target, clock, (options.seed ?? 1) * 1_000_003 + accepted, () => faults)
    open.add(carried)
    carried.gone.signal.addEventListener('abort', () => open.delete(carried))
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(options.port ?? 0, host, () => resolve())
  })
  const { port } = addressOf(server)
  return {
    url: `${target.protocol}//${host}:${port}`,
    port,
    get connections() {
      return { accepted, open: open.size + untouched.size }
    },
    setFaults(next) {
      faults = next
    },
    cut(how) {
      for (const carried of open) carried.cut(how)
    },
    async close() {
      for (const { client, upstream } of open) {
        client.destroy()
        upstream.destroy()
      }
      for (const client of untouched) client.destroy()
      server.close()
    },
  }
}

function carry(client: Socket, target: URL, clock: MockClock, seed: number, faults: () => ProxyFaults): Carried {
  const port = Number(target.port === '' ? (target.protocol === 'https:' ? 443 : 80) : target.port)
  const upstream = net.connect({
    host: target.hostname.replace(/^\[|\]$/g, ''),
    port,
    allowHalfOpen: true,
    noDelay: true,
  })
  const gone = new AbortController()
  const broken = { blackhole: false }
  const carried: Carried = {
    client,
    upstream,
    gone,
    cut(how) {
      if (how === 'blackhole') broken.blackhole = true
      else if (how === 'half-close') client.end()
      else for (const socket of [client, upstream]) how === 'reset' ? socket.resetAndDestroy() : socket.destroy()
    },
  }
  const closed = () => {
    if (client.destroyed && upstream.destroyed) gone.abort()
  }
  client.on('close', closed)
  upstream.on('close', closed)
  // A broken side breaks the other the same way.
  upstream.on('error', () => client.resetAndDestroy())
  client.on('error', () => upstream.resetAndDestroy())
  const swallows = (own: LinkFaults | undefined): LinkFaults => (broken.blackhole ? { blackhole: true } : (own ?? {}))
  pump(client, upstream, createLink(seed * 2), clock, gone.signal, () => swallows(faults().up), carried)
  pump(upstream, client, createLink(seed * 2 + 1), clock, gone.signal, () => swallows(faults().down), carried)
  return carried
}

/** Carries one direction: what the link says is sent when it is due, and in order. */
function pump(
  source: Socket,
  sink: Socket,
  link: Link,
  clock: MockClock,
  gone: AbortSignal,
  faults: () => LinkFaults,
  carried: Carried,
): void {
  let tail = Promise.resolve()
  let waiting = 0
  const later = (action: () => Promise<void>) => {
    tail = tail.then(action)
  }
  source.on('data', (chunk: Buffer) => {
    for (const action of link.push(chunk, clock.nowMs(), faults())) {
      const size = action.kind === 'send' ? action.bytes.length : 0
      waiting += size
      if (waiting > WAITING_BYTES) source.pause()
      later(async () => {
        const restMs = action.dueMs - clock.nowMs()
        if (restMs > 0) await clock.sleep(restMs, gone)
        if (gone.aborted || sink.destroyed) return
        if (action.kind === 'send') await written(sink, action.bytes, gone)
        else if (action.how === 'half-close') sink.end()
        else carried.cut(action.how)
        waiting -= size
        if (waiting <= WAITING_BYTES) source.resume()
      })
    }
  })
  source.on('end', () => {
    later(async () => {
      if (faults().blackhole !== true) sink.end()
    })
  })
  source.on('close', () => {
    // After a reset there is no `end`.
    later(async () => {
      if (faults().blackhole !== true && !sink.destroyed && !source.readableEnded) sink.destroy()
    })
  })
}

function addressOf(server: net.Server): AddressInfo {
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('the proxy listens on a TCP port')
  return address
}

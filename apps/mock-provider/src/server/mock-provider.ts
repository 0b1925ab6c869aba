import http, { type IncomingMessage, type ServerResponse } from 'node:http'
import https from 'node:https'
import net, { type AddressInfo, type Socket } from 'node:net'
import type { TlsOptions } from 'node:tls'
import { connectionFaults, isConnectionFault } from '../fault/presets.ts'
import type { AcceptRule, MockScript } from '../script/script.ts'
import { type MockClock, realClock } from './clock.ts'
import { type Connection, openConnection } from './connection.ts'
import { createExchange, type Exchange } from './exchange.ts'
import { createRecorder, type RecordedRequest } from './recorder.ts'

/** How a mock provider is started. Everything has a default. */
export interface MockProviderOptions {
  /** Default `{}`: the demo answers everything. */
  readonly script?: MockScript
  /** Default 0: any free port. */
  readonly port?: number
  /** Default `127.0.0.1`. */
  readonly host?: string
  /** Certificate and key: the provider speaks TLS. */
  readonly tls?: TlsOptions
  /** Serve `/__mock/…` and the endpoints of the predecessor's harness too. Default false. */
  readonly control?: boolean
  /** Default real time. */
  readonly clock?: MockClock
}

/** A running mock provider. */
export interface MockProvider {
  /** `http://127.0.0.1:PORT`, without a slash at the end. */
  readonly url: string
  readonly port: number
  /** Everything received so far, in order of arrival. */
  readonly requests: readonly RecordedRequest[]
  /** Connections accepted since the start, and those open now. */
  readonly connections: { readonly accepted: number; readonly open: number }
  /** Requests that were no HTTP, in the words of the parser: a sign of a broken client. */
  readonly violations: readonly string[]
  /** The next request that was not yet handed out, once its body is in. Rejects after `timeoutMs` (default 5000). */
  next(timeoutMs?: number): Promise<RecordedRequest>
  /** Resolves when no request is being received or answered. */
  idle(): Promise<void>
  /** Replaces the script; its counts start anew. Records stay. */
  setScript(script: MockScript): Promise<void>
  /** Forgets records and counts. */
  clear(): void
  /** Closes the listener and every connection. */
  close(): Promise<void>
}

/** A header section of this size is still read, so that a client's large headers are recorded and not refused. */
const MAX_HEADER_BYTES = 128 * 1024

/**
 * Starts a scripted upstream.
 *
 * @throws if the port cannot be bound.
 * @example
 *   const mock = await startMockProvider({ script: { fault: 'error-529' } })
 *   await fetch(`${mock.url}/v1/messages`, { method: 'POST', body: '{"model":"m"}' })
 *   await mock.close()
 */
export async function startMockProvider(options: MockProviderOptions = {}): Promise<MockProvider> {
  const clock = options.clock ?? realClock
  const host = options.host ?? '127.0.0.1'
  const recorder = createRecorder(clock)
  const exchange = createExchange(recorder, clock)
  const doors = createDoors(exchange, options.tls)
  let script: MockScript = {}
  let accepted = 0
  let acceptedBefore = 0
  const open = new Set<Socket>()

  const front = net.createServer({ allowHalfOpen: true, noDelay: true }, (raw) => {
    accepted += 1
    open.add(raw)
    raw.on('close', () => open.delete(raw))
    const connection = openConnection(accepted, raw)
    admit(acceptActionFor(script, accepted - acceptedBefore), raw, () => doors.admit(connection))
  })
  await listen(front, options.port ?? 0, host)
  const { port } = addressOf(front)

  const setScript = async (next: MockScript): Promise<void> => {
    script = next
    acceptedBefore = accepted
    exchange.setScript(next)
    if (isRefusing(next)) await stopListening(front)
    else if (!front.listening) await listen(front, port, host)
  }
  await setScript(options.script ?? {})

  const name = host.includes(':') ? `[${host}]` : host
  return {
    url: `${options.tls === undefined ? 'http' : 'https'}://${name}:${port}`,
    port,
    get requests() {
      return recorder.requests
    },
    get connections() {
      return { accepted, open: open.size }
    },
    violations: doors.violations,
    next: (timeoutMs = 5000) => recorder.next(timeoutMs),
    idle: () => recorder.idle(),
    setScript,
    clear() {
      recorder.clear()
      exchange.setScript(script)
    },
    async close() {
      for (const raw of open) raw.destroy()
      await stopListening(front)
    },
  }
}

/** The HTTP side: parsers that read what the front admitted. They never listen themselves. */
interface Doors {
  admit(connection: Connection): void
  readonly violations: readonly string[]
}

function createDoors(exchange: Exchange, tls: TlsOptions | undefined): Doors {
  const violations: string[] = []
  // Under TLS a request's socket is not the TCP socket; both have the same remote port.
  const byRemotePort = new Map<number, Connection>()
  const settings = { maxHeaderSize: MAX_HEADER_BYTES, requestTimeout: 0, headersTimeout: 0, keepAliveTimeout: 0 }
  const server = tls === undefined ? http.createServer(settings) : https.createServer({ ...settings, ...tls })
  const serve = (mustContinue: boolean) => (request: IncomingMessage, response: ServerResponse) => {
    const connection = byRemotePort.get(request.socket.remotePort ?? 0)
    if (connection === undefined) return
    connection.watch(request.socket)
    exchange.serve(connection, request, response, mustContinue)
  }
  server.on('request', serve(false))
  server.on('checkContinue', serve(true))
  server.on('clientError', (error: Error & { code?: string }, socket) => {
    if (error.code?.startsWith('HPE_') === true) violations.push(`${error.code}: ${error.message}`)
    socket.destroy()
  })
  server.on('tlsClientError', () => undefined)
  return {
    violations,
    admit(connection) {
      const port = connection.raw.remotePort
      if (port === undefined) return
      byRemotePort.set(port, connection)
      connection.raw.on('close', () => {
        if (byRemotePort.get(port) === connection) byRemotePort.delete(port)
      })
      server.emit('connection', connection.raw)
    },
  }
}

/** What a script does with its n-th connection. */
function acceptActionFor(script: MockScript, nth: number): AcceptRule['action'] {
  const preset =
    script.fault !== undefined && isConnectionFault(script.fault) ? connectionFaults[script.fault].script : {}
  let left = nth
  for (const rule of script.accept ?? preset.accept ?? []) {
    if (left <= (rule.connections ?? Number.POSITIVE_INFINITY)) return rule.action
    left -= rule.connections ?? 0
  }
  return 'serve'
}

function admit(action: AcceptRule['action'], raw: Socket, serve: () => void): void {
  switch (action) {
    case 'serve':
      serve()
      return
    case 'reset':
      raw.resetAndDestroy()
      return
    case 'close':
      raw.destroy()
      return
    case 'silence':
      // Nothing reads it: what the client sends stays in the kernel.
      return
  }
}

function isRefusing(script: MockScript): boolean {
  return script.refuse ?? script.fault === 'connection-refused'
}

function listen(server: net.Server, port: number, host: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, host, () => {
      server.off('error', reject)
      resolve()
    })
  })
}

/** Open connections are kept: a port that closes does not end what was accepted before. */
function stopListening(server: net.Server): Promise<void> {
  if (!server.listening) return Promise.resolve()
  // The callback of `close` waits for connections; the port is closed at once.
  server.close()
  return new Promise((resolve) => setImmediate(resolve))
}

function addressOf(server: net.Server): AddressInfo {
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('the front listens on a TCP port')
  return address
}

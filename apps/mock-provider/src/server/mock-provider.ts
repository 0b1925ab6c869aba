import net, { type AddressInfo, type Socket } from 'node:net'
import type { TlsOptions } from 'node:tls'
import { connectionFaults, isConnectionFault } from '../fault/presets.ts'
import type { AcceptRule, MockScript } from '../script/script.ts'
import { type MockClock, realClock } from './clock.ts'
import { type Connection, openConnection } from './connection.ts'
import { type Control, createControl } from './control.ts'
import { createDoors } from './doors.ts'
import { createExchange } from './exchange.ts'
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
  const doors = createDoors(exchange, options.tls, options.control === true ? controlOf() : undefined)
  let script: MockScript = {}
  let accepted = 0
  let acceptedBefore = 0
  const open = new Set<Connection>()

  const front = net.createServer({ allowHalfOpen: true, noDelay: true }, (raw) => {
    accepted += 1
    const connection = openConnection(accepted, raw)
    open.add(connection)
    raw.on('close', () => open.delete(connection))
    admit(acceptActionFor(script, accepted - acceptedBefore), raw, () => doors.admit(connection))
  })
  await listen(front, options.port ?? 0, host)
  const { port } = addressOf(front)

  const setScript = async (next: MockScript): Promise<void> => {
    script = next
    acceptedBefore = accepted
    exchange.setScript(next)
    const refuses = isRefusing(next)
    // A fault of connections is met by new ones only: those of the time before must not hide it.
    const ends = (connection: Connection) => refuses || (connection.busy === 0 && acceptRulesOf(next) !== undefined)
    for (const connection of open) if (ends(connection)) connection.raw.destroy()
    if (refuses) await stopListening(front)
    else if (!front.listening) await listen(front, port, host)
  }
  const started = options.script ?? {}
  await setScript(started)

  function controlOf(): Control {
    return createControl({
      requests: () => recorder.requests,
      setScript: (next) => setScript(next),
      reset() {
        recorder.clear()
        return setScript(started)
      },
      context: () => exchange.harness,
      setContext(context) {
        exchange.harness = context
      },
    })
  }

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
      for (const { raw } of open) raw.destroy()
      await stopListening(front)
    },
  }
}

function acceptRulesOf(script: MockScript): readonly AcceptRule[] | undefined {
  const preset =
    script.fault !== undefined && isConnectionFault(script.fault) ? connectionFaults[script.fault].script : {}
  return script.accept ?? preset.accept
}

/** What a script does with its n-th connection. */
function acceptActionFor(script: MockScript, nth: number): AcceptRule['action'] {
  let left = nth
  for (const rule of acceptRulesOf(script) ?? []) {
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

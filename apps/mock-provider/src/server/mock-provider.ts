import type { MockScript } from '../script/script.ts'
import { type MockClock, realClock } from './clock.ts'
import { type Control, createControl } from './control.ts'
import { type Certificate, createDoors } from './doors.ts'
import { createExchange } from './exchange.ts'
import { openFront } from './front.ts'
import { createRecorder, type RecordedRequest } from './recorder.ts'

/** More than any test asks for, and few enough for a test's memory. */
const DEFAULT_KEPT_REQUESTS = 10_000

/** How a mock provider is started. Everything has a default. */
export interface MockProviderOptions {
  /** Default `{}`: the demo answers everything. */
  readonly script?: MockScript
  /** Default 0: any free port. */
  readonly port?: number
  /** Default `127.0.0.1`. */
  readonly host?: string
  /** Certificate and key: the provider speaks TLS. */
  readonly tls?: Certificate
  /** Serve `/__mock/…` and the endpoints of the predecessor's harness too. Default false. */
  readonly control?: boolean
  /** Default real time. */
  readonly clock?: MockClock
  /** How many requests are kept, the latest ones. Default 10,000; what runs for long should keep fewer. */
  readonly keepRequests?: number
}

/** A running mock provider. */
export interface MockProvider {
  /** `http://127.0.0.1:PORT`, without a slash at the end. */
  readonly url: string
  readonly port: number
  /** What was received, in order of arrival, as far as it is kept. */
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
  const started = options.script ?? {}
  let script = started
  const recorder = createRecorder(clock, options.keepRequests ?? DEFAULT_KEPT_REQUESTS)
  const exchange = createExchange(recorder, clock)
  const doors = createDoors(exchange, options.tls, options.control === true ? controlOf() : undefined)
  const front = await openFront(host, options.port ?? 0, clock, (connection) => doors.admit(connection))

  async function setScript(next: MockScript): Promise<void> {
    script = next
    exchange.setScript(next)
    await front.setScript(next)
  }
  await setScript(started)

  function controlOf(): Control {
    return createControl({
      requests: () => recorder.requests,
      setScript,
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
    url: `${options.tls === undefined ? 'http' : 'https'}://${name}:${front.port}`,
    port: front.port,
    get requests() {
      return recorder.requests
    },
    get connections() {
      return front.connections
    },
    violations: doors.violations,
    next: (timeoutMs = 5000) => recorder.next(timeoutMs),
    idle: () => recorder.idle(),
    setScript,
    clear() {
      recorder.clear()
      exchange.setScript(script)
    },
    close: () => front.close(),
  }
}

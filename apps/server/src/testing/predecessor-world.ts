import { formatProblems, loadConfig } from '@lb/config'
import { type MockClock, type MockProvider, realClock, startMockProvider } from '@lb/mock-provider'
import pino from 'pino'
import { onTestFinished } from 'vitest'
import { type RunningServer, startServer } from '../server.ts'
import { configOf, type GeneratedConfig, type Scenario, scenarioContext } from './predecessor-scenario.ts'

/** lb in front of the predecessor's mock upstream, for one scenario; everything is closed when the test is over. */
export interface PredecessorWorld {
  readonly lb: RunningServer
  readonly mock: MockProvider
  /** The log lines so far, parsed. */
  readonly lines: Readonly<Record<string, unknown>>[]
  /** Who was asked so far, in order. */
  asked(): readonly string[]
  post(body: object | Uint8Array, options?: PostOptions): Promise<Response>
  get(path: string, headers?: Readonly<Record<string, string>>): Promise<Response>
}

export interface PostOptions {
  readonly path?: string
  readonly headers?: Readonly<Record<string, string>>
}

/** lb's default, and the predecessor's rule exactly. */
export type FailoverPolicy = 'seamless' | 'threshold'

/** Both, for `describe.each`. */
export const failoverPolicies: readonly FailoverPolicy[] = ['seamless', 'threshold']

export interface PredecessorOptions {
  readonly policy?: FailoverPolicy
  /** Keys of `settings:` that the scenario sets otherwise. */
  readonly settings?: Readonly<GeneratedConfig['settings']>
  /** Until when an upstream that waits long (a second or more) waits. Default: hardly at all. */
  readonly longWait?: Promise<void>
}

/** The original waits ten seconds and more; what waits does not notice the difference. */
const SHORT_MS = 30
const LONG_MS = 1_000

/** Starts the mock upstream, steers it as the predecessor's tests do, and starts lb with the configuration they generate. */
export async function startPredecessorWorld(
  scenario: Scenario,
  { policy = 'seamless', settings = {}, longWait }: PredecessorOptions = {},
): Promise<PredecessorWorld> {
  const mock = await startMockProvider({ control: true, clock: impatient(longWait) })
  await setContext(mock, scenario)
  const config = configOf(scenario, mock.url, {
    ...settings,
    // The default is what an unchanged file gets.
    ...(policy === 'seamless' ? {} : { failover_policy: policy }),
    port: 0,
    log_file_path: '',
  })
  const loaded = loadConfig(JSON.stringify(config), {})
  if (!loaded.ok) throw new Error(formatProblems(loaded.error, 'generated config'))
  const lines: Record<string, unknown>[] = []
  const log = pino(
    {
      level: 'debug',
      messageKey: 'message',
      base: null,
      formatters: { level: (label) => ({ level: label.toUpperCase() }) },
    },
    { write: (line: string) => void lines.push(JSON.parse(line)) },
  )
  const lb = await startServer({ config: loaded.value.config, log })
  onTestFinished(async () => {
    await lb.close(0)
    await mock.close()
  })
  return {
    lb,
    mock,
    lines,
    asked: () => mock.requests.map(({ provider }) => provider ?? ''),
    get: (path, headers = {}) => fetch(`${lb.url}${path}`, { headers }),
    post: (body, { path = '/v1/messages', headers = {} } = {}) =>
      fetch(`${lb.url}${path}`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', ...headers },
        body: body instanceof Uint8Array ? Uint8Array.from(body) : JSON.stringify(body),
      }),
  }
}

/** The steering call of the original harness. */
async function setContext(mock: MockProvider, scenario: Scenario): Promise<void> {
  const body = JSON.stringify(scenarioContext(scenario))
  const response = await fetch(`${mock.url}/mock-set-context`, { method: 'POST', body })
  const answer = (await response.json()) as { status?: string; message?: string }
  if (answer.status !== 'success') throw new Error(answer.message)
}

function impatient(longWait: Promise<void> | undefined): MockClock {
  return {
    ...realClock,
    sleep(ms, gone) {
      if (ms < LONG_MS) return realClock.sleep(ms, gone)
      return longWait === undefined ? realClock.sleep(SHORT_MS, gone) : Promise.race([longWait, aborted(gone)])
    },
  }
}

function aborted(gone: AbortSignal): Promise<void> {
  return new Promise((resolve) => gone.addEventListener('abort', () => resolve(), { once: true }))
}

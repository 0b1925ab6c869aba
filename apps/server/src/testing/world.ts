import { type Config, formatProblems, loadConfig } from '@lb/config'
import { type MockClock, type MockProvider, type MockScript, startMockProvider } from '@lb/mock-provider'
import pino from 'pino'
import { onTestFinished } from 'vitest'
import type { Costs } from '../keys/costs.ts'
import { type RunningServer, type ServerOptions, startServer } from '../server.ts'

/** lb and its upstreams on loopback, for one test; everything is closed when the test is over. */
export interface World {
  readonly lb: RunningServer
  /** The upstreams in the order of their scripts. */
  readonly mocks: readonly MockProvider[]
  /** The log lines so far, parsed. */
  readonly lines: Readonly<Record<string, unknown>>[]
  post(body: object | string, options?: PostOptions): Promise<Response>
}

export interface PostOptions {
  readonly path?: string
  readonly headers?: Readonly<Record<string, string>>
  readonly signal?: AbortSignal
}

export interface WorldOptions {
  /** One upstream each, tried in this order. */
  readonly scripts: readonly MockScript[]
  /** The type of all upstreams, or of each. */
  readonly types?: readonly ('anthropic' | 'openai')[]
  /** What the providers are called. Default: `a`, `b` and so on. */
  readonly names?: readonly string[]
  /** YAML lines for `settings:`. */
  readonly settings?: readonly string[]
  /** YAML lines instead of the route that leads every model to the upstreams in order. */
  readonly routes?: readonly string[]
  /** More YAML members of each provider, as flow text. */
  readonly provider?: string
  /** YAML members by which lb signs in to each upstream, as flow text. Default: the key `key-a`, `key-b` and so on. */
  readonly auth?: readonly string[]
  /** Logs nothing: for many requests. */
  readonly isQuiet?: boolean
  /** Who knows prices. */
  readonly costs?: Costs
  /** What lb is told about its load. Default: none. */
  readonly isOverloaded?: () => boolean
  /** Whether lb's own threads run, for usage and exact counts; they cost half a second. */
  readonly hasThreads?: boolean
  /** What the upstreams go by when they wait. Default: real time. */
  readonly clock?: MockClock
  /** Where relative paths begin. */
  readonly folder?: string
}

/**
 * Starts lb in front of scripted upstreams.
 *
 * @param atEnd the test's own `onTestFinished`; a concurrent test must give it, since the global one cannot tell them apart.
 */
export async function startWorld(options: WorldOptions, atEnd: typeof onTestFinished = onTestFinished): Promise<World> {
  const mocks = await Promise.all(
    options.scripts.map((script) =>
      startMockProvider(options.clock === undefined ? { script } : { script, clock: options.clock }),
    ),
  )
  const lines: Record<string, unknown>[] = []
  const log = pino(
    { level: 'debug', messageKey: 'message', base: null, enabled: options.isQuiet !== true },
    { write: (line: string) => void lines.push(JSON.parse(line)) },
  )
  // Upstreams, clients and lb share one loop here, and whatever else the machine does delays it.
  const { isOverloaded = () => false, costs, folder } = options
  const lb = await startServer({
    config: testConfig(mocks, options),
    log,
    isOverloaded,
    ...(options.hasThreads === true ? {} : { startThread: noThread }),
    ...(costs === undefined ? {} : { costs }),
    ...(folder === undefined ? {} : { folder }),
  })
  atEnd(async () => {
    await lb.close(0)
    await Promise.all(mocks.map((mock) => mock.close()))
  })
  const post: World['post'] = (body, { path = '/v1/messages', headers = {}, signal } = {}) =>
    fetch(`${lb.url}${path}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'anthropic-version': '2023-06-01', ...headers },
      body: typeof body === 'string' ? body : JSON.stringify(body),
      ...(signal === undefined ? {} : { signal }),
    })
  return { lb, mocks, lines, post }
}

/** A configuration that leads to some upstreams; only their URLs are looked at. */
export function testConfig(
  mocks: readonly Pick<MockProvider, 'url'>[],
  { types, names, settings, routes, provider, auth }: Omit<WorldOptions, 'scripts'>,
): Config {
  const letter = (index: number): string => String.fromCharCode(97 + index)
  const name = (index: number): string => names?.[index] ?? letter(index)
  const providers = mocks.map(({ url }, index) => {
    const type = types?.[index] ?? types?.[0] ?? 'anthropic'
    const base = type === 'openai' ? `${url}/v1` : url
    const more = provider === undefined ? '' : `, ${provider}`
    const key = provider?.includes('auth_value') === true ? 'auth_type: api_key' : `auth_value: key-${letter(index)}`
    return `  - { name: ${name(index)}, type: ${type}, base_url: "${base}", ${auth?.[index] ?? key}${more} }`
  })
  const route = mocks.map(
    (_, index) => `    - { provider: ${name(index)}, model: passthrough, priority: ${index + 1} }`,
  )
  const text = [
    'providers:',
    ...providers,
    'model_routes:',
    ...(routes ?? ['  "*":', ...route]),
    'settings:',
    '  port: 0',
    '  log_file_path: ""',
    ...((settings ?? []).some((line) => line.startsWith('usage:')) ? [] : ['  usage: { enabled: false }']),
    ...(settings ?? []).map((line) => `  ${line}`),
  ].join('\n')
  const loaded = loadConfig(text, {})
  if (!loaded.ok) throw new Error(formatProblems(loaded.error, 'test config'))
  return loaded.value.config
}

/** A thread that is dead at once. */
export const noThread: NonNullable<ServerOptions['startThread']> = (_, { died }) => ({
  ask: () => died(undefined),
  end: () => Promise.resolve(),
})

/** A small request. */
export const hello: { model: string; max_tokens: number; messages: object[] } = {
  model: 'claude-test-1',
  max_tokens: 100,
  messages: [{ role: 'user', content: 'hello' }],
}

/** The event names of a stream, in order, pings left out. */
export function eventNames(stream: string): string[] {
  return [...stream.matchAll(/^event: (.*)$/gm)].map((match) => match[1] ?? '').filter((name) => name !== 'ping')
}

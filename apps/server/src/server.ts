import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { getRequestListener } from '@hono/node-server'
import type { Config } from '@lb/config'
import { isHealthy } from './admin/health.ts'
import { createApp } from './app.ts'
import { systemClock } from './clock.ts'
import { createDrain } from './drain.ts'
import { connectionLimit, openFilesLimit } from './open-files.ts'
import { newId, roll } from './random.ts'
import { type CompiledConfig, compileConfig } from './state/compiled-config.ts'
import type { House, Stoppable } from './state/house.ts'
import { createTargets } from './state/targets.ts'
import { internalErrors } from './telemetry/internal-errors.ts'
import type { Log } from './telemetry/log.ts'
import { logObserver } from './telemetry/log-observer.ts'
import { watchLoop } from './telemetry/loop-lag.ts'
import { createMetrics } from './telemetry/metrics/metrics.ts'
import { allOf } from './telemetry/observer.ts'
import { openTraces } from './telemetry/traces/traces.ts'
import { createPools } from './upstream/pools.ts'

export interface ServerOptions {
  readonly config: Config
  readonly log: Log
  /** Of lb, for the metrics. */
  readonly version?: string
  /**
   * Judges instead of lb whether this process is overloaded: for whoever embeds lb in a process that does other work, as tests
   * do.
   */
  readonly isOverloaded?: () => boolean
}

/** A server that listens. */
export interface RunningServer {
  /** `http://host:port`, with the port that was really taken. */
  readonly url: string
  /**
   * Takes no more connections, lets running answers finish for at most `graceMs`, then ends them with an error that says so.
   * Called again, it hurries up.
   *
   * @returns how many requests did not come to their own end.
   */
  close(graceMs: number): Promise<number>
  /** Logs and counts an error that came up outside of any request. */
  internalError(error: unknown): void
}

/** Starts lb: one process, one port. Rejects when the port cannot be had. */
export async function startServer(options: ServerOptions): Promise<RunningServer> {
  const { config, log, version = 'unknown' } = options
  const compiled = compileConfig(config)
  const server = createServer(serverLimits)
  const running = new Set<Stoppable>()
  const drain = createDrain(server, running)
  const watch = watchLoop(systemClock.nowMs)
  const isOverloaded = options.isOverloaded ?? (() => watch.lag.isOverloaded)
  const metrics = createMetrics({
    version,
    epochMs: systemClock.epochMs,
    knownModels: routedModels(compiled),
    now: () => ({
      providers: house.current().config.providers.map(({ id }) => ({ id, isUsable: isHealthy(house, id) })),
      eventLoopLagMs: watch.lag.worstMs,
      isOverloaded: isOverloaded(),
      isDraining: drain.isDraining(),
    }),
  })
  const internalError = internalErrors(log, metrics)
  const traces = await openTraces(process.env, {
    version,
    log,
    upstreamOf: (provider) => house.current().providers.get(provider),
  })
  const observers = [logObserver(log), metrics.observer, ...(traces === undefined ? [] : [traces.observer])]
  const observer = allOf(observers, internalError)
  const house: House = {
    clock: systemClock,
    roll,
    newId,
    log,
    pools: createPools(),
    targets: createTargets({ clock: systemClock, roll, onFact: observer.healthChanged }),
    observer,
    metrics,
    traces,
    running,
    internalError,
    isDraining: drain.isDraining,
    isOverloaded,
    current: () => compiled,
  }
  server.on('request', getRequestListener(createApp(house).fetch))
  const url = await listen(server, config.settings.host, config.settings.port)
  limitConnections(server, house)
  return {
    url,
    async close(graceMs) {
      const stopped = await drain.close(graceMs)
      await house.pools.close()
      watch.close()
      await traces?.close()
      return stopped
    },
    internalError,
  }
}

/** Headers within 10 s: a client that needs longer is none. The body may take its time; a stream may last for hours. */
const serverLimits = {
  headersTimeout: 10_000,
  requestTimeout: 0,
  keepAliveTimeout: 65_000,
  connectionsCheckingInterval: 5_000,
  noDelay: true,
}

/** The models that the routes name; what else clients ask for is counted under a few names only. */
function routedModels({ config }: CompiledConfig): string[] {
  return config.modelRoutes.flatMap(({ pattern, routes }) => [
    ...(/[*?]/.test(pattern) ? [] : [pattern]),
    ...routes.map(({ model }) => model).filter((model) => model !== 'passthrough'),
  ])
}

function listen(server: Server, host: string, port: number): Promise<string> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, host, () => {
      server.off('error', reject)
      const { address, family, port: taken } = server.address() as AddressInfo
      resolve(`http://${family === 'IPv6' ? `[${address}]` : address}:${taken}`)
    })
  })
}

/** A team's worth: whoever can take more need not be told at every start. */
const FEW_CONNECTIONS = 1000

/** Turns clients away before files run out, and survives when they run out all the same. */
function limitConnections(server: Server, { log, metrics, current }: House): void {
  const { maxConnections } = current().config.settings
  server.maxConnections = connectionLimit(maxConnections, openFilesLimit())
  if (server.maxConnections < maxConnections) {
    log[server.maxConnections < FEW_CONNECTIONS ? 'warn' : 'debug'](
      { event: 'open_files_limit', connections: server.maxConnections },
      `this process may not open enough files for settings.max_connections: ${server.maxConnections} connections are taken (ulimit -n, LimitNOFILE)`,
    )
  }
  server.on('drop', metrics.connectionDropped)
  // An `accept` failed (EMFILE, ENFILE, ENOMEM): that client is lost, the listener is not.
  server.on('error', (error) => {
    metrics.connectionDropped()
    log.warn({ event: 'accept_failed', code: (error as NodeJS.ErrnoException).code }, 'a connection could not be taken')
  })
}

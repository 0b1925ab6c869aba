import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { getRequestListener } from '@hono/node-server'
import type { Config } from '@lb/config'
import { isHealthy } from './admin/health.ts'
import { createApp } from './app.ts'
import { systemClock } from './clock.ts'
import { memoryStore } from './flights/answers.ts'
import { createFlightKeys } from './flights/flight-keys.ts'
import { Flights } from './flights/flights.ts'
import { type OAuth, openOAuth } from './oauth/index.ts'
import { addressToBind } from './ingress/bind-address.ts'
import { guardConnections } from './ingress/connections.ts'
import { frontDoor } from './ingress/front-door.ts'
import { createPaceWatch } from './ingress/pace.ts'
import type { Costs } from './keys/costs.ts'
import { createLimits } from './keys/limits.ts'
import { newId, roll } from './random.ts'
import { compileConfig } from './state/compiled-config.ts'
import type { House } from './state/house.ts'
import { oauthSettings } from './state/oauth-settings.ts'
import { Targets } from './state/targets.ts'
import { keepInStep } from './state/upkeep.ts'
import { watchWhileWanted } from './state/watch-config.ts'
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
  /** What relative paths in the config are relative to: the folder of its file. Default: the working directory. */
  readonly folder?: string
  /** Who knows prices; absent: budgets do not count. */
  readonly costs?: Costs
}

/** A server that listens. */
export interface RunningServer {
  /** `http://host:port`, with the port that was really taken. */
  readonly url: string
  /** Reads the configuration file again and takes it up if it is right. Never rejects. */
  reload(trigger: ReloadTrigger): Promise<ReloadOutcome>
  /** Calls `listener` with every configuration that comes into force. */
  onReload(listener: (config: Config) => void): void
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
export async function startServer({ config, log, costs, folder = process.cwd() }: ServerOptions): Promise<RunningServer> {
  const { compiled, invalidPatterns } = await compileConfig(config)
  for (const pattern of invalidPatterns) {
    log.warn(
      { event: 'pattern_taken_literally', pattern },
      `unhealthy_response_body_patterns: ${pattern} is searched as plain text`,
    )
  }
  const pools = createPools()
  const limits = createLimits({ clock: systemClock, ...(costs === undefined ? {} : { costs }) })
  const observer = allOf([limits.observer, logObserver(log)])
  const targets = new Targets({ clock: systemClock, roll, onFact: observer.healthChanged })
  const { answerCache } = compiled
  const store = answerCache.enabled ? memoryStore(answerCache) : undefined
  const flights = new Flights({ clock: systemClock, roll, keys: createFlightKeys(), store: () => store, observer })
  let oauth: OAuth | undefined
  const house: House = {
    clock: systemClock,
    roll,
    newId,
    log,
    pools,
    targets,
    flights,
    paces: createPaceWatch(systemClock),
    limits,
    observer,
    current: () => compiled,
    oauth: () => oauth,
  }
  const server = createServer(serverLimits, frontDoor(house, getRequestListener(createApp(house).fetch)))
  // All of a head is seen, or it is refused: by default Node leaves headers out silently from the 2000th on.
  server.maxHeadersCount = 0
  guardConnections(server, house)
  const url = await listen(server, await addressToBind(config.settings), config.settings.port)
  oauth = await openLogins(config, folder, url, log)
  return {
    url,
    reload: (trigger) => house.reloader.reload(trigger),
    onReload: (listener) => house.onReload((now) => listener(now.config)),
    async close(graceMs) {
      phase = 'draining'
      watch?.close()
      const broken = await drain(server, graceMs)
      await oauth?.close()
      await pools.close()
      return broken
    },
    internalError,
  }
}

/** Opens the stored logins, if they are switched on. What is wrong with them is said; lb serves without them. */
async function openLogins(config: Config, folder: string, publicUrl: string, log: Log): Promise<OAuth | undefined> {
  if (!config.settings.oauth.enabled) return undefined
  const opened = await openOAuth(oauthSettings(config, folder), {
    publicUrl,
    log: (level, event, message, fields = {}) => log[level]({ event: `oauth_${event}`, ...fields }, message),
  })
  if (opened.ok) return opened.value
  for (const problem of opened.error) log.error({ event: 'oauth_unavailable' }, problem)
  return undefined
}

/** Headers within 10 s: a client that needs longer is none. Bodies are timed by `ingress/pace.ts`; a stream may last for hours. */
const serverLimits = {
  maxHeaderSize: 16_384,
  insecureHTTPParser: false,
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

import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { getRequestListener } from '@hono/node-server'
import type { Config } from '@lb/config'
import { createApp } from './app.ts'
import { systemClock } from './clock.ts'
import { createCounting } from './counting/counting.ts'
import { createFlightKeys } from './flights/flight-keys.ts'
import { Flights } from './flights/flights.ts'
import { newId, roll } from './random.ts'
import { type CompiledConfig, compileConfig } from './state/compiled-config.ts'
import type { House } from './state/house.ts'
import { Targets } from './state/targets.ts'
import type { Log } from './telemetry/log.ts'
import { logObserver } from './telemetry/log-observer.ts'
import { allOf } from './telemetry/observer.ts'
import { startThread } from './threads/start-thread.ts'
import { createPools } from './upstream/pools.ts'
import { createUsage } from './usage/usage.ts'

export interface ServerOptions {
  readonly config: Config
  readonly log: Log
  /** What relative paths of the settings are relative to: the folder of the configuration file. Default: the working folder. */
  readonly folder?: string
}

/** A server that listens. */
export interface RunningServer {
  /** `http://host:port`, with the port that was really taken. */
  readonly url: string
  /**
   * Takes no more connections, lets running answers finish for at most `graceMs`, then breaks them off.
   * @returns how many had to be broken off.
   */
  close(graceMs: number): Promise<number>
}

/** Starts lb: one process, one port. Rejects when the port cannot be had. */
export async function startServer({ config, log, folder = process.cwd() }: ServerOptions): Promise<RunningServer> {
  const { compiled, invalidPatterns } = await compileConfig(config)
  for (const pattern of invalidPatterns) {
    log.warn(
      { event: 'pattern_taken_literally', pattern },
      `unhealthy_response_body_patterns: ${pattern} is searched as plain text`,
    )
  }
  const pools = createPools()
  const current = (): CompiledConfig => compiled
  const keys = createFlightKeys()
  const common = { clock: systemClock, log, newId, current, folder }
  const counting = createCounting({ ...common, pools, keys, startThread: (listener) => startThread('tokens', listener) })
  const usage = createUsage({
    ...common,
    startThread: (listener) => startThread('usage', listener),
    estimateInput: ({ body }, target) => counting.estimator.now(body, target).inputTokens,
  })
  // The books are last: whoever asks them what a request costs is told about its end before.
  const observer = allOf([logObserver(log), counting.observer, usage.observer])
  const targets = new Targets({ clock: systemClock, roll, onFact: observer.healthChanged })
  const flights = new Flights({ clock: systemClock, roll, keys, joined: usage.joined })
  const house: House = {
    clock: systemClock,
    roll,
    newId,
    log,
    pools,
    targets,
    flights,
    usage,
    counting,
    observer,
    current,
  }
  if (hasBudgets(config)) await usage.ready()
  const server = createServer(serverLimits, getRequestListener(createApp(house).fetch))
  server.maxConnections = config.settings.maxConnections
  const url = await listen(server, config.settings.host, config.settings.port)
  return {
    url,
    async close(graceMs) {
      const broken = await drain(server, graceMs)
      await Promise.all([pools.close(), usage.close(), counting.close()])
      return broken
    },
  }
}

/** What was spent before the start counts for budgets: then it must be known. */
function hasBudgets({ settings }: Config): boolean {
  return settings.auth?.keys.some(({ limits }) => limits.budget !== undefined) === true
}

/** Headers within 10 s: a client that needs longer is none. The body may take its time; a stream may last for hours. */
const serverLimits = {
  headersTimeout: 10_000,
  requestTimeout: 0,
  keepAliveTimeout: 65_000,
  connectionsCheckingInterval: 5_000,
  noDelay: true,
}

function listen(server: Server, host: string, port: number): Promise<string> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, host, () => {
      const { address, family, port: taken } = server.address() as AddressInfo
      resolve(`http://${family === 'IPv6' ? `[${address}]` : address}:${taken}`)
    })
  })
}

/** Closes the listener and waits for what runs. @returns the number of connections that were broken off. */
function drain(server: Server, graceMs: number): Promise<number> {
  return new Promise((resolve) => {
    let broken = 0
    const timer = setTimeout(() => {
      server.getConnections((_, count) => {
        broken = count
        server.closeAllConnections()
      })
    }, graceMs)
    server.close(() => {
      clearTimeout(timer)
      resolve(broken)
    })
    server.closeIdleConnections()
  })
}

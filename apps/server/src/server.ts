import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { getRequestListener } from '@hono/node-server'
import type { Config } from '@lb/config'
import { createApp } from './app.ts'
import { systemClock } from './clock.ts'
import { newId, roll } from './random.ts'
import { compileConfig, logLiteralPatterns } from './state/compiled-config.ts'
import type { ConfigSource } from './state/config-source.ts'
import { createDecisionRecords } from './state/decision-records.ts'
import type { House, Phase } from './state/house.ts'
import { createListeners } from './state/listeners.ts'
import { createLiveConfig } from './state/live-config.ts'
import { createReloader, type ReloadOutcome, type ReloadTrigger } from './state/reload.ts'
import { createScoreboard } from './state/scoreboard.ts'
import { Targets } from './state/targets.ts'
import { keepInStep } from './state/upkeep.ts'
import { watchWhileWanted } from './state/watch-config.ts'
import type { Log } from './telemetry/log.ts'
import { logObserver } from './telemetry/log-observer.ts'
import { allOf } from './telemetry/observer.ts'
import { createPools } from './upstream/pools.ts'

export interface ServerOptions {
  readonly config: Config
  readonly log: Log
  /** The file that `config` was read from, to be read again while running. Absent: there is none, as in the demo. */
  readonly source?: ConfigSource
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
   * Takes no more connections, lets running answers finish for at most `graceMs`, then breaks them off.
   * @returns how many had to be broken off.
   */
  close(graceMs: number): Promise<number>
}

/** Starts lb: one process, one port. Rejects when the port cannot be had. */
export async function startServer(options: ServerOptions): Promise<RunningServer> {
  const { config, log, source } = options
  let phase: Phase = 'starting'
  const house = await openHouse(options, () => phase)
  const server = createServer(serverLimits, getRequestListener(createApp(house).fetch))
  server.maxConnections = config.settings.maxConnections
  house.onReload((now) => {
    server.maxConnections = now.config.settings.maxConnections
  })
  const url = await listen(server, config.settings.host, config.settings.port)
  const watch = source === undefined ? undefined : watchWhileWanted(house, source, log)
  phase = 'ready'
  return {
    url,
    reload: (trigger) => house.reloader.reload(trigger),
    onReload: (listener) => house.onReload((now) => listener(now.config)),
    async close(graceMs) {
      phase = 'draining'
      watch?.close()
      const broken = await drain(server, graceMs)
      await house.pools.close()
      return broken
    },
  }
}

/** Everything that lives longer than one request, put together. */
async function openHouse({ config, log, source }: ServerOptions, phase: () => Phase): Promise<House> {
  const clock = systemClock
  const { compiled, invalidPatterns } = await compileConfig(config)
  logLiteralPatterns(log, invalidPatterns)
  const live = createLiveConfig(compiled, log)
  const pools = createPools()
  const scoreboard = createScoreboard(clock)
  const records = createDecisionRecords(clock, live.current)
  const observer = allOf([logObserver(log), scoreboard.observer, records.observer])
  const targets = new Targets({ clock, roll, onFact: observer.healthChanged, current: live.current })
  keepInStep(live, { targets, scoreboard, pools })
  const reloader = createReloader({ live, source, clock, log })
  const { add: onCleanup, tell: cleanup } = createListeners<boolean>(log)
  const watchers = { observer, scoreboard, records }
  return { ...live, ...watchers, clock, roll, newId, log, pools, targets, reloader, phase, onCleanup, cleanup }
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

import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { getRequestListener } from '@hono/node-server'
import type { Config } from '@lb/config'
import { createApp } from './app.ts'
import { systemClock } from './clock.ts'
import { addressToBind } from './ingress/bind-address.ts'
import { guardConnections } from './ingress/connections.ts'
import { frontDoor } from './ingress/front-door.ts'
import { createPaceWatch } from './ingress/pace.ts'
import type { Costs } from './keys/costs.ts'
import { createLimits } from './keys/limits.ts'
import { newId, roll } from './random.ts'
import { compileConfig } from './state/compiled-config.ts'
import type { House } from './state/house.ts'
import { createTargets } from './state/targets.ts'
import type { Log } from './telemetry/log.ts'
import { logObserver } from './telemetry/log-observer.ts'
import { allOf } from './telemetry/observer.ts'
import { createPools } from './upstream/pools.ts'

export interface ServerOptions {
  readonly config: Config
  readonly log: Log
  /** Who knows prices; absent: budgets do not count. */
  readonly costs?: Costs
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
export async function startServer({ config, log, costs }: ServerOptions): Promise<RunningServer> {
  const compiled = compileConfig(config)
  const pools = createPools()
  const limits = createLimits({ clock: systemClock, ...(costs === undefined ? {} : { costs }) })
  const observer = allOf([limits.observer, logObserver(log)])
  const targets = createTargets({ clock: systemClock, roll, onFact: observer.healthChanged })
  const house: House = {
    clock: systemClock,
    roll,
    newId,
    log,
    pools,
    targets,
    paces: createPaceWatch(systemClock),
    limits,
    observer,
    current: () => compiled,
  }
  const server = createServer(serverLimits, frontDoor(house, getRequestListener(createApp(house).fetch)))
  // All of a head is seen, or it is refused: by default Node leaves headers out silently from the 2000th on.
  server.maxHeadersCount = 0
  guardConnections(server, house)
  const url = await listen(server, await addressToBind(config.settings), config.settings.port)
  return {
    url,
    async close(graceMs) {
      const broken = await drain(server, graceMs)
      await pools.close()
      return broken
    },
  }
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

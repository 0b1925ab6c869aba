import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { getRequestListener } from '@hono/node-server'
import type { Config } from '@lb/config'
import { createApp } from './app.ts'
import { createDrain } from './drain.ts'
import { addressToBind } from './ingress/bind-address.ts'
import { guardConnections } from './ingress/connections.ts'
import { frontDoor } from './ingress/front-door.ts'
import { connectionLimit, openFilesLimit } from './open-files.ts'
import type { House, Phase } from './state/house.ts'
import { type HouseOptions, openHouse } from './state/open-house.ts'
import type { ReloadOutcome, ReloadTrigger } from './state/reload.ts'
import { watchWhileWanted } from './state/watch-config.ts'

/** What a server is made of. */
export type ServerOptions = HouseOptions

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
export async function startServer(options: ServerOptions): Promise<RunningServer> {
  const { config, log, source } = options
  let phase: Phase = 'starting'
  const { house, openLogins, close: closeHouse } = await openHouse(options, () => phase)
  const server = createServer(serverLimits)
  // All of a head is seen, or it is refused: by default Node leaves headers out silently from the 2000th on.
  server.maxHeadersCount = 0
  server.on('request', frontDoor(house, getRequestListener(createApp(house).fetch)))
  guardConnections(server, house)
  const drain = createDrain(server, house.running)
  const url = await listen(server, await addressToBind(config.settings), config.settings.port)
  limitConnections(server, house)
  await openLogins(url)
  const watch = source === undefined ? undefined : watchWhileWanted(house, source, log)
  phase = 'ready'
  return {
    url,
    reload: (trigger) => house.reloader.reload(trigger),
    onReload: (listener) => house.onReload((now) => listener(now.config)),
    async close(graceMs) {
      phase = 'draining'
      watch?.close()
      const awake = setInterval(() => {}, KEEP_AWAKE_MS)
      const stopped = await drain.close(graceMs)
      await closeHouse().finally(() => clearInterval(awake))
      return stopped
    },
    internalError: house.internalError,
  }
}

/** Nothing that is left to write keeps a process alive, threads least of all: this timer does, until all is written. */
const KEEP_AWAKE_MS = 1000

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
      server.off('error', reject)
      const { address, family, port: taken } = server.address() as AddressInfo
      resolve(`http://${family === 'IPv6' ? `[${address}]` : address}:${taken}`)
    })
  })
}

/** A team's worth: whoever can take more need not be told at every start. */
const FEW_CONNECTIONS = 1000

/** Turns clients away before files run out, and survives when they run out all the same. */
function limitConnections(server: Server, { log, metrics, current, onReload }: House): void {
  const openFiles = openFilesLimit()
  const limit = (): number => connectionLimit(current().config.settings.maxConnections, openFiles)
  server.maxConnections = limit()
  onReload(() => {
    server.maxConnections = limit()
  })
  if (server.maxConnections < current().config.settings.maxConnections) {
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

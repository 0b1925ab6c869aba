import type { Server } from 'node:http'
import type { Socket } from 'node:net'
import type { House } from '../state/house.ts'

/** A client that takes nothing of what is waiting for it for this long holds memory and a place for nobody. */
const STALLED_READER_MS = 60_000
/** How often the connections are looked at. */
const LOOK_EVERY_MS = 5000

/**
 * Keeps connections from using up the process: a cap on all of them and one for each address, and an end for clients that
 * do not read. Slow heads are Node's business (`headersTimeout`), slow bodies that of `pace.ts`.
 *
 * The caps are those of the present configuration; nobody who is in is thrown out when they shrink.
 */
export function guardConnections(server: Server, house: House): void {
  const open = new Set<Socket>()
  const perAddress = new Map<string, number>()

  server.on('connection', (socket: Socket) => {
    const { maxConnections, maxConnectionsPerAddress } = house.current().config.settings
    const address = socket.remoteAddress ?? ''
    const count = perAddress.get(address) ?? 0
    if (open.size >= maxConnections || count >= (maxConnectionsPerAddress ?? fairShare(maxConnections))) {
      house.metrics.connectionDropped()
      socket.destroy()
      return
    }
    open.add(socket)
    perAddress.set(address, count + 1)
    socket.once('close', () => {
      open.delete(socket)
      const left = (perAddress.get(address) ?? 1) - 1
      if (left > 0) perAddress.set(address, left)
      else perAddress.delete(address)
    })
  })

  const timer = setInterval(() => open.forEach(timeReader), LOOK_EVERY_MS).unref()
  server.once('close', () => clearInterval(timer))
}

/** However many connections one address opens, as many are left for everybody else. */
function fairShare(maxConnections: number): number {
  return Math.max(1, Math.floor(maxConnections / 2))
}

/**
 * Starts Node's own clock on a connection that has something to send, and stops it when that is gone. Node looks at the
 * write queue when the time is up, so whoever reads slowly but steadily is left alone.
 */
export function timeReader(socket: Pick<Socket, 'timeout' | 'writableLength' | 'setTimeout'>): void {
  const isTimed = socket.timeout === STALLED_READER_MS
  const isWaiting = socket.writableLength > 0
  if (isWaiting && !isTimed) socket.setTimeout(STALLED_READER_MS)
  else if (!isWaiting && isTimed) socket.setTimeout(0)
}

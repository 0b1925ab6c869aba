import type { Socket } from 'node:net'
import type { MockClock } from './clock.ts'

/** One accepted connection: what requests and the player need to know of it. */
export interface Connection {
  readonly id: number
  /** The TCP socket; under TLS the requests come over another one, but only this one can be reset. */
  readonly raw: Socket
  /** Requests that arrived on it so far. */
  requests: number
  /** Requests that are being received or answered. */
  busy: number
  /** Set by an answer with `afterwards: reset-on-reuse`. */
  resetOnReuse: boolean
  /** Answers of one connection are played one after the other, also if requests are pipelined. */
  queue: Promise<void>
  /** Aborted when the client ends or loses the connection. */
  readonly gone: AbortSignal
  /** When that was seen, in the clock's monotonic milliseconds. */
  goneMs: number | undefined
  /** Notices the client's leaving on this socket too: under TLS its end is seen on the encrypted one. */
  watch(socket: Socket): void
}

/** Makes a connection of a socket that was just accepted. */
export function openConnection(id: number, raw: Socket, clock: MockClock): Connection {
  const gone = new AbortController()
  const leave = () => {
    connection.goneMs ??= clock.nowMs()
    gone.abort()
  }
  const watched = new WeakSet<Socket>()
  const connection: Connection = {
    id,
    raw,
    requests: 0,
    busy: 0,
    resetOnReuse: false,
    queue: Promise.resolve(),
    gone: gone.signal,
    goneMs: undefined,
    watch(socket) {
      if (watched.has(socket)) return
      watched.add(socket)
      socket.on('end', leave)
      socket.on('close', leave)
      // An error is followed by `close`; without a listener it would end the process.
      socket.on('error', leave)
    },
  }
  connection.watch(raw)
  return connection
}

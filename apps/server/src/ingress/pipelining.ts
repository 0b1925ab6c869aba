import type { ServerResponse } from 'node:http'
import type { Socket } from 'node:net'

/** So many requests may wait for their turn on one connection. Clients that pipeline at all send a handful ahead. */
const WAITING_MAX = 16

/** How many answers wait on a connection, where any do. */
const waiting = new WeakMap<Socket, number>()

/**
 * Whether one connection has asked for more than it can be answered. Node reads requests ahead of their answers without a
 * limit, and each of them would start an upstream of its own: one read of the socket holds some hundred of them.
 */
export function isPipelinedTooDeep(socket: Socket, outgoing: ServerResponse): boolean {
  // An answer that has its turn has the socket; only one that waits behind another has none.
  if (outgoing.socket !== null) return false
  const count = waiting.get(socket) ?? 0
  if (count >= WAITING_MAX) return true
  waiting.set(socket, count + 1)
  outgoing.once('close', () => waiting.set(socket, (waiting.get(socket) ?? 1) - 1))
  return false
}

import type { IncomingMessage, ServerResponse } from 'node:http'
import { errorResponse } from '../egress/error-response.ts'
import { dialectOf, type Refusal } from './refusal.ts'

/** What is left of a body is read on for this long, so that its sender gets to read the refusal. */
const LINGER_MS = 5000
/** And no more than this much of it: twice what is taken by default, thrown away as it comes. */
const LINGER_BYTES = 64 << 20
/** A body this small has usually come with its head: the connection can be kept. */
const SMALL_BODY_BYTES = 1 << 16

/**
 * Answers a request with a refusal while its body may still be on the way.
 *
 * A socket that is closed over unread bytes takes the answer with it: its sender would see a reset. So the answer is sent
 * whole, and the connection is closed when the sender has stopped sending, or when that takes too long.
 */
export function turnAway(
  incoming: IncomingMessage,
  outgoing: ServerResponse,
  refusal: Refusal,
  requestId: string,
): void {
  const lingers = hasBodyToCome(incoming)
  const { status, headers, body } = errorResponse(
    dialectOf(incoming.url),
    lingers ? { ...refusal, close: true } : refusal,
    requestId,
  )
  outgoing.on('error', () => {})
  outgoing.writeHead(status, headers)
  if (!lingers) {
    outgoing.end(body)
    return
  }
  outgoing.write(body)
  readOn(incoming, () => outgoing.end())
}

function hasBodyToCome({ headers, complete }: IncomingMessage): boolean {
  if (complete) return false
  return headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > SMALL_BODY_BYTES
}

function readOn(incoming: IncomingMessage, done: () => void): void {
  let length = 0
  const timer = setTimeout(done, LINGER_MS)
  const finish = (): void => {
    clearTimeout(timer)
    done()
  }
  incoming.on('data', (chunk: Buffer) => {
    length += chunk.length
    if (length > LINGER_BYTES) finish()
  })
  incoming.on('end', finish)
  incoming.on('error', finish)
  incoming.on('close', finish)
}

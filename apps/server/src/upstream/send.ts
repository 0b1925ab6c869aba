import { subscribe } from 'node:diagnostics_channel'
import type { Socket } from 'node:net'
import type { Dispatcher } from 'undici'
import type { RawHeaders } from '../ingress/headers.ts'

/** One request to an upstream, ready to go. */
export interface UpstreamRequest {
  readonly origin: string
  /** With its query. */
  readonly path: string
  /** Name, value, name, value… without `host` and `content-length`, which the connection sets. */
  readonly headers: string[]
  readonly body: Uint8Array
}

/** What comes back, in this order; `failed` may come at any time and is the last. */
export interface UpstreamListener {
  /** A final status (never 1xx) and the headers as they came. */
  head(status: number, headers: RawHeaders): void
  /** A piece of the body. Return `false` to stop reading until {@link UpstreamCall.resume}. */
  bytes(chunk: Buffer): boolean
  /** The body is complete, as its framing says. */
  end(): void
  /**
   * The connection broke, could not be made, or the other side broke the protocol. Never called after an abort of ours.
   * `reusedSocket`: it had carried an answer before, so it may have been closed while nobody looked.
   */
  failed(error: NodeJS.ErrnoException, reusedSocket: boolean): void
}

/** A request in flight. */
export interface UpstreamCall {
  resume(): void
  /** Ends it now; the socket is closed, so that the upstream stops generating. Nothing is reported any more. */
  abort(): void
}

/**
 * Sends a request. undici's raw handler is used because headers stay a flat list and no stream object is made: on the hot
 * path each of those costs more than all of the routing.
 */
export function send(pool: Dispatcher, request: UpstreamRequest, listener: UpstreamListener): UpstreamCall {
  let abortConnection: ((error?: Error) => void) | undefined
  let resumeReading: (() => void) | undefined
  let aborted = false
  let isDispatched = false
  let sentRequest: object | undefined

  const handler: Dispatcher.DispatchHandler = {
    onConnect(abort) {
      // Aborted while it waited for a connection.
      if (aborted) abort(new AbortedError())
      else abortConnection = abort
    },
    onHeaders(status, headers, resume) {
      resumeReading = resume
      if (!aborted && status >= 200)
        listener.head(
          status,
          headers.map((part) => part.toString('latin1')),
        )
      return true
    },
    onData: (chunk) => aborted || listener.bytes(chunk),
    onComplete() {
      if (!aborted) listener.end()
    },
    onError(error) {
      // A pool that cannot take the request says so at once, before the caller has this call in its hands.
      if (isDispatched) report(error)
      else process.nextTick(report, error)
    },
  }
  const report = (error: Error): void => {
    if (!aborted) listener.failed(error, sentRequest !== undefined && reused.has(sentRequest))
  }
  const { origin, path, headers, body } = request
  created = undefined
  pool.dispatch({ method: 'POST', origin, path, headers, body }, handler)
  sentRequest = created
  isDispatched = true
  return {
    resume: () => resumeReading?.(),
    abort() {
      aborted = true
      abortConnection?.(new AbortedError())
    },
  }
}

/** undici's own requests that were written to a socket which had carried an answer before. */
const reused = new WeakSet<object>()

/**
 * The request that undici made last. It makes one while it is told to dispatch, before it returns: so the caller can tell
 * which one is its own. Its diagnostics are the only place that says on which socket a request goes out.
 */
let created: object | undefined

subscribe('undici:request:create', (message) => {
  created = (message as { request: object }).request
})

subscribe('undici:client:sendHeaders', (message) => {
  const { request, socket } = message as { request: object; socket: Socket }
  if (socket.bytesRead > 0) reused.add(request)
})

class AbortedError extends Error {
  override readonly name = 'AbortError'
}

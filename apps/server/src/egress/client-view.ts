import type { ClientDialect } from '../ingress/client-request.ts'
import type { Refusal } from '../ingress/refusal.ts'
import { errorEvent, errorResponse } from './error-response.ts'
import type { Outlet } from './outlet.ts'
import { requestIdHeaders } from './request-id.ts'

/**
 * What one client has been shown: the only way to its outlet. A head is sent once; what comes behind it fits the stage that
 * the attempt loop is in.
 */
export interface ClientView {
  /** S0 → S1: 200, headers, and one ping. The status is spent from here on. */
  preamble(): void
  /** A sign of life. Only between whole events. */
  ping(): void
  /** Part of a streamed answer, whole events. @returns `false` when the client is slow. */
  events(headers: () => string[], bytes: Uint8Array): boolean
  /** A whole answer with its status. */
  whole(status: number, headers: string[], body: Uint8Array, stopReason?: string): void
  /**
   * Our own "no": as a status while that is free, else as an error event. The end either way.
   * `isInside`: somebody else has sent the head.
   */
  refuse(refusal: Refusal, isInside?: boolean): void
  /** An upstream's own error event, unchanged. The end. */
  errorEvent(event: Uint8Array): void
  /** The proper end of a stream. `isMended`: lb has supplied it. */
  end(stopReason: string | undefined, isMended?: boolean): void
  /** Breaks the connection off. */
  abort(): void
  /** What was shown so far. */
  shown(): Shown
}

/** What a client got: the status and when, on the monotonic clock. */
export interface Shown {
  readonly status?: number
  readonly firstByteAtMs?: number
}

/** lb's own signs of life, by dialect. */
export const pings: Readonly<Record<ClientDialect, Buffer>> = {
  anthropic: Buffer.from('event: ping\ndata: {"type":"ping"}\n\n'),
  chat: Buffer.from(': ping\n\n'),
}

const failed = { kind: 'failed' } as const

const streamHeaders = ['content-type', 'text/event-stream; charset=utf-8', 'cache-control', 'no-cache']

/** Who is shown something. */
export interface Viewer {
  readonly dialect: ClientDialect
  readonly requestId: string
  readonly nowMs: () => number
}

export function createClientView(outlet: Outlet, { dialect, requestId, nowMs }: Viewer): ClientView {
  let shown: Shown = {}
  const sendHead = (status: number, headers: string[]): void => {
    shown = { status, firstByteAtMs: nowMs() }
    outlet.head(status, headers)
  }
  const streamHead = (headers: readonly string[]): void => {
    if (shown.status === undefined) sendHead(200, [...streamHeaders, ...headers])
  }
  return {
    preamble() {
      streamHead([requestIdHeaders[dialect], requestId, 'x-lb-request-id', requestId])
      outlet.write(pings[dialect])
    },
    ping: () => void outlet.write(pings[dialect]),
    events(headers, bytes) {
      if (shown.status === undefined) streamHead(headers())
      return outlet.write(bytes)
    },
    whole(status, headers, body, stopReason) {
      sendHead(status, [...headers, 'content-length', String(body.length)])
      outlet.end(status === 200 ? { kind: 'whole', stopReason } : failed, body)
    },
    refuse(refusal, isInside = shown.status !== undefined) {
      if (isInside) return outlet.end(failed, Buffer.from(errorEvent(dialect, refusal, requestId)))
      const { status, headers, body } = errorResponse(dialect, refusal, requestId)
      sendHead(status, headers)
      outlet.end(failed, Buffer.from(body))
    },
    errorEvent: (event) => outlet.end(failed, event),
    end: (stopReason, isMended = false) => outlet.end({ kind: 'whole', stopReason, isMended }),
    abort: () => outlet.abort(),
    shown: () => shown,
  }
}

import type { Observation } from '@lb/protocol'
import { lookupHeaders, type RawHeaders } from '../ingress/headers.ts'
import { type BodyDecoder, decodeBody } from './decoded-body.ts'
import type { Pools, Reach } from './pools.ts'
import { send, type UpstreamRequest } from './send.ts'

/** An upstream's answer as it comes in: its head, then its body without any transfer coding or compression. */
export interface ExchangeListener {
  head(head: AnswerHead): void
  /** `false`: stop reading until {@link Exchange.resume}. */
  bytes(chunk: Buffer): boolean
  /** The body is complete. */
  end(): void
  /** It broke. Nothing follows. */
  broke(observation: Observation): void
}

export interface AnswerHead {
  readonly status: number
  readonly rawHeaders: RawHeaders
  /** By lower-case name. */
  readonly headers: Readonly<Record<string, string>>
}

export interface Exchange {
  resume(): void
  /** All that was wanted has come: waits a moment for the body's end, so that the connection can be used again, and no longer. */
  letGo(): void
  /** Closes the connection, so that the upstream stops generating. Nothing is reported any more. */
  cancel(): void
}

/** An upstream that has said its last word and keeps the body open for longer has forgotten it. */
const GRACE_MS = 1000

/** Sends a request and reports its answer, whatever happens, in the words of {@link Observation}. */
export function openExchange(
  pools: Pools,
  reach: Reach,
  request: UpstreamRequest,
  listener: ExchangeListener,
): Exchange {
  let decoder: BodyDecoder | undefined
  let headSeen = false
  let over = false
  let graceTimer: NodeJS.Timeout | undefined

  function breakOff(observation: Observation): void {
    if (over) return
    cancel()
    listener.broke(observation)
  }

  function cancel(): void {
    over = true
    clearTimeout(graceTimer)
    decoder?.destroy()
    call.abort()
  }

  const call = send(pools.get(reach), request, {
    head(status, rawHeaders) {
      headSeen = true
      const headers = lookupHeaders(rawHeaders)
      const encoding = headers['content-encoding']?.trim().toLowerCase() ?? 'identity'
      if (encoding !== 'identity' && encoding !== '') {
        decoder = decodeBody(encoding, {
          bytes: (chunk) => void (over || listener.bytes(chunk)),
          end: () => void (over || listener.end()),
          failed: () => breakOff({ seen: 'bad-response', reason: 'encoding' }),
          drained: () => call.resume(),
        })
        if (decoder === undefined) return breakOff({ seen: 'bad-response', reason: 'encoding' })
      }
      listener.head({ status, rawHeaders, headers })
    },
    bytes: (chunk) => (decoder === undefined ? listener.bytes(chunk) : decoder.write(chunk)),
    end() {
      clearTimeout(graceTimer)
      if (decoder !== undefined) return decoder.end()
      over = true
      listener.end()
    },
    failed(error, reusedSocket) {
      // Broken framing or a cut after the head is the end of an answer that had begun, not a failed connection.
      if (headSeen) return breakOff({ seen: 'stream-end', finished: false })
      breakOff({ seen: 'connection-error', code: codeOf(error), reusedSocket })
    },
  })
  return {
    resume: () => call.resume(),
    letGo() {
      if (!over) graceTimer = setTimeout(cancel, GRACE_MS).unref()
    },
    cancel,
  }
}

/** Several addresses that all refused come as one error that holds theirs. */
function codeOf(error: NodeJS.ErrnoException): string {
  const first = (error as { errors?: readonly NodeJS.ErrnoException[] }).errors?.[0]
  return error.code ?? first?.code ?? ''
}

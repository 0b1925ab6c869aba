import type { ServerResponse } from 'node:http'
import type { FlightOptions, FlightTable } from '@lb/dedup'
import { type Clock, momentOf } from '../clock.ts'
import { createClientView } from '../egress/client-view.ts'
import { type AnswerEnding, clientOutlet, type Outlet } from '../egress/outlet.ts'
import { type ClientRequest, endpoints } from '../ingress/client-request.ts'
import type { Refusal } from '../ingress/refusal.ts'
import type { StartLead } from './lead.ts'

/** How an answer begins that many may read. */
export interface FlightHead {
  readonly status: number
  readonly headers: readonly string[]
}

/** Whose call it is. */
export type Role = 'leader' | 'follower'

export interface ConsumerDeps {
  readonly table: FlightTable
  readonly clock: Clock
  readonly roll: () => number
  /** Its connection closed before the end. */
  gone(consumer: Consumer): void
  /** It was slow and has caught up: its flight may want more. */
  caughtUp(consumer: Consumer): void
  /** It has got the whole answer. */
  served(consumer: Consumer): void
  /** How it is served when it waits too long for somebody else's answer. */
  readonly alone: { readonly start: StartLead; readonly options: FlightOptions }
}

/** One client that waits for an answer which others may read, too. It reads the flight's log at its own pace. */
export class Consumer {
  readonly request: ClientRequest
  readonly alone: ConsumerDeps['alone']
  role: Role = 'leader'
  /** The flight that it is aboard of. */
  flight = ''
  /** What it has been given so far. */
  bytes = 0
  /** When it was given the first of them. */
  firstByteAtMs: number | undefined
  readonly #deps: ConsumerDeps
  readonly #outlet: Outlet
  #headSent = false
  #isSlow = false
  #ending: AnswerEnding | undefined

  constructor(request: ClientRequest, response: ServerResponse, deps: ConsumerDeps) {
    this.request = request
    this.alone = deps.alone
    this.#deps = deps
    this.#outlet = clientOutlet(response, {
      drained: () => {
        this.#isSlow = false
        deps.table.progress(request.id, momentOf(deps.clock, deps.roll))
        deps.caughtUp(this)
      },
      gone: () => deps.gone(this),
    })
  }

  /** Gives the client what it has not got yet, until it is slow or there is nothing. */
  pump(head: FlightHead | undefined): void {
    if (head === undefined) return
    if (!this.#headSent) this.#begin(head)
    while (!this.#isSlow) {
      const read = this.#deps.table.read(this.request.id, WRITE_BYTES)
      if (read.kind === 'chunks') {
        const bytes = joined(read.chunks)
        this.bytes += bytes.length
        const isShort = read.isLast && bytes.length <= WRITE_BYTES
        // In one go with the end: a small answer is one write. Of a long one the client must have taken the rest first.
        if (isShort && this.#ending !== undefined) return this.#end(this.#ending, bytes)
        this.#isSlow = !this.#outlet.write(bytes)
      } else {
        if (read.kind === 'end' && this.#ending !== undefined) this.#end(this.#ending)
        return
      }
    }
  }

  #begin(head: FlightHead): void {
    this.#headSent = true
    this.firstByteAtMs = this.#deps.clock.nowMs()
    this.#outlet.head(head.status, this.#ownHeaders(head.headers))
  }

  /** The answer has ended: after the rest of it, end the client's like this. */
  finish(ending: AnswerEnding, head: FlightHead | undefined): void {
    this.#ending = ending
    this.pump(head)
  }

  /** It cannot be served to the end, for a reason of its own. */
  drop(refusal: Refusal): void {
    if (this.#headSent && !this.request.stream) return this.#outlet.abort()
    const { id: requestId, endpoint } = this.request
    const { dialect } = endpoints[endpoint]
    createClientView(this.#outlet, { dialect, requestId, nowMs: this.#deps.clock.nowMs }).refuse(
      refusal,
      this.#headSent,
    )
  }

  abort(): void {
    this.#outlet.abort()
  }

  #end(ending: AnswerEnding, bytes?: Uint8Array): void {
    this.#outlet.end(ending, bytes)
    this.#deps.served(this)
  }

  /** The flight's headers with this request's own id, and whose call it was. */
  #ownHeaders(headers: readonly string[]): string[] {
    const own: string[] = ['x-lb-coalesced', this.role]
    for (let index = 0; index + 1 < headers.length; index += 2) {
      const name = headers[index] as string
      own.push(name, name === 'x-lb-request-id' ? this.request.id : (headers[index + 1] as string))
    }
    return own
  }
}

/** What a client is given at once: more would stand in its socket's buffer, for each of a thousand slow ones. */
const WRITE_BYTES = 64 * 1024

function joined(chunks: readonly Uint8Array[]): Uint8Array {
  return chunks.length === 1 ? (chunks[0] as Uint8Array) : Buffer.concat(chunks)
}

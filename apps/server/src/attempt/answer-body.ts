import type { Loss } from '@lb/convert'
import { classify, type Failure, type JsonObject, type Observation, readErrorBody } from '@lb/protocol'
import type { RefusedAnswer } from '../upstream/adapter.ts'
import type { AnswerHead } from '../upstream/exchange.ts'
import type { StreamReader } from '../upstream/stream-reader.ts'
import type { AttemptNews, AttemptSpec } from './attempt.ts'
import { type BodyReader, collectBody } from './body-reader.ts'
import { createHold, type Hold } from './hold.ts'
import { type StreamEnding, streamBody } from './stream-body.ts'

/** An upstream's answer that is no success: as it came, and as the client is told. */
export interface Refused {
  readonly head: AnswerHead
  readonly answer: RefusedAnswer
  /** Other accounts of the same provider were asked, too. */
  readonly isOneOfMany?: true
}

interface Whole {
  readonly head: AnswerHead
  readonly body: Uint8Array
  readonly usage: JsonObject
  readonly stopReason?: string
  readonly losses?: readonly Loss[]
}

/** What an attempt has brought so far. */
export interface Brought {
  head?: AnswerHead
  reader?: StreamReader
  hold?: Hold
  refused?: Refused
  ending?: StreamEnding
  whole?: Whole
}

type BodyKind = 'refusal' | 'whole' | 'events' | 'exploded'

/** How the answer's body is to be read, or what is wrong with it already. */
export function bodyKind({ status, headers }: AnswerHead, stream: boolean): BodyKind | Observation {
  if (status < 200 || status > 299) return 'refusal'
  const type = headers['content-type']?.toLowerCase() ?? ''
  if (type.startsWith('text/html')) return { seen: 'bad-response', reason: 'html' }
  if (type.startsWith('text/event-stream')) return stream ? 'events' : { seen: 'bad-response', reason: 'content-type' }
  // Some upstreams answer a stream request with one JSON body: an error, or the whole answer at once.
  if (stream) return type.includes('json') ? 'exploded' : { seen: 'bad-response', reason: 'content-type' }
  return 'whole'
}

interface Reading {
  readonly spec: AttemptSpec
  readonly head: AnswerHead
  readonly brought: Brought
  tell(news: AttemptNews): void
  readonly fail: Fail
  /** The answer is whole, whatever the upstream still does. */
  letGo(): void
  /** A bug of ours came up. */
  broken(error: unknown): void
}

type MakeReader = (reading: Reading) => BodyReader

export type Fail = (failure: Failure, errorText?: string) => void

export const readers: Readonly<Record<BodyKind, MakeReader>> = {
  /** A status that is no success: the whole body is needed, to judge it and to pass it on. */
  refusal({ spec, head, brought, tell }) {
    const judge = (received: Buffer): void => {
      const body = spec.echoes.bytes(received)
      const { status, headers } = head
      const { credential } = spec
      const epochMs = spec.epochMs()
      // A redirect is not passed on: it would send the client, with its request, where it never meant to go.
      if (status >= 400)
        brought.refused = { head, answer: spec.adapter.readRefusal({ status, headers, body, epochMs }) }
      const text = body.toString('utf8', 0, 65_536)
      const failure = classify({ seen: 'response', status, headers, body: text, credential, epochMs })
      const errorText = text.slice(0, 4096)
      tell(readErrorBody(text) === undefined ? { type: 'failed', failure } : { type: 'failed', failure, errorText })
    }
    return collectBody({ limitBytes: spec.maxBodyBytes, done: judge, failed: (_, body) => judge(body) })
  },
  /** One JSON answer. It is shown only when it is whole. */
  whole({ spec, head, brought, tell, fail }) {
    return collectBody({
      limitBytes: spec.maxBodyBytes,
      done(body) {
        const read = spec.adapter.readWhole(body, spec.credential)
        if (!read.ok) return fail(read.error)
        brought.whole = { head, ...read.value }
        tell({ type: 'completed' })
      },
      failed: (observation) => fail(classify(observation)),
    })
  },
  events({ spec, head, brought, tell, fail, broken, letGo }) {
    const reader = spec.adapter.createReader(spec.credential, spec.maxEventBytes)
    const hold = createHold(
      spec.view,
      () => spec.headersFor(head, spec.losses),
      () => reader.replaceOpening(),
    )
    brought.reader = reader
    brought.hold = hold
    return streamBody({
      reader,
      hold,
      tell: (type) => tell({ type }),
      broken,
      ended(ending) {
        brought.ending = ending
        if (ending.step === 'failed') return fail(ending.failure, ending.event?.toString())
        tell({ type: 'completed' })
        letGo()
      },
    })
  },
  /** A whole JSON answer where a stream was promised: the client gets the stream that it stands for. */
  exploded(reading) {
    const { spec, fail } = reading
    const events = readers.events(reading)
    return collectBody({
      limitBytes: spec.maxBodyBytes,
      done(body) {
        const exploded = spec.adapter.explode(body, spec.credential)
        if (!exploded.ok) return fail(exploded.error)
        events.push(exploded.value)
        events.end()
      },
      failed: (observation) => fail(classify(observation)),
    })
  },
}

import {
  type CredentialOwner,
  classify,
  type Failure,
  type JsonObject,
  type Observation,
  readErrorBody,
} from '@lb/protocol'
import type { ClientView } from '../egress/client-view.ts'
import type { Adapter, RefusedAnswer } from '../upstream/adapter.ts'
import { type AnswerHead, type Exchange, type ExchangeListener, openExchange } from '../upstream/exchange.ts'
import type { Pools, Reach } from '../upstream/pools.ts'
import type { UpstreamRequest } from '../upstream/send.ts'
import type { StreamReader } from '../upstream/stream-reader.ts'
import { type BodyReader, collectBody } from './body-reader.ts'
import { createHold, type Hold } from './hold.ts'
import { type StreamEnding, streamBody } from './stream-body.ts'

/** Everything one attempt needs. */
export interface AttemptSpec {
  readonly pools: Pools
  readonly reach: Reach
  readonly request: UpstreamRequest
  /** Between the client's dialect and this upstream's. */
  readonly adapter: Adapter
  readonly credential: CredentialOwner
  readonly stream: boolean
  readonly view: ClientView
  /** lb's and the upstream's headers for the client, once this attempt's answer is shown. */
  readonly headersFor: (head: AnswerHead) => string[]
  readonly maxBodyBytes: number
  readonly epochMs: () => number
}

/** What the attempt loop is told. The words are the router's. */
export type AttemptNews =
  | { readonly type: 'response-started' | 'opened' | 'content' | 'block-completed' | 'progress' | 'completed' }
  | {
      readonly type: 'failed'
      readonly failure: Failure
      /** The upstream's structured error, as it wrote it. Never the text of an answer. */
      readonly errorText?: string
    }

/** One send to one upstream. */
export interface Attempt {
  /** From here on what it brings is the client's. */
  commit(opening: 'send' | 'drop'): void
  releaseOpening(): void
  /** The client has caught up. */
  resume(): void
  cancel(): void
  /** Writes the closing events that the upstream left out. */
  supplyEnd(): void
  /** The upstream's refusal as it came, when there was one. */
  refusal(): Refused | undefined
  /** The upstream's own error event in the client's dialect, when it sent one. */
  errorEvent(): Uint8Array | undefined
  /** The upstream's token counts, as far as they came. */
  usage(): JsonObject
  /** Why the upstream stopped, in the client's dialect; `undefined` while it has not, or where there is no such thing. */
  stopReason(): string | undefined
}

/** An upstream's answer that is no success: as it came, and as the client is told. */
export interface Refused {
  readonly head: AnswerHead
  readonly answer: RefusedAnswer
}

interface Whole {
  readonly head: AnswerHead
  readonly body: Uint8Array
  readonly usage: JsonObject
  readonly stopReason?: string
}

/** What an attempt has brought so far. */
interface Brought {
  reader?: StreamReader
  hold?: Hold
  refused?: Refused
  ending?: StreamEnding
  whole?: Whole
}

/** Starts an attempt. `tell` is called for each piece of news, never before this returns. */
export function startAttempt(spec: AttemptSpec, tell: (news: AttemptNews) => void): Attempt {
  const { view } = spec
  const brought: Brought = {}
  let body: BodyReader | undefined

  const fail: Fail = (failure, errorText) => {
    exchange.cancel()
    tell(errorText === undefined ? { type: 'failed', failure } : { type: 'failed', failure, errorText })
  }
  const listener: ExchangeListener = {
    head(head) {
      const kind = bodyKind(head, spec.stream)
      if (typeof kind !== 'string') return fail(classify(kind))
      if (kind !== 'refusal') tell({ type: 'response-started' })
      body = readers[kind](spec, head, brought, tell, fail)
    },
    bytes: (chunk) => body?.push(chunk) ?? true,
    end: () => body?.end(),
    broke(observation) {
      if (body === undefined) fail(classify(observation))
      else body.broke(observation)
    },
  }
  const exchange: Exchange = openExchange(spec.pools, spec.reach, spec.request, listener)

  return {
    commit(opening) {
      if (brought.whole !== undefined)
        view.whole(200, spec.headersFor(brought.whole.head), brought.whole.body, brought.whole.stopReason)
      else brought.hold?.commit(opening)
    },
    releaseOpening: () => brought.hold?.releaseOpening(),
    resume() {
      brought.hold?.unblock()
      exchange.resume()
    },
    cancel: () => exchange.cancel(),
    supplyEnd() {
      const { ending } = brought
      if (ending?.step === 'failed' && ending.closing !== undefined) brought.hold?.body(ending.closing)
    },
    refusal: () => brought.refused,
    errorEvent: () => (brought.ending?.step === 'failed' ? brought.ending.event : undefined),
    usage: () => brought.whole?.usage ?? brought.ending?.usage ?? brought.reader?.usage() ?? {},
    stopReason: () =>
      brought.whole?.stopReason ?? (brought.ending?.step === 'ended' ? brought.ending.stopReason : undefined),
  }
}

type BodyKind = 'refusal' | 'whole' | 'events' | 'exploded'

/** How the answer's body is to be read, or what is wrong with it already. */
function bodyKind({ status, headers }: AnswerHead, stream: boolean): BodyKind | Observation {
  if (status < 200 || status > 299) return 'refusal'
  const type = headers['content-type']?.toLowerCase() ?? ''
  if (type.startsWith('text/html')) return { seen: 'bad-response', reason: 'html' }
  if (type.startsWith('text/event-stream')) return stream ? 'events' : { seen: 'bad-response', reason: 'content-type' }
  // Some upstreams answer a stream request with one JSON body: an error, or the whole answer at once.
  if (stream) return type.includes('json') ? 'exploded' : { seen: 'bad-response', reason: 'content-type' }
  return 'whole'
}

type MakeReader = (
  spec: AttemptSpec,
  head: AnswerHead,
  brought: Brought,
  tell: (news: AttemptNews) => void,
  fail: Fail,
) => BodyReader

type Fail = (failure: Failure, errorText?: string) => void

const readers: Readonly<Record<BodyKind, MakeReader>> = {
  /** A status that is no success: the whole body is needed, to judge it and to pass it on. */
  refusal(spec, head, brought, tell) {
    const judge = (body: Buffer): void => {
      const { status, headers } = head
      const { credential } = spec
      const epochMs = spec.epochMs()
      brought.refused = { head, answer: spec.adapter.readRefusal({ status, headers, body, epochMs }) }
      const text = body.toString('utf8', 0, 65_536)
      const failure = classify({ seen: 'response', status, headers, body: text, credential, epochMs })
      const errorText = text.slice(0, 4096)
      tell(readErrorBody(text) === undefined ? { type: 'failed', failure } : { type: 'failed', failure, errorText })
    }
    return collectBody({ limitBytes: spec.maxBodyBytes, done: judge, failed: (_, body) => judge(body) })
  },
  /** One JSON answer. It is shown only when it is whole. */
  whole(spec, head, brought, tell, fail) {
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
  events(spec, head, brought, tell, fail) {
    const reader = spec.adapter.createReader(spec.credential)
    const hold = createHold(
      spec.view,
      () => spec.headersFor(head),
      () => reader.replaceOpening(),
    )
    brought.reader = reader
    brought.hold = hold
    return streamBody({
      reader,
      hold,
      tell: (type) => tell({ type }),
      ended(ending) {
        brought.ending = ending
        if (ending.step === 'ended') tell({ type: 'completed' })
        else fail(ending.failure, ending.event?.toString())
      },
    })
  },
  /** A whole JSON answer where a stream was promised: the client gets the stream that it stands for. */
  exploded(spec, head, brought, tell, fail) {
    const events = readers.events(spec, head, brought, tell, fail)
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

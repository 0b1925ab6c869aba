import type { Loss } from '@lb/convert'
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
import { joinedLosses } from '../upstream/chained-stream.ts'
import type { EchoFilter } from '../upstream/echoes.ts'
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
  /** What the conversion of the request could not carry. */
  readonly losses: readonly Loss[]
  readonly credential: CredentialOwner
  /** Keeps what lb signed in with from coming back in what the client is shown. */
  readonly echoes: EchoFilter
  readonly stream: boolean
  readonly view: ClientView
  /** lb's and the upstream's headers for the client, once this attempt's answer is shown. */
  readonly headersFor: (head: AnswerHead, losses: readonly Loss[]) => string[]
  readonly maxBodyBytes: number
  readonly epochMs: () => number
  /** Monotonic. */
  readonly nowMs: () => number
  /** Told about a bug of ours that this attempt ran into; the attempt fails, and nothing else does. */
  internalError(error: unknown): void
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
  /** The head of the upstream's answer, once it has come. */
  head(): AnswerHead | undefined
  /** The upstream's refusal as it came, when there was one. */
  refusal(): Refused | undefined
  /** The upstream's own error event in the client's dialect, when it sent one. */
  errorEvent(): Uint8Array | undefined
  /** The upstream's token counts, as far as they came. */
  usage(): JsonObject
  /** Why the upstream stopped, in the client's dialect; `undefined` while it has not, or where there is no such thing. */
  stopReason(): string | undefined
  /** What the conversion of the request and, as far as it came, of the answer could not carry. */
  losses(): readonly Loss[]
  timing(): AttemptTiming
}

/** When an attempt's bytes passed through lb, on the monotonic clock. */
export interface AttemptTiming {
  /** The request was handed to a connection, or to those who wait for one. */
  readonly sentAtMs: number | undefined
  /** The upstream's bytes came with which the answer was shown. */
  readonly arrivedAtMs: number | undefined
  /** The client's connection had them. */
  readonly shownAtMs: number | undefined
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
  readonly losses?: readonly Loss[]
}

/** What an attempt has brought so far. */
interface Brought {
  head?: AnswerHead
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
  const timing = { sentAtMs: undefined, arrivedAtMs: undefined, shownAtMs: undefined } as Mutable<AttemptTiming>
  let body: BodyReader | undefined

  const fail: Fail = (failure, errorText) => {
    exchange.cancel()
    const told = spec.echoes.failure(failure)
    tell(errorText === undefined ? { type: 'failed', failure: told } : { type: 'failed', failure: told, errorText })
  }
  const broken = (error: unknown): void => {
    spec.internalError(error)
    fail({ kind: 'internal-error', message: 'lb could not read the answer' })
  }
  /** Only until the answer is shown: a long stream is not timed chunk by chunk. */
  const arrived = (): void => {
    if (timing.shownAtMs === undefined) timing.arrivedAtMs = spec.nowMs()
  }
  const listener: ExchangeListener = {
    head: guarded(broken, (received: AnswerHead) => {
      const head = spec.echoes.head(received)
      brought.head = head
      const kind = bodyKind(head, spec.stream)
      if (typeof kind !== 'string') return fail(classify(kind))
      if (kind !== 'refusal') tell({ type: 'response-started' })
      body = readers[kind]({ spec, head, brought, tell, fail, broken, letGo: () => exchange.letGo() })
    }),
    bytes(chunk) {
      arrived()
      try {
        return body?.push(chunk) ?? true
      } catch (error) {
        broken(error)
        return true
      }
    },
    end: guarded(broken, () => {
      arrived()
      body?.end()
    }),
    broke: guarded(broken, (observation: Observation) => {
      if (body === undefined) fail(classify(observation))
      else body.broke(observation)
    }),
  }
  const losses = (): readonly Loss[] =>
    joinedLosses(spec.losses, brought.whole?.losses ?? brought.reader?.losses?.() ?? noLosses)
  const exchange: Exchange = openExchange(spec.pools, spec.reach, spec.request, listener)
  timing.sentAtMs = spec.nowMs()

  return {
    commit(opening) {
      if (brought.whole !== undefined)
        view.whole(200, spec.headersFor(brought.whole.head, losses()), brought.whole.body, brought.whole.stopReason)
      else brought.hold?.commit(opening)
      timing.shownAtMs = spec.nowMs()
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
    head: () => brought.head,
    refusal: () => brought.refused,
    errorEvent() {
      const event = brought.ending?.step === 'failed' ? brought.ending.event : undefined
      return event === undefined ? undefined : spec.echoes.bytes(event)
    },
    usage: () => brought.whole?.usage ?? brought.ending?.usage ?? brought.reader?.usage() ?? {},
    stopReason: () =>
      brought.whole?.stopReason ?? (brought.ending?.step === 'ended' ? brought.ending.stopReason : undefined),
    losses,
    timing: () => timing,
  }
}

/** Of an answer that is passed on as it came. */
const noLosses: readonly Loss[] = []

type Mutable<T> = { -readonly [Name in keyof T]: T[Name] }

/** `run`, which hands over what it throws: an exception must end one attempt, not the process. */
export function guarded<T extends unknown[]>(onError: (error: unknown) => void, run: (...given: T) => void) {
  return (...given: T): void => {
    try {
      run(...given)
    } catch (error) {
      onError(error)
    }
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

type Fail = (failure: Failure, errorText?: string) => void

const readers: Readonly<Record<BodyKind, MakeReader>> = {
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
    const reader = spec.adapter.createReader(spec.credential)
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

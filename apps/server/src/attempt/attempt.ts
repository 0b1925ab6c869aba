import type { Loss } from '@lb/convert'
import { type CredentialOwner, classify, type Failure, type JsonObject, type Observation } from '@lb/protocol'
import type { Bursts } from '../bursts.ts'
import type { ClientView } from '../egress/client-view.ts'
import type { Adapter } from '../upstream/adapter.ts'
import { joinedLosses } from '../upstream/chained-stream.ts'
import type { EchoFilter } from '../upstream/echoes.ts'
import { type AnswerHead, type Exchange, type ExchangeListener, openExchange } from '../upstream/exchange.ts'
import type { Pools, Reach } from '../upstream/pools.ts'
import type { UpstreamRequest } from '../upstream/send.ts'
import { type Brought, bodyKind, type Fail, type Refused, readers } from './answer-body.ts'
import type { BodyReader } from './body-reader.ts'

/** Everything one attempt needs. */
export interface AttemptSpec {
  readonly pools: Pools
  readonly bursts: Pick<Bursts, 'add'>
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
  readonly maxEventBytes: number
  readonly epochMs: () => number
  /** Monotonic. */
  readonly nowMs: () => number
  /** Told about a bug of ours that this attempt ran into; the attempt fails, and nothing else does. */
  internalError(error: unknown): void
}

/** What the attempt loop is told. The words are the router's. */
export type AttemptNews =
  | { readonly type: 'response-started' | 'opened' | 'content' | 'block-completed' | 'progress' | 'ping' | 'completed' }
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

/** Starts an attempt. `tell` is called for each piece of news, never before this returns. */
export function startAttempt(spec: AttemptSpec, tell: (news: AttemptNews) => void): Attempt {
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
  let isTimed = false
  const nextTurn = (): void => {
    isTimed = false
  }
  /** Only until the answer is shown, and once for all chunks of a network read: the clock costs more than the rest of a chunk. */
  const arrived = (): void => {
    if (isTimed || timing.shownAtMs !== undefined) return
    isTimed = true
    timing.arrivedAtMs = spec.nowMs()
    process.nextTick(nextTurn)
  }
  const bodyEnded = guarded(broken, () => body?.end())
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
    end() {
      arrived()
      // A whole answer is judged with the others of this turn; the end of a stream comes without delay.
      if (spec.stream) bodyEnded()
      else spec.bursts.add('answers', bodyEnded)
    },
    broke: guarded(broken, (observation: Observation) => {
      if (body === undefined) fail(classify(observation))
      else body.broke(observation)
    }),
  }
  const exchange: Exchange = openExchange(spec.pools, spec.reach, spec.request, listener)
  timing.sentAtMs = spec.nowMs()
  return attemptOf(spec, brought, timing, exchange)
}

/** What the attempt loop does with what has come. */
function attemptOf(spec: AttemptSpec, brought: Brought, timing: Mutable<AttemptTiming>, exchange: Exchange): Attempt {
  const losses = (): readonly Loss[] =>
    joinedLosses(spec.losses, brought.whole?.losses ?? brought.reader?.losses?.() ?? noLosses)
  return {
    commit(opening) {
      const { whole } = brought
      if (whole === undefined) brought.hold?.commit(opening)
      else spec.view.whole(200, spec.headersFor(whole.head, losses()), whole.body, whole.stopReason)
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

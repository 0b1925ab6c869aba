import { type CredentialOwner, classify, type Failure, type JsonObject, type Observation } from '@lb/protocol'
import type { ClientView } from '../egress/client-view.ts'
import type { Adapter } from '../upstream/adapter.ts'
import { type AnswerHead, type Exchange, type ExchangeListener, openExchange } from '../upstream/exchange.ts'
import type { Pools, Reach } from '../upstream/pools.ts'
import type { UpstreamRequest } from '../upstream/send.ts'
import type { StreamStep } from '../upstream/stream-reader.ts'
import { createHold, type Hold } from './hold.ts'

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
  | { readonly type: 'failed'; readonly failure: Failure }

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
  refusal(): { readonly head: AnswerHead; readonly body: Buffer } | undefined
  /** The upstream's own error event in the client's dialect, when it sent one. */
  errorEvent(): Uint8Array | undefined
  /** The upstream's token counts, as far as they came. */
  usage(): JsonObject
}

/** What a body is read by, chosen by the head. */
interface BodyReader {
  /** `false`: stop reading. */
  push(chunk: Buffer): boolean
  end(): void
  /** The body broke off. */
  broke(observation: Observation): void
}

/** Starts an attempt. `tell` is called for each piece of news, never before this returns. */
export function startAttempt(spec: AttemptSpec, tell: (news: AttemptNews) => void): Attempt {
  const { adapter, view } = spec
  let body: BodyReader | undefined
  let hold: Hold | undefined
  let refused: { head: AnswerHead; body: Buffer } | undefined
  let last: Extract<StreamStep, { step: 'failed' | 'ended' }> | undefined
  let whole: { head: AnswerHead; body: Uint8Array; usage: JsonObject } | undefined

  const fail = (failure: Failure): void => {
    exchange.cancel()
    tell({ type: 'failed', failure })
  }

  /** A status that is no success: the whole body is needed, to judge it and to pass it on. */
  function refusalReader(head: AnswerHead): BodyReader {
    const collected = collect(spec.maxBodyBytes)
    const judge = (): void => {
      refused = { head, body: collected.bytes() }
      const text = refused.body.toString('utf8', 0, 65_536)
      const { status, headers } = head
      tell({
        type: 'failed',
        failure: classify({
          seen: 'response',
          status,
          headers,
          body: text,
          credential: spec.credential,
          epochMs: spec.epochMs(),
        }),
      })
    }
    return {
      push(chunk) {
        collected.add(chunk)
        return true
      },
      end: judge,
      broke: judge,
    }
  }

  /** One JSON answer. It is shown only when it is whole. */
  function wholeReader(head: AnswerHead): BodyReader {
    const collected = collect(spec.maxBodyBytes)
    return {
      push(chunk) {
        if (!collected.add(chunk)) fail(classify({ seen: 'bad-response', reason: 'too-large' }))
        return true
      },
      end() {
        const read = adapter.readWhole(collected.bytes(), spec.credential)
        if (!read.ok) return fail(read.error)
        whole = { head, ...read.value }
        tell({ type: 'completed' })
      },
      broke: (observation) => fail(classify(observation)),
    }
  }

  /** A stream of events. Chunks of one network read become one write to the client. */
  function streamReader(head: AnswerHead): BodyReader {
    const reader = adapter.createReader(spec.credential)
    const held = createHold(
      view,
      () => spec.headersFor(head),
      () => reader.replaceOpening(),
    )
    hold = held
    let pending: Buffer[] = []
    let told = false
    const flush = (): void => {
      if (pending.length === 0) return
      const chunk = pending.length === 1 ? (pending[0] as Buffer) : Buffer.concat(pending)
      pending = []
      apply(reader.push(chunk))
      if (last === undefined) tell({ type: 'progress' })
    }
    const apply = (steps: readonly StreamStep[]): void => {
      for (const step of steps) {
        if (last !== undefined) return
        if (step.step === 'opening') {
          held.opening(step.bytes)
          tell({ type: 'opened' })
        } else if (step.step === 'body') {
          held.body(step.bytes)
          if (step.content && !told) tell({ type: 'content' })
          told ||= step.content
        } else if (step.step === 'block-completed') {
          if (!told) tell({ type: 'content' })
          told = true
          tell({ type: 'block-completed' })
        } else {
          last = step
          if (step.step === 'ended') tell({ type: 'completed' })
          else fail(step.failure)
        }
      }
    }
    const finish = (): void => {
      flush()
      if (last === undefined) apply(reader.end())
    }
    return {
      push(chunk) {
        if (pending.push(chunk) === 1) process.nextTick(flush)
        return !held.isBlocked()
      },
      end: finish,
      broke: finish,
    }
  }

  const listener: ExchangeListener = {
    head(head) {
      const reading = readerKind(head, spec.stream)
      if (typeof reading !== 'string') return fail(classify(reading))
      if (reading !== 'refusal') tell({ type: 'response-started' })
      body = reading === 'refusal' ? refusalReader(head) : reading === 'whole' ? wholeReader(head) : streamReader(head)
    },
    bytes: (chunk) => body?.push(chunk) ?? true,
    end: () => body?.end(),
    broke: (observation) =>
      body === undefined ? tell({ type: 'failed', failure: classify(observation) }) : body.broke(observation),
  }
  const exchange: Exchange = openExchange(spec.pools, spec.reach, spec.request, listener)

  return {
    commit(opening) {
      if (whole !== undefined) view.whole(whole.head.status, spec.headersFor(whole.head), whole.body)
      else hold?.commit(opening)
    },
    releaseOpening: () => hold?.releaseOpening(),
    resume() {
      hold?.unblock()
      exchange.resume()
    },
    cancel: () => exchange.cancel(),
    supplyEnd() {
      if (last?.step === 'failed' && last.closing !== undefined) hold?.body(last.closing)
    },
    refusal: () => refused,
    errorEvent: () => (last?.step === 'failed' ? last.event : undefined),
    usage: () => whole?.usage ?? last?.usage ?? {},
  }
}

/** How the answer's body is to be read, or what is wrong with it already. */
function readerKind({ status, headers }: AnswerHead, stream: boolean): 'refusal' | 'whole' | 'stream' | Observation {
  if (status < 200 || status > 299) return 'refusal'
  const type = headers['content-type']?.toLowerCase() ?? ''
  if (type.startsWith('text/html')) return { seen: 'bad-response', reason: 'html' }
  const isEvents = type.startsWith('text/event-stream')
  if (stream && isEvents) return 'stream'
  // Some upstreams answer a stream request with one JSON body: an error, or the whole answer at once.
  if (type.includes('json') || (!isEvents && !stream)) return 'whole'
  return { seen: 'bad-response', reason: 'content-type' }
}

interface Collected {
  /** `false`: longer than the limit; the rest is dropped. */
  add(chunk: Buffer): boolean
  bytes(): Buffer
}

function collect(limitBytes: number): Collected {
  const chunks: Buffer[] = []
  let length = 0
  return {
    add(chunk) {
      length += chunk.length
      if (length <= limitBytes) chunks.push(chunk)
      return length <= limitBytes
    },
    bytes: () => (chunks.length === 1 ? (chunks[0] as Buffer) : Buffer.concat(chunks)),
  }
}

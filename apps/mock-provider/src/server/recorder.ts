import type { MockRequest } from '../answer/request.ts'
import type { Choice } from '../script/choose.ts'
import type { MockClock } from './clock.ts'

/** A request as it was received, and how it ended. Filled in as things happen. */
export interface RecordedRequest extends MockRequest {
  /** The request target, byte for byte. */
  readonly url: string
  readonly httpVersion: string
  /** Header lines in the order and with the letters they came with. */
  readonly rawHeaders: readonly (readonly [name: string, value: string])[]
  /** The body as text. */
  readonly text: string
  /** The provider's name, on paths of the predecessor's harness. */
  readonly provider: string | undefined
  /** Monotonic milliseconds; those that have not happened are `undefined`. */
  readonly receivedMs: number
  readonly bodyMs: number | undefined
  readonly endedMs: number | undefined
  /** When the client left, if it did so before the answer was whole. */
  readonly clientLeftMs: number | undefined
  /**
   * `answered`: to the last byte. `broken`: ended by the script before its time. `client-left`: the client was faster.
   * `refused`: the connection was reset because it was used again.
   */
  readonly outcome: 'receiving' | 'answering' | 'answered' | 'broken' | 'client-left' | 'refused'
  /** The rule's index, or why another answer was chosen. */
  readonly answeredBy: Extract<Choice, { kind: 'answer' }>['by'] | 'ordinary' | undefined
  readonly bytesSent: number
  /** What is wrong with the script, if the answer could not be made. */
  readonly problem: string | undefined
  /** Resolves when the request has ended, one way or another. */
  readonly ended: Promise<void>
}

/** The recorder's own view: everything may be written. */
export type OpenRecord = { -readonly [K in keyof RecordedRequest]: RecordedRequest[K] } & { finish(): void }

/** What is known when the head of a request is in. */
export type RecordHead = Omit<MockRequest, 'number' | 'json' | 'body'> &
  Pick<RecordedRequest, 'url' | 'httpVersion' | 'rawHeaders' | 'provider'>

/** Keeps what was received, and lets tests wait for it. */
export interface Recorder {
  readonly requests: readonly RecordedRequest[]
  open(head: RecordHead): OpenRecord
  /** The body is in: `next` may hand the request out. */
  received(record: OpenRecord): void
  /** @param leftMs when the client left, if it did. */
  end(record: OpenRecord, outcome: RecordedRequest['outcome'], leftMs?: number): void
  /** The next request that `next` has not handed out yet, once its body is in. */
  next(timeoutMs: number): Promise<RecordedRequest>
  /** Resolves when nothing is being received or answered. */
  idle(): Promise<void>
  /** Forgets everything; numbers start again at 1. Requests under way are finished, but no longer listed. */
  clear(): void
}

/** Makes an empty recorder that keeps the last `keep` requests. */
export function createRecorder(clock: MockClock, keep: number): Recorder {
  let requests: OpenRecord[] = []
  let ready: OpenRecord[] = []
  let active = 0
  let count = 0
  const waiting: ((record: RecordedRequest) => void)[] = []
  const idleWaiting: (() => void)[] = []
  return {
    get requests() {
      return requests
    },
    open(head) {
      count += 1
      active += 1
      const record = openRecord(head, count, clock.nowMs())
      requests.push(record)
      if (requests.length > keep) requests.shift()
      return record
    },
    received(record) {
      record.bodyMs = clock.nowMs()
      record.outcome = 'answering'
      const waiter = waiting.shift()
      if (waiter !== undefined) return waiter(record)
      ready.push(record)
      if (ready.length > keep) ready.shift()
    },
    end(record, outcome, leftMs) {
      record.endedMs = clock.nowMs()
      record.outcome = outcome
      if (outcome === 'client-left') record.clientLeftMs = leftMs ?? record.endedMs
      active -= 1
      record.finish()
      if (active === 0) for (const resolve of idleWaiting.splice(0)) resolve()
    },
    next(timeoutMs) {
      const record = ready.shift()
      if (record !== undefined) return Promise.resolve(record)
      return new Promise((resolve, reject) => {
        const waiter = (found: RecordedRequest) => {
          clearTimeout(timer)
          resolve(found)
        }
        const timer = setTimeout(() => {
          waiting.splice(waiting.indexOf(waiter), 1)
          reject(new Error(`no request arrived within ${timeoutMs} ms; ${requests.length} arrived before`))
        }, timeoutMs)
        waiting.push(waiter)
      })
    },
    idle() {
      return active === 0 ? Promise.resolve() : new Promise((resolve) => idleWaiting.push(resolve))
    },
    clear() {
      requests = []
      ready = []
      count = 0
    },
  }
}

function openRecord(head: RecordHead, number: number, receivedMs: number): OpenRecord {
  let finish = (): void => undefined
  const ended = new Promise<void>((resolve) => {
    finish = resolve
  })
  return {
    ...head,
    number,
    body: new Uint8Array(),
    json: undefined,
    text: '',
    receivedMs,
    bodyMs: undefined,
    endedMs: undefined,
    clientLeftMs: undefined,
    outcome: 'receiving',
    answeredBy: undefined,
    bytesSent: 0,
    problem: undefined,
    ended,
    finish,
  }
}

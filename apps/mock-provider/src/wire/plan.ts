import type { HeaderLine } from '../answer/answer-headers.ts'
import { withHeaders } from '../answer/answer-headers.ts'
import type { Composed } from '../answer/compose.ts'
import { pingOf } from '../answer/edits.ts'
import { randomNumbers } from '../answer/seeded.ts'
import type { Answer } from '../script/answer.ts'
import type { Ending } from '../script/course.ts'
import type { Dialect } from '../script/script.ts'
import { cutFrames, slowFrames, splitFrames } from './cutting.ts'
import { encodeBody } from './encoding.ts'
import { type Frame, framesOf, sizeOf } from './frame.ts'
import { chunkBytes, headBytes, lastChunk } from './head.ts'

/**
 * Everything an answer does on the wire, byte for byte, with nothing left to decide: the player only writes, waits and
 * closes. `bytes` is one write; `fill` is one pattern written many times.
 */
export interface BytePlan {
  readonly steps: readonly Frame[]
  readonly end: PlanEnd
  /** False where the script ends the answer before its time. */
  readonly whole: boolean
}

/** What happens to the connection after the last byte. */
export type PlanEnd =
  | { readonly kind: 'keep'; readonly resetOnReuse: boolean }
  | { readonly kind: 'close' }
  | { readonly kind: 'half-close' }
  | { readonly kind: 'reset' }
  | { readonly kind: 'stall' }
  | { readonly kind: 'pings'; readonly bytes: Uint8Array; readonly everyMs: number }

/** What the plan must know of the request and of the script. */
export interface Delivery {
  readonly dialect: Dialect
  readonly method: string
  /** Whether the client said that this is the connection's last request. */
  readonly lastRequest: boolean
  /** False for HTTP/1.0, which knows no chunks. */
  readonly chunksAllowed: boolean
  readonly paceMs: number
  readonly seed: number
  readonly requestNumber: number
}

const DEFAULT_PING_MS = 1000

/**
 * A reset overtakes what the client has not read yet: without a pause, the bytes before it arrive by luck, and a client that
 * gets both at once may even take the reset for a proper end (libuv does).
 */
export const RESET_GRACE_MS = 25

/** Lays out an answer as bytes. Pure: the same answer and delivery give the same plan. */
export function planBytes(composed: Composed, delivery: Delivery): BytePlan {
  const { answer } = composed
  const start = delayOf(answer, delivery)
  const paceMs = answer.paceMs ?? delivery.paceMs
  const pings: PlanEnd = {
    kind: 'pings',
    bytes: new Uint8Array(),
    everyMs: answer.paceMs === undefined || answer.paceMs === 0 ? DEFAULT_PING_MS : answer.paceMs,
  }
  if (composed.beforeHead !== undefined) return { steps: start, end: endOf(composed.beforeHead, pings), whole: false }

  const body = bodyFrames(composed, paceMs)
  const ending = body.ending
  const framing = framingOf(composed, delivery)
  const persistence = persistenceOf(answer, framing, delivery)
  const head = answer.rawHead === undefined ? headFor(composed, body, framing, persistence) : bytesOf(answer.rawHead)
  const informational = (answer.informational ?? []).map(({ status, headers }) =>
    headBytes(status, undefined, Object.entries(headers ?? {})),
  )
  const heads: readonly Frame[] = [...informational, head].map((bytes) => ({ kind: 'bytes', bytes }))
  if (delivery.method === 'HEAD')
    return { steps: [...start, ...heads], end: wholeEnd(answer, persistence.stays), whole: true }

  const chunked = framing === 'chunked' && answer.rawHead === undefined
  const framed = delayedAndSplit(body.frames, answer, delivery).map((frame) => (chunked ? inChunk(frame) : frame))
  const finished = ending === undefined || ending === 'clean'
  const tail: readonly Frame[] = chunked && finished ? [{ kind: 'bytes', bytes: lastChunk }] : []
  const second: readonly Frame[] =
    finished && answer.afterwards === 'second-response' ? [{ kind: 'bytes', bytes: SECOND_RESPONSE }] : []
  const wire = onWire([...heads, ...framed, ...tail, ...second], answer, delivery)
  const whole = ending === undefined
  if (finished) return { steps: [...start, ...wire], end: wholeEnd(answer, persistence.stays), whole }
  if (ending === 'reset')
    return { steps: [...start, ...wire, { kind: 'pause', ms: RESET_GRACE_MS }], end: { kind: 'reset' }, whole }
  const ping = pingBytes(composed, delivery.dialect)
  return {
    steps: [...start, ...wire],
    end: endOf(ending, { ...pings, bytes: chunked ? chunkBytes(ping) : ping }),
    whole,
  }
}

/** The answer nobody asked for; whoever reads it as the answer to the next request shows that it does not check. */
export const SECOND_RESPONSE: Uint8Array = (() => {
  const body = '{"type":"error","error":{"type":"api_error","message":"this answers no request"}}'
  const head = `HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n`
  return Buffer.from(head + body, 'latin1')
})()

interface BodyFrames {
  readonly frames: readonly Frame[]
  readonly ending: Ending | undefined
  /** The size of the whole body, whether or not all of it is sent. */
  readonly wholeSize: number
  readonly label: string | undefined
}

function bodyFrames(composed: Composed, paceMs: number): BodyFrames {
  const { answer, body } = composed
  const plain: readonly Frame[] =
    body.kind === 'stream' ? framesOf(body.parts, answer.sse ?? {}, paceMs) : [{ kind: 'bytes', bytes: body.bytes }]
  const encoded = encodeBody(plain, answer.encoding)
  const reachesEnd = composed.ending === undefined || composed.ending === 'clean'
  const closing: readonly Frame[] =
    reachesEnd && encoded.trailer.length > 0 ? [{ kind: 'bytes', bytes: encoded.trailer }] : []
  const whole = [...encoded.frames, ...closing]
  const wholeSize = sizeOf(whole)
  const { label } = encoded
  if (composed.cut === undefined || composed.cut.byte >= wholeSize) {
    return { frames: whole, ending: composed.ending, wholeSize, label }
  }
  const frames = cutFrames(whole, composed.cut.byte)
  const { ending } = composed.cut
  // A proper end on the level of HTTP: what was sent is all that was promised.
  return { frames, ending, wholeSize: ending === 'clean' ? sizeOf(frames) : wholeSize, label }
}

type Framing = NonNullable<Answer['framing']>

function framingOf({ answer, body }: Composed, delivery: Delivery): Framing {
  const wholeByDefault = answer.lengthOff !== undefined || body.kind === 'whole'
  const framing = answer.framing ?? (wholeByDefault ? 'length' : 'chunked')
  return framing === 'chunked' && !delivery.chunksAllowed ? 'until-close' : framing
}

/** Whether the connection waits for another request after a whole answer, and whether the client is told if it does not. */
interface Persistence {
  readonly stays: boolean
  readonly told: boolean
}

function persistenceOf(answer: Answer, framing: Framing, delivery: Delivery): Persistence {
  const told = answer.afterwards === 'close' || framing === 'until-close' || delivery.lastRequest
  const untold = answer.afterwards === 'drop' || answer.early === 'stop-reading' || (answer.lengthOff ?? 0) > 0
  return { stays: !told && !untold, told }
}

function headFor(composed: Composed, body: BodyFrames, framing: Framing, persistence: Persistence): Uint8Array {
  const { answer } = composed
  const lines: readonly HeaderLine[] = [
    ...composed.headers,
    ...(body.label === undefined ? [] : [['content-encoding', body.label] as const]),
    ...(framing === 'length' ? [['content-length', String(body.wholeSize + (answer.lengthOff ?? 0))] as const] : []),
    ...(framing === 'chunked' ? [['transfer-encoding', 'chunked'] as const] : []),
    ...(persistence.told ? [['connection', 'close'] as const] : []),
  ]
  // What the script says about framing wins, also where it is wrong.
  const own = Object.entries(answer.headers ?? {}).filter(([name]) => FRAMING_HEADERS.includes(name.toLowerCase()))
  return headBytes(composed.status, composed.statusText, withHeaders(lines, Object.fromEntries(own)))
}

const FRAMING_HEADERS: readonly string[] = ['content-length', 'transfer-encoding', 'content-encoding', 'connection']

function wholeEnd(answer: Answer, stays: boolean): PlanEnd {
  return stays ? { kind: 'keep', resetOnReuse: answer.afterwards === 'reset-on-reuse' } : { kind: 'close' }
}

function endOf(ending: Ending, pings: PlanEnd): PlanEnd {
  if (ending === 'pings') return pings
  return ending === 'clean' ? { kind: 'close' } : { kind: ending }
}

function delayOf(answer: Answer, delivery: Delivery): readonly Frame[] {
  const next = randomNumbers('delay', delivery.seed, delivery.requestNumber)
  const jitterMs = (answer.delayJitterMs ?? 0) * (2 * next() - 1)
  const ms = Math.max(0, (answer.delayMs ?? 0) + jitterMs)
  return ms === 0 ? [] : [{ kind: 'pause', ms }]
}

function delayedAndSplit(frames: readonly Frame[], answer: Answer, delivery: Delivery): readonly Frame[] {
  const ofBody = answer.split !== undefined && answer.split.of !== 'wire'
  const split = ofBody && answer.split !== undefined ? splitFrames(frames, answer.split, splitSeed(delivery)) : frames
  const filled = split.filter((frame) => frame.kind !== 'bytes' || frame.bytes.length > 0)
  return answer.bytesPerSecond === undefined ? filled : slowFrames(filled, answer.bytesPerSecond)
}

function onWire(frames: readonly Frame[], answer: Answer, delivery: Delivery): readonly Frame[] {
  if (answer.split?.of !== 'wire') return frames
  return splitFrames(frames, answer.split, splitSeed(delivery))
}

function splitSeed(delivery: Delivery): number {
  return delivery.seed * 1_000_003 + delivery.requestNumber
}

function inChunk(frame: Frame): Frame {
  if (frame.kind === 'pause') return frame
  return { ...frame, bytes: chunkBytes(frame.bytes) }
}

function pingBytes(composed: Composed, dialect: Dialect): Uint8Array {
  const frame = framesOf([pingOf(dialect)], composed.answer.sse ?? {}, 0).find((each) => each.kind === 'bytes')
  return frame?.kind === 'bytes' ? frame.bytes : new Uint8Array()
}

function bytesOf(text: string): Uint8Array {
  return Buffer.from(text, 'latin1')
}

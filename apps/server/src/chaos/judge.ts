import type { Seen } from './matrix-run.ts'
import type { RecordedStream, UpstreamDialect } from './recorded-streams.ts'
import { type Progress, progressAfter, type StreamFault } from './stream-fault.ts'

/** One case of the matrix: who asks, and how the first provider's stream breaks. */
export interface StreamCase {
  readonly stream: RecordedStream
  readonly index: number
  readonly fault: StreamFault
  /** Whether this client sends a dropped request again by itself. */
  readonly retriesDrops: boolean
  /** What a client gets of this stream when nothing breaks. */
  readonly wholeOfFirst: Buffer
  /** The second provider's whole answer. */
  readonly wholeOfSecond: Buffer
}

/** No gap between two bytes may be longer; the timers that keep to it are whole milliseconds. */
const SILENCE_MAX_MS = 10_000 + 2

/**
 * What is wrong with what a client saw, by the rules (a) to (f) of the stream matrix; empty: nothing.
 *
 * (a) at most one opening; (b) the bytes of one attempt only; (c) before content, the second's whole answer; (d) from content on,
 * one error event or a cut and no fabricated end; (e) no silence over ten seconds; (f) success only for an answer that was whole.
 */
export function violations(one: StreamCase, seen: Seen): readonly string[] {
  const found: string[] = []
  // The upstream's own pings are passed on, and are no part of its answer.
  const text = one.fault.after === 'pings' ? withoutPings(seen.bytes.toString()) : seen.bytes.toString()
  const events = text.split(/(?<=\n\n)/).filter((event) => event !== '')
  const openings = events.filter((event) => typeOf(event) === 'message_start').length
  if (openings > 1) found.push(`(a) ${openings} openings`)
  const silenceMs = Math.round(seen.longestSilenceMs)
  if (silenceMs > SILENCE_MAX_MS) found.push(`(e) silence of ${silenceMs} ms`)
  const expected = endingFor(one, events)
  found.push(...judges[expected](one, seen, events))
  const outcomes = seen.outcomes.map(({ provider, outcome }) => `${provider} ${outcome.kind}`).join(', ')
  if (outcomes !== outcomesOf[expected]) found.push(`(f) reported ${outcomes}, not ${outcomesOf[expected]}`)
  return found.map((violation) => `${expected}: ${violation}`)
}

/** How a case must end. */
export type Expected = 'whole' | 'end-supplied' | 'finished' | 'second' | 'error' | 'cut'

/** A conversion closes its blocks later than its upstream: whether the client has a whole one is read off what it got. */
function endingFor(one: StreamCase, events: readonly string[]): Expected {
  const expected = expectedOf(one)
  if (one.stream.dialect === 'anthropic' || !one.retriesDrops || (expected !== 'cut' && expected !== 'error'))
    return expected
  return events.some((event) => typeOf(event) === 'content_block_stop') ? 'error' : 'cut'
}

/** How a case must end, read off the events that were sent. */
export function expectedOf({ stream, index, fault, retriesDrops }: StreamCase): Expected {
  const sent = stream.events.slice(0, index)
  const before = progressAfter(stream.dialect, sent)
  if (before.isWhole) return 'whole'
  const last = stream.events[index]
  const now = last === undefined ? before : afterNearlyWhole(stream, sent, last, fault, before)
  if (now.isWhole) return 'whole'
  const isOver = fault.after === 'end' || fault.after === 'reset'
  if (now.hasStopReason && isOver && isCleanCut(stream.dialect, fault))
    return stream.dialect === 'chat' ? 'finished' : 'end-supplied'
  if (!now.hasContent) return 'second'
  return retriesDrops && !before.hasWholeBlock ? 'cut' : 'error'
}

/** An event that lacks only its blank line counts where the answer is complete with it. */
function afterNearlyWhole(
  { dialect }: RecordedStream,
  sent: readonly Buffer[],
  last: Buffer,
  fault: StreamFault,
  before: Progress,
): Progress {
  if (fault.isNearlyWhole !== true || (fault.after !== 'end' && fault.after !== 'reset')) return before
  const after = progressAfter(dialect, [...sent, last])
  return dialect === 'chat' || after.isWhole || after.hasStopReason ? after : before
}

/** Whether nothing but a piece of the next event was sent: no error, nothing foreign. */
function isCleanCut(dialect: UpstreamDialect, { bytes, isNearlyWhole, isNotJson }: StreamFault): boolean {
  if (bytes === undefined || isNearlyWhole === true) return true
  // A relay passes what it does not understand, and is not broken by it.
  if (isNotJson === true) return dialect === 'anthropic'
  const probe = Buffer.from('event: a\ndata: {"type":"a"}\n\n')
  return probe.indexOf(bytes(probe, dialect, [Buffer.from('x')])) === 0
}

const outcomesOf: Readonly<Record<Expected, string>> = {
  whole: 'a succeeded',
  'end-supplied': 'a failed',
  finished: 'a succeeded',
  second: 'a failed, b succeeded',
  error: 'a failed',
  cut: 'a failed',
}

type Judge = (one: StreamCase, seen: Seen, events: readonly string[]) => string[]

const judges: Readonly<Record<Expected, Judge>> = {
  whole: ({ wholeOfFirst }, { bytes, ending, calls }) => [
    ...(bytes.equals(wholeOfFirst) ? [] : ['(b) not the first provider’s answer, byte for byte']),
    ...(ending === 'end' ? [] : [`(d) ended by ${ending}`]),
    ...(calls.has('http://b.test') ? ['(b) the second provider was asked'] : []),
  ],
  'end-supplied': ({ stream, index, fault }, { bytes, ending }, events) => [
    ...(typeOf(events.at(-1)) === 'message_stop' ? [] : ['(d) the closing event is missing']),
    ...(isPrefix(events.slice(0, -1).join(''), sentBytes(stream, index, fault))
      ? []
      : ['(b) other bytes than the first provider’s']),
    ...(bytes.length > 0 && ending === 'end' ? [] : [`(d) ended by ${ending}`]),
  ],
  // A chat stream's finish reason decides; only the counts that would have come behind it may be missing.
  finished: ({ wholeOfFirst }, { bytes, ending }) => [
    ...(withoutCounts(bytes) === withoutCounts(wholeOfFirst) ? [] : ['(b) not the first provider’s answer']),
    ...(ending === 'end' ? [] : [`(d) ended by ${ending}`]),
  ],
  second({ wholeOfFirst, wholeOfSecond }, { bytes, status, ending }, events) {
    const found = ending === 'end' && status === 200 ? [] : [`(c) status ${status}, ended by ${ending}`]
    if (bytes.equals(wholeOfSecond)) return found
    const kept = isPrefix(events[0] ?? '', wholeOfFirst) && sameAfterOpening(events, eventsOf(wholeOfSecond))
    return kept ? found : [...found, '(c) not the second provider’s whole answer']
  },
  error({ wholeOfFirst, stream, index, fault }, { ending, calls }, events) {
    const shown = events.slice(0, -1).join('')
    const sent = stream.dialect === 'anthropic' ? sentBytes(stream, index, fault) : wholeOfFirst
    return [
      ...(typeOf(events.at(-1)) === 'error' ? [] : ['(d) no error event at the end']),
      ...(events.filter((event) => typeOf(event) === 'error').length === 1 ? [] : ['(d) not exactly one error event']),
      ...endsNowhere(events),
      ...(isAsSent(fault, shown, sent) ? [] : ['(b) other bytes than the first provider’s']),
      ...(ending === 'end' ? [] : [`(d) ended by ${ending}`]),
      ...(calls.has('http://b.test') ? ['(b) the second provider was asked'] : []),
    ]
  },
  cut({ wholeOfFirst, stream, index, fault }, { ending, bytes, calls }, events) {
    const sent = stream.dialect === 'anthropic' ? sentBytes(stream, index, fault) : wholeOfFirst
    return [
      ...(ending === 'cut' ? [] : [`(d) ended by ${ending}`]),
      ...endsNowhere(events),
      ...(events.some((event) => typeOf(event) === 'error') ? ['(d) an error event before the cut'] : []),
      ...(isAsSent(fault, bytes.toString(), sent) ? [] : ['(b) other bytes than the first provider’s']),
      ...(calls.has('http://b.test') ? ['(b) the second provider was asked'] : []),
    ]
  },
}

function endsNowhere(events: readonly string[]): string[] {
  return events.some((event) => typeOf(event) === 'message_stop') ? ['(d) a fabricated end'] : []
}

/** The second's answer under the first's opening: all events but the opening are the second's, and its counts are right. */
function sameAfterOpening(events: readonly string[], second: readonly string[]): boolean {
  if (typeOf(events[0]) !== 'message_start' || events.length !== second.length) return false
  return events.slice(1).every((event, at) => {
    const other = second[at + 1] ?? ''
    if (event === other) return true
    return typeOf(event) === 'message_delta' && typeOf(other) === 'message_delta'
  })
}

function sentBytes({ events, dialect }: RecordedStream, index: number, fault: StreamFault): Buffer {
  const instead = fault.bytes?.(events[index] ?? Buffer.from('\n\n'), dialect, events)
  const rest = fault.isNearlyWhole === true ? [Buffer.from('\n\n')] : []
  return Buffer.concat([...events.slice(0, index), ...(instead === undefined ? [] : [instead]), ...rest])
}

function withoutPings(text: string): string {
  return text.replaceAll(/event: ping\ndata: .*\n\n/g, '')
}

function withoutCounts(bytes: Buffer): string {
  return bytes.toString().replaceAll(/"usage":\{.*\}/g, '')
}

/** Pings are no part of an answer. */
function isAsSent({ after }: StreamFault, text: string, sent: Buffer | string): boolean {
  return after === 'pings' ? isPrefix(withoutPings(text), withoutPings(sent.toString())) : isPrefix(text, sent)
}

function isPrefix(text: string, whole: Buffer | string): boolean {
  const bytes = Buffer.from(text)
  return Buffer.from(whole).subarray(0, bytes.length).equals(bytes)
}

function eventsOf(bytes: Buffer): string[] {
  return bytes
    .toString()
    .split(/(?<=\n\n)/)
    .filter((event) => event !== '')
}

function typeOf(event: string | undefined): string {
  return /^data: ?\{"type": ?"(\w+)"/m.exec(event ?? '')?.[1] ?? ''
}

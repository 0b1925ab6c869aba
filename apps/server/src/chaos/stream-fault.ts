import { pings } from '../egress/client-view.ts'
import { dataOf, type UpstreamDialect } from './recorded-streams.ts'
import type { Act } from './scripted-pools.ts'

/** What goes wrong with a stream in the place of one of its events. */
export interface StreamFault {
  /** Sent in the event's place: a part of it, something else, or nothing. */
  readonly bytes?: (event: Buffer, dialect: UpstreamDialect, events: readonly Buffer[]) => Buffer
  /** What follows. */
  readonly after: 'end' | 'reset' | 'silence' | 'pings'
  /** Whether `bytes` are the event but for its blank line. */
  readonly isNearlyWhole?: boolean
  /** Whether `bytes` are an event whose data nobody can read. */
  readonly isNotJson?: boolean
  /** The only dialect in which it means anything. */
  readonly only?: UpstreamDialect
}

const overloaded = { type: 'overloaded_error', message: 'Overloaded' }
const errorText = (error: object): string => JSON.stringify({ type: 'error', error })

function errorEvent(error: object): NonNullable<StreamFault['bytes']> {
  return (_, dialect) =>
    Buffer.from(
      dialect === 'anthropic'
        ? `event: error\ndata: ${errorText(error)}\n\n`
        : `data: ${JSON.stringify({ error: { ...error, code: null } })}\n\n`,
    )
}

const part =
  (share: number): NonNullable<StreamFault['bytes']> =>
  (event) =>
    event.subarray(0, Math.max(1, Math.floor(event.length * share)))
const allButBlankLine: NonNullable<StreamFault['bytes']> = (event) => event.subarray(0, event.length - 2)
const notJson: NonNullable<StreamFault['bytes']> = (_, dialect) =>
  Buffer.from(
    dialect === 'anthropic'
      ? 'event: content_block_delta\ndata: {"type":"content_block_delta","index":0,"del\n\n'
      : 'data: {"id":"x","choices":[{"del\n\n',
  )

/** Every way in which a stream may break at an event. */
export const streamFaults: Readonly<Record<string, StreamFault>> = {
  'proper end of the body': { after: 'end' },
  reset: { after: 'reset' },
  silence: { after: 'silence' },
  'pings for ever': { after: 'pings' },
  'overloaded_error event': { bytes: errorEvent(overloaded), after: 'end' },
  'overloaded_error event, connection kept': { bytes: errorEvent(overloaded), after: 'silence' },
  'api_error event': { bytes: errorEvent({ type: 'api_error', message: 'Internal server error' }), after: 'end' },
  'rate_limit_error event': { bytes: errorEvent({ type: 'rate_limit_error', message: 'Slow down' }), after: 'reset' },
  'one byte, then the end': { bytes: part(0), after: 'end' },
  'half an event, then the end': { bytes: part(0.5), after: 'end' },
  'half an event, then a reset': { bytes: part(0.5), after: 'reset' },
  'half an event, then silence': { bytes: part(0.5), after: 'silence' },
  'an event without its blank line, then the end': { bytes: allButBlankLine, after: 'end', isNearlyWhole: true },
  'an event without its blank line, then a reset': { bytes: allButBlankLine, after: 'reset', isNearlyWhole: true },
  'the opening once more': { bytes: (_, __, events) => events[0] as Buffer, after: 'end', only: 'anthropic' },
  'an event that is no JSON': { bytes: notJson, after: 'end', isNotJson: true },
}

/** What an upstream may do instead of a stream. */
export const headFaults: Readonly<Record<string, readonly Act[]>> = {
  'connection refused': [{ act: 'error', code: 'ECONNREFUSED' }],
  'connect timeout': [{ act: 'error', code: 'UND_ERR_CONNECT_TIMEOUT' }],
  'no such host': [{ act: 'error', code: 'ENOTFOUND' }],
  'reset before a byte': [{ act: 'error', code: 'ECONNRESET' }],
  'silence before a byte': [],
  ...Object.fromEntries(
    [500, 502, 503, 504, 520, 521, 522, 523, 524, 529, 429, 402, 401, 408, 425].map((status) => [
      `status ${status}`,
      answer(status, 'application/json', errorText({ type: 'api_error', message: `status ${status}` })),
    ]),
  ),
  'status 403 with a page': answer(403, 'text/html', '<html>no</html>'),
  'status 200 with a page': answer(200, 'text/html', '<html>yes</html>'),
  'status 200 with nothing': answer(200, 'text/event-stream', ''),
  'status 200 with an error in JSON': answer(200, 'application/json', errorText(overloaded)),
  'status 200 with half a JSON': answer(200, 'application/json', '{"type":"message","content":[{"ty'),
  'a redirect': answer(307, 'text/plain', ''),
}

function answer(status: number, type: string, body: string): readonly Act[] {
  const bytes = Buffer.from(body)
  return [{ act: 'head', status, headers: { 'content-type': type } }, { act: 'bytes', bytes }, { act: 'end' }]
}

/** How the network cuts what an upstream sends. `roll`: chance in [0, 1). */
export type Cutting = (events: readonly Buffer[], roll: () => number) => readonly Act[]

const read: Act = { act: 'read' }
const oneByOne = (pieces: readonly Buffer[]): Act[] =>
  pieces.flatMap((bytes) => [{ act: 'bytes', bytes } as const, read])

/** The cuttings of the matrix. */
export const cuttings: Readonly<Record<string, Cutting>> = {
  'event by event': oneByOne,
  'in one read': (events) => [{ act: 'bytes', bytes: Buffer.concat(events) }, read],
  'several chunks a read': (events) => [...events.map((bytes) => ({ act: 'bytes', bytes }) as const), read],
  anywhere: (events, roll) => oneByOne(pieces(Buffer.concat(events), () => 1 + Math.floor(roll() ** 3 * 400))),
  'every byte': (events) => oneByOne(pieces(Buffer.concat(events), () => 1)),
}

function pieces(bytes: Buffer, lengthOfNext: () => number): Buffer[] {
  const cut: Buffer[] = []
  for (let start = 0; start < bytes.length; ) {
    const end = start + lengthOfNext()
    cut.push(bytes.subarray(start, end))
    start = end
  }
  return cut
}

/** What an upstream does that sends `events` and breaks in the place of the one at `index`. */
export function brokenStream(
  dialect: UpstreamDialect,
  events: readonly Buffer[],
  index: number,
  fault: StreamFault,
  cut: (events: readonly Buffer[]) => readonly Act[],
): readonly Act[] {
  const instead = fault.bytes?.(events[index] ?? Buffer.from('\n\n'), dialect, events)
  const sent = events.slice(0, index)
  return [
    { act: 'head', status: 200, headers: { 'content-type': 'text/event-stream' } },
    ...cut(instead === undefined ? sent : [...sent, instead]),
    ...ends[fault.after](dialect),
  ]
}

/** What an upstream does that sends all of it. */
export function wholeStream(
  events: readonly Buffer[],
  cut: (events: readonly Buffer[]) => readonly Act[],
): readonly Act[] {
  return [
    { act: 'head', status: 200, headers: { 'content-type': 'text/event-stream' } },
    ...cut(events),
    { act: 'end' },
  ]
}

const ends: Readonly<Record<StreamFault['after'], (dialect: UpstreamDialect) => readonly Act[]>> = {
  end: () => [{ act: 'end' }],
  reset: () => [{ act: 'error', code: 'ECONNRESET' }],
  silence: () => [],
  pings: (dialect) => [{ act: 'every-second', bytes: pings[dialect] }],
}

/** What a client knows by an upstream's first events. */
export interface Progress {
  readonly hasContent: boolean
  readonly hasWholeBlock: boolean
  /** The answer is whole but for its closing event. */
  readonly hasStopReason: boolean
  readonly isWhole: boolean
}

/** Read off the events themselves, by eye, and not by what lb makes of them. */
export function progressAfter(dialect: UpstreamDialect, events: readonly Buffer[]): Progress {
  return facts[dialect](events.map(seenIn))
}

/** Each event is looked at for thousands of cases. */
const seenBefore = new WeakMap<Buffer, Seen>()

function seenIn(event: Buffer): Seen {
  const before = seenBefore.get(event)
  if (before !== undefined) return before
  const seen = { text: event.toString(), data: JSON.stringify(dataOf(event) ?? null) }
  seenBefore.set(event, seen)
  return seen
}

interface Seen {
  readonly text: string
  readonly data: string
}

const facts: Readonly<Record<UpstreamDialect, (seen: readonly Seen[]) => Progress>> = {
  anthropic(seen) {
    const has = (pattern: RegExp): boolean => seen.some(({ data }) => pattern.test(data))
    return {
      hasContent: has(/^\{"type":"(content_block_delta|content_block_stop|message_delta)"/),
      hasWholeBlock: has(/^\{"type":"content_block_stop"/),
      hasStopReason: has(/^\{"type":"message_delta".*"stop_reason":"/),
      isWhole: has(/^\{"type":"message_stop"/),
    }
  },
  chat(seen) {
    const has = (pattern: RegExp): boolean => seen.some(({ data }) => pattern.test(data))
    const isWhole = seen.some(({ text }) => /^data: ?\[DONE\]/m.test(text))
    const hasStopReason = has(/"finish_reason":"/)
    const says = has(/"(content|reasoning|reasoning_content|text)":"[^"]|"arguments":"(?!\{\}")[^"]/)
    // Some vendors begin the arguments of a call with an empty object that is none: only more of the calls, or the end, tells.
    const emptyAt = seen.findIndex(({ data }) => /"arguments":"\{\}"/.test(data))
    const goesOn = emptyAt !== -1 && seen.slice(emptyAt + 1).some(({ data }) => /"tool_calls":\[/.test(data))
    const hasContent = says || goesOn || (hasStopReason && emptyAt === -1)
    return { hasContent, hasWholeBlock: hasStopReason, hasStopReason, isWhole }
  },
}

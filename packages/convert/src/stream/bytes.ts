import { createSseDecoder, isJsonObject, type Json, parseJson, type SseEvent, type SseLimits } from '@lb/protocol'
import { createBodySniffer } from './body-sniffer.ts'
import type { StreamConverter, StreamReport } from './report.ts'

/**
 * A stream conversion over bytes: the upstream's bytes in, cut anywhere; the client's bytes out, one piece for each piece
 * that came in.
 */
export interface ByteStreamConverter {
  push(bytes: Uint8Array): Uint8Array
  /** Ends the stream with what the caller saw, e.g. `{ message: 'connection reset' }`. */
  fail(error: Json): Uint8Array
  /** The upstream closed the connection. */
  end(): Uint8Array
  report(): ByteStreamReport
}

/** What a host wants to know about a stream of bytes. */
export interface ByteStreamReport extends StreamReport {
  /** Comments and other signs of life that are no events. A caller may answer each with a `ping`. */
  readonly signsOfLife: number
}

/** What an upstream's dialect says about its events. */
export interface SseDialect {
  readonly limits?: SseLimits
  /** Reads the data of an event. `undefined`: it is no JSON. */
  readonly parse?: (data: string) => Json | undefined
  /** The event that says what a whole answer says. @defaultValue the answer itself */
  readonly asEvent?: (body: Json) => Json
  /** The event that ends it. @defaultValue none but the end mark */
  readonly asEnd?: Json
}

/**
 * Puts an SSE decoder before a conversion and an encoder behind it.
 *
 * Some servers answer with a whole JSON body, or with a web page, where a stream was promised: a whole answer becomes a
 * stream, an error an error.
 */
export function overSse<Event>(
  converter: StreamConverter<Event>,
  encode: (events: readonly Event[]) => string,
  dialect: SseDialect,
): ByteStreamConverter {
  const { parse = parseData } = dialect
  const decoder = createSseDecoder(dialect.limits)
  const sniffer = createBodySniffer()
  const encoder = new TextEncoder()
  let signsOfLife = 0
  const written = (events: readonly Event[]): Uint8Array =>
    events.length === 0 ? nothing : encoder.encode(encode(events))
  const failed = (message: string): readonly Event[] => converter.fail({ message })

  function read(event: SseEvent): readonly Event[] {
    // Some servers keep a connection alive with data that has nothing in it.
    if (event.data !== undefined && event.data.trim() !== '') return readData(event.event, event.data)
    signsOfLife += 1
    return []
  }

  function readData(name: string | undefined, data: string): readonly Event[] {
    if (isMark(data)) return converter.done()
    const json = parse(data)
    if (json === undefined) return failed(name === 'error' ? data : 'upstream sent an event that is not JSON')
    return name === 'error' && !saysError(json) ? converter.fail(json) : converter.push(json)
  }

  return {
    push(bytes) {
      if (sniffer.take(bytes))
        return written(sniffer.isTooLong() ? failed('upstream sent a body that is too long') : [])
      const { events, overflow } = decoder.push(bytes)
      const converted = events.flatMap(read)
      return written(overflow ? [...converted, ...failed('upstream sent an event that is too long')] : converted)
    },
    fail: (error) => written(converter.fail(error)),
    end() {
      const body = sniffer.body()
      if (body !== undefined) return written(wholeBody(body, converter, dialect))
      // An event without its blank line counts when it is whole: some servers end like that.
      const whole = decoder
        .end()
        .events.filter(({ data }) => !data?.trim() || isMark(data) || parse(data) !== undefined)
      return written([...whole.flatMap(read), ...converter.end()])
    },
    report: () => ({ ...converter.report(), signsOfLife }),
  }
}

const nothing: Uint8Array = /* @__PURE__ */ new Uint8Array(0)

/** A body that is no event stream: a web page, an error, or a whole answer. */
function wholeBody<Event>(body: string, converter: StreamConverter<Event>, dialect: SseDialect): readonly Event[] {
  const { parse = parseData, asEvent, asEnd } = dialect
  if (body.trimStart().startsWith('<'))
    return converter.fail({ message: 'upstream sent a web page instead of an answer' })
  const json = parse(body)
  if (json === undefined) return converter.fail({ message: 'upstream sent a body that is neither a stream nor JSON' })
  if (saysError(json)) return converter.push(json)
  const events = converter.push(asEvent === undefined ? json : asEvent(json))
  return [...events, ...(asEnd === undefined ? converter.done() : converter.push(asEnd))]
}

/** Reads JSON, and nothing else. */
export function parseData(data: string): Json | undefined {
  const parsed = parseJson(data)
  return parsed.ok ? parsed.value : undefined
}

function isMark(data: string): boolean {
  return data.trim() === '[DONE]'
}

function saysError(json: Json): boolean {
  if (!isJsonObject(json)) return false
  return json['type'] === 'error' || json['object'] === 'error' || (json['error'] ?? null) !== null
}

import { createSseDecoder, isJsonObject, type Json, parseJson, type SseEvent, type SseLimits } from '@lb/protocol'
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

/** The most that is kept of a body that should have been a stream. */
const MAX_BODY_BYTES = 16 * 1024 * 1024

/**
 * Puts an SSE decoder before a conversion and an encoder behind it.
 *
 * Some servers answer with a whole JSON body, or with a web page, where a stream was promised. Both are told by their first
 * character: a whole answer becomes a stream, an error an error.
 */
export function overSse<Event>(
  converter: StreamConverter<Event>,
  encode: (events: readonly Event[]) => string,
  dialect: SseDialect,
): ByteStreamConverter {
  const { parse = parseData, asEvent = (body: Json) => body } = dialect
  const decoder = createSseDecoder(dialect.limits)
  const encoder = new TextEncoder()
  let body: Uint8Array[] | undefined
  let bodyBytes = 0
  let isUndecided = true
  let signsOfLife = 0

  function read(event: SseEvent): readonly Event[] {
    if (event.data === undefined) {
      signsOfLife += 1
      return []
    }
    if (event.data.trim() === '[DONE]') return converter.done()
    const json = parse(event.data)
    if (json === undefined) return converter.fail({ message: 'upstream sent an event that is not JSON' })
    return event.event === 'error' && !saysError(json) ? converter.fail(json) : converter.push(json)
  }

  function keepBody(bytes: Uint8Array): readonly Event[] {
    bodyBytes += bytes.length
    if (bodyBytes > MAX_BODY_BYTES) return converter.fail({ message: 'upstream sent a body that is too long' })
    body?.push(bytes.slice())
    return []
  }

  function readBody(pieces: readonly Uint8Array[]): readonly Event[] {
    const text = joined(pieces, bodyBytes)
    if (text.trimStart().startsWith('<'))
      return converter.fail({ message: 'upstream sent a web page instead of an answer' })
    const json = parse(text)
    if (json === undefined) return converter.fail({ message: 'upstream sent a body that is neither a stream nor JSON' })
    if (saysError(json)) return converter.push(json)
    const events = converter.push(asEvent(json))
    return [...events, ...(dialect.asEnd === undefined ? converter.done() : converter.push(dialect.asEnd))]
  }

  function written(events: readonly Event[]): Uint8Array {
    return events.length === 0 ? nothing : encoder.encode(encode(events))
  }

  return {
    push(bytes) {
      if (isUndecided) {
        const first = bytes.find((byte) => !isBlank(byte))
        isUndecided = first === undefined
        if (first !== undefined && opensBody(first)) body = []
      }
      if (body !== undefined) return written(keepBody(bytes))
      const { events, overflow } = decoder.push(bytes)
      const converted = events.flatMap(read)
      return written(
        overflow
          ? [...converted, ...converter.fail({ message: 'upstream sent an event that is too long' })]
          : converted,
      )
    },
    fail: (error) => written(converter.fail(error)),
    end() {
      if (body !== undefined) return written(readBody(body))
      const { events } = decoder.end()
      // An event without its blank line counts when it is whole: some servers end like that.
      const whole = events.filter(
        (event) => event.data === undefined || event.data.trim() === '[DONE]' || parse(event.data) !== undefined,
      )
      return written([...whole.flatMap(read), ...converter.end()])
    },
    report: () => ({ ...converter.report(), signsOfLife }),
  }
}

const nothing: Uint8Array = new Uint8Array(0)

/** Reads JSON, and nothing else. */
export function parseData(data: string): Json | undefined {
  const parsed = parseJson(data)
  return parsed.ok ? parsed.value : undefined
}

function saysError(json: Json): boolean {
  return (
    isJsonObject(json) && (json['type'] === 'error' || json['object'] === 'error' || (json['error'] ?? null) !== null)
  )
}

/** White space, or a byte of the byte order mark. */
function isBlank(byte: number): boolean {
  return byte <= 0x20 || byte === 0xef || byte === 0xbb || byte === 0xbf
}

/** Whether a byte opens JSON or a page. No line of an event stream begins like that. */
function opensBody(byte: number): boolean {
  return byte === 0x7b || byte === 0x5b || byte === 0x3c
}

function joined(pieces: readonly Uint8Array[], length: number): string {
  const whole = new Uint8Array(length)
  let at = 0
  for (const piece of pieces) {
    whole.set(piece, at)
    at += piece.length
  }
  return new TextDecoder().decode(whole)
}

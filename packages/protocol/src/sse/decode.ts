import { createSseSplitter, type SseLimits } from './split.ts'

/**
 * One server-sent event, or a comment block.
 *
 * `event` is the `event:` line's value, absent when there was none. Anthropic always sends one, most others never do:
 * where the data is JSON with a `type`, that decides and not this line.
 */
export interface SseEvent {
  readonly event?: string
  /** The `data:` lines, joined by LF. Absent when the frame had none: then it is a comment, a sign of life only. */
  readonly data?: string
  /** The `id:` line's value. Carried, not interpreted: no LLM provider resumes a stream. */
  readonly id?: string
}

/** What {@link SseDecoder.end} found behind the last blank line. */
export interface SseEnd {
  /**
   * The last event when only its final blank line was missing: all of its lines are whole or its JSON is. Some servers
   * end like that. The caller decides by whether `data` parses.
   */
  readonly events: readonly SseEvent[]
  /** Bytes were left over: the stream was cut, or its last event lacks the final blank line. */
  readonly truncated: boolean
}

/** Bytes in, events out; any cutting of the bytes gives the same events. */
export interface SseDecoder {
  /** Takes the next bytes. `overflow` means an event grew over the limit; nothing more will come. */
  push(chunk: Uint8Array): { readonly events: readonly SseEvent[]; readonly overflow: boolean }
  /** Ends the stream. */
  end(): SseEnd
}

/**
 * Creates a decoder for one event stream.
 *
 * @example
 *   const decoder = createSseDecoder()
 *   decoder.push(bytes('event: ping\ndata: {"type":"pi')) // { events: [], overflow: false }
 *   decoder.push(bytes('ng"}\n\n')) // { events: [{ event: 'ping', data: '{"type":"ping"}' }], overflow: false }
 * @see https://html.spec.whatwg.org/multipage/server-sent-events.html#event-stream-interpretation
 */
export function createSseDecoder(limits: SseLimits = {}): SseDecoder {
  const splitter = createSseSplitter(limits)
  let first = true

  function decode(frame: Uint8Array, into: SseEvent[]): void {
    const event = decodeSseFrame(frame, first)
    first = false
    if (event !== undefined) into.push(event)
  }

  return {
    push(chunk) {
      const { frames, overflow } = splitter.push(chunk)
      const events: SseEvent[] = []
      for (const frame of frames) decode(frame, events)
      return { events, overflow }
    },
    end() {
      const rest = splitter.end()
      const events: SseEvent[] = []
      const truncated = hasContent(rest)
      if (truncated) decode(rest, events)
      return { events, truncated }
    },
  }
}

/**
 * Decodes one frame, as {@link createSseSplitter} cuts them.
 *
 * @param isFirst whether it is the stream's first frame, where a byte order mark may stand.
 * @returns the event; `undefined` for a frame of blank lines only. A frame without `data` is a comment.
 */
export function decodeSseFrame(frame: Uint8Array, isFirst = false): SseEvent | undefined {
  let text = utf8.decode(frame)
  if (isFirst && text.charCodeAt(0) === 0xfeff) text = text.slice(1)
  const fields: { event?: string; data?: string; id?: string } = {}
  let sawLine = false
  for (const line of lines(text)) {
    if (line === '') continue
    sawLine = true
    const colon = line.indexOf(':')
    const name = colon === -1 ? line : line.slice(0, colon)
    if (name === 'data') {
      const value = fieldValue(line, colon)
      fields.data = fields.data === undefined ? value : `${fields.data}\n${value}`
    } else if (name === 'event' || name === 'id') fields[name] = fieldValue(line, colon)
    // `retry`, comments (an empty name) and unknown fields mean nothing here.
  }
  return sawLine ? fields : undefined
}

// `ignoreBOM` keeps the mark in the text: it is stripped above, and only where the standard says so.
const utf8 = new TextDecoder('utf-8', { ignoreBOM: true })

/** The lines of a frame. CR is rare, so the usual frame is split natively and the general form is asked for only then. */
function lines(text: string): string[] {
  return text.includes('\r') ? text.split(/\r\n|\n|\r/) : text.split('\n')
}

/** The text behind a field's colon, without the one space that may follow it. A line without a colon has no value. */
function fieldValue(line: string, colon: number): string {
  if (colon === -1) return ''
  return line.slice(line[colon + 1] === ' ' ? colon + 2 : colon + 1)
}

function hasContent(rest: Uint8Array): boolean {
  return rest.some((byte) => byte !== 10 && byte !== 13)
}

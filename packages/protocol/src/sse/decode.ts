/**
 * One server-sent event, or a comment block.
 *
 * `event` is the `event:` line's value, absent when there was none. Anthropic always sends one, most others never do:
 * where the data is JSON with a `type`, that decides and not this line.
 */
export interface SseEvent {
  readonly event?: string
  /** The `data:` lines, joined by LF. Absent when there was none: then it is a comment, a sign of life only. */
  readonly data?: string
  /** The `id:` line's value. Carried, not interpreted: no LLM provider resumes a stream. */
  readonly id?: string
}

/** What {@link SseDecoder.push} found. */
export interface SseDecoded {
  readonly events: readonly SseEvent[]
  /** An event grew over the limit. The decoder then drops everything: the stream cannot be followed any more. */
  readonly overflow: boolean
}

/** What {@link SseDecoder.end} found behind the last blank line. */
export interface SseEnd {
  /** The last event when its final blank line was missing. Some servers end like that: its JSON tells whether it is whole. */
  readonly events: readonly SseEvent[]
  /** Text was left over: the stream was cut, or its last event lacks the final blank line. */
  readonly truncated: boolean
}

/** Bytes in, events out; any cutting of the bytes gives the same events. */
export interface SseDecoder {
  push(chunk: Uint8Array): SseDecoded
  end(): SseEnd
}

/** What a decoder refuses to hold. */
export interface SseLimits {
  /**
   * Longest event in characters, everything from one blank line to the next.
   * @defaultValue 16 Mi: an image that an answer carries inline fits; a stream without a line end does not fill the memory.
   */
  readonly maxEventLength?: number
}

const DEFAULT_MAX_EVENT_LENGTH = 16 * 1024 * 1024

/**
 * Creates a decoder for one event stream.
 *
 * Ours and not a library's: see docs/decisions/0002-own-sse-codec.md.
 *
 * @example
 *   const decoder = createSseDecoder()
 *   decoder.push(bytes('event: ping\ndata: {"type":"pi')) // { events: [], overflow: false }
 *   decoder.push(bytes('ng"}\n\n')) // { events: [{ event: 'ping', data: '{"type":"ping"}' }], overflow: false }
 * @see https://html.spec.whatwg.org/multipage/server-sent-events.html#event-stream-interpretation
 */
export function createSseDecoder(limits: SseLimits = {}): SseDecoder {
  const maxEventLength = limits.maxEventLength ?? DEFAULT_MAX_EVENT_LENGTH
  // A decoder for the whole stream keeps a character that the network cut until its rest comes.
  const utf8 = new TextDecoder()
  const lines = createLineBuffer()
  let pending = emptyEvent()
  let overflow = false

  function take(text: string): SseEvent[] {
    const events: SseEvent[] = []
    for (const line of lines.push(text)) {
      if (line !== '') readLine(line, pending)
      else if (pending.length > 0) {
        if (pending.length > maxEventLength) overflow = true
        else if (!overflow) events.push(pending.event)
        pending = emptyEvent()
      }
    }
    if (pending.length + lines.heldLength() > maxEventLength) overflow = true
    if (overflow) lines.clear()
    return events
  }

  return {
    push: (chunk) =>
      overflow ? { events: [], overflow } : { events: take(utf8.decode(chunk, { stream: true })), overflow },
    end() {
      if (overflow) return { events: [], truncated: true }
      const events = take(utf8.decode())
      // Completes a last line that has no end; where there is none, it would be a blank line.
      if (lines.heldLength() > 0) events.push(...take('\n'))
      const truncated = pending.length > 0
      return { events: truncated ? [...events, pending.event] : events, truncated }
    },
  }
}

interface PendingEvent {
  /** Characters of the lines that were read; 0 means there was none. */
  length: number
  readonly event: { event?: string; data?: string; id?: string }
}

function emptyEvent(): PendingEvent {
  return { length: 0, event: {} }
}

/** Adds one line, which is not blank, to the event. `retry`, comments (an empty name) and unknown fields mean nothing here. */
function readLine(line: string, pending: PendingEvent): void {
  pending.length += line.length + 1
  const { event } = pending
  if (line.startsWith('data:')) {
    const value = line.slice(line[5] === ' ' ? 6 : 5)
    event.data = event.data === undefined ? value : `${event.data}\n${value}`
  } else if (line.startsWith('event:')) event.event = line.slice(line[6] === ' ' ? 7 : 6)
  else if (line.startsWith('id:')) event.id = line.slice(line[3] === ' ' ? 4 : 3)
  else if (line === 'data') event.data = event.data === undefined ? '' : `${event.data}\n`
}

interface LineBuffer {
  /** The lines that `text` completes, without their ends. */
  push(text: string): string[]
  heldLength(): number
  clear(): void
}

/** Cuts text into lines that end with LF, CRLF or CR, however the text comes. */
function createLineBuffer(): LineBuffer {
  // Pieces of a line without an end are joined once, when its end comes: joining at every push would be quadratic.
  let pieces: string[] = []
  let held = 0
  let afterCr = false

  return {
    push(text) {
      const fresh = afterCr && text.startsWith('\n') ? text.slice(1) : text
      if (text !== '') afterCr = text.endsWith('\r')
      const found = splitLines(fresh)
      const rest = found.pop() ?? ''
      if (found.length > 0) {
        found[0] = pieces.length === 0 ? (found[0] ?? '') : pieces.join('') + found[0]
        pieces = []
        held = 0
      }
      if (rest !== '') pieces.push(rest)
      held += rest.length
      return found
    },
    heldLength: () => held,
    clear() {
      pieces = []
      held = 0
    },
  }
}

/** What lies between line ends. The usual stream has no CR, and a small piece no line end at all. */
function splitLines(text: string): string[] {
  if (text.includes('\r')) return text.split(/\r\n|\n|\r/)
  return text.includes('\n') ? text.split('\n') : [text]
}

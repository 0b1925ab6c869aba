/**
 * Cuts a byte stream into SSE frames: the bytes of one event each, its blank line included.
 *
 * Rules of this file:
 * - Bytes in, bytes out. Nothing is decoded, so a UTF-8 character that the network cut is never seen in halves, and a
 *   relay can pass frames on without having changed a byte: the frames joined are the input.
 * - A frame ends at a blank line. Lines end with LF, CRLF or CR, mixed as they come (WHATWG, "event stream
 *   interpretation"). When the network cuts between the CR and the LF of the blank line, the frame is handed out at
 *   once and the LF opens the next frame, where it is an empty line and means nothing. Waiting for it would hold back
 *   the last event of a stream that uses CR alone.
 * - The incomplete rest is kept in pieces and joined once, when its end arrives: joining at every push would make a long
 *   event quadratic.
 *
 * @see https://html.spec.whatwg.org/multipage/server-sent-events.html#event-stream-interpretation
 */
export interface SseSplitter {
  /** Takes the next bytes, cut anywhere. Returns the frames that they complete; the views may share the chunk's memory. */
  push(chunk: Uint8Array): SseSplit
  /** Ends the stream. Returns what was left: bytes after the last blank line, which are no whole event. */
  end(): Uint8Array
  /** Bytes of the incomplete frame that are held now. */
  heldBytes(): number
}

export interface SseSplit {
  readonly frames: readonly Uint8Array[]
  /** Set once an event is longer than the limit. The splitter then drops everything: the stream cannot be followed. */
  readonly overflow: boolean
}

export interface SseLimits {
  /**
   * Longest event in bytes, everything from one blank line to the next.
   * @defaultValue 16 MiB: an image that a tool result or an answer carries inline fits; a stream without a newline does
   * not fill the memory.
   */
  readonly maxEventBytes?: number
}

const LF = 10
const CR = 13
const DEFAULT_MAX_EVENT_BYTES = 16 * 1024 * 1024

/** Creates a splitter for one stream. */
export function createSseSplitter(limits: SseLimits = {}): SseSplitter {
  const maxEventBytes = limits.maxEventBytes ?? DEFAULT_MAX_EVENT_BYTES
  let pieces: Uint8Array[] = []
  let held = 0
  let overflow = false
  // Whether the next byte starts a line, and whether the byte before it was a CR (whose LF belongs to the same line end).
  let atLineStart = true
  let afterCr = false

  function push(chunk: Uint8Array): SseSplit {
    const frames: Uint8Array[] = []
    const nextLineEnd = lineEnds(chunk)
    let frameStart = 0
    let at = 0
    while (at < chunk.length && !overflow) {
      const end = nextLineEnd(at)
      if (end > at) {
        atLineStart = false
        afterCr = false
        at = end
        continue
      }
      const isLf = chunk[at] === LF
      at += 1
      if (isLf && afterCr) {
        afterCr = false
        continue
      }
      afterCr = !isLf
      if (!atLineStart) {
        atLineStart = true
        continue
      }
      // A blank line. Take the LF of its CRLF along when it is already here.
      if (afterCr && chunk[at] === LF) {
        afterCr = false
        at += 1
      }
      const frame = takeFrame(chunk.subarray(frameStart, at))
      if (!overflow) frames.push(frame)
      frameStart = at
    }
    hold(chunk, frameStart)
    return { frames, overflow }
  }

  function takeFrame(tail: Uint8Array): Uint8Array {
    if (held + tail.length > maxEventBytes) overflow = true
    if (held === 0) return tail
    const frame = join(pieces, held, tail)
    pieces = []
    held = 0
    return frame
  }

  function hold(chunk: Uint8Array, from: number): void {
    if (overflow || from === chunk.length) return
    // A copy: the caller may reuse its buffer, and a view would keep a whole network read alive for a few bytes.
    pieces.push(Uint8Array.prototype.slice.call(chunk, from))
    held += chunk.length - from
    if (held <= maxEventBytes) return
    overflow = true
    pieces = []
    held = 0
  }

  function end(): Uint8Array {
    const rest = join(pieces, held, new Uint8Array(0))
    pieces = []
    held = 0
    return rest
  }

  return { push, end, heldBytes: () => held }
}

/**
 * For one chunk: the index of the next line end at or after `from`, or the chunk's length. `from` must not go back.
 * CR is looked for once and remembered, so that the usual stream without any costs one native search.
 */
function lineEnds(chunk: Uint8Array): (from: number) => number {
  const search = (byte: number, from: number): number => {
    const found = chunk.indexOf(byte, from)
    return found === -1 ? chunk.length : found
  }
  let cr = search(CR, 0)
  return (from) => {
    if (cr < from) cr = search(CR, from)
    const lf = search(LF, from)
    return Math.min(lf, cr)
  }
}

function join(pieces: readonly Uint8Array[], held: number, tail: Uint8Array): Uint8Array {
  const whole = new Uint8Array(held + tail.length)
  let at = 0
  for (const piece of pieces) {
    whole.set(piece, at)
    at += piece.length
  }
  whole.set(tail, at)
  return whole
}

/**
 * Finds where events end in a byte stream, and nothing else: a relay that passes an upstream's bytes on must know which of
 * them are whole events (only those may go to the client: an event that is cut by a dying upstream cannot be taken back),
 * but must not pay for decoding them.
 *
 * Rules of this file:
 * - No buffer. The state is two flags; the caller keeps what is incomplete.
 * - An event ends behind a blank line. Lines end with LF, CRLF or CR, mixed as they come. When the network cuts between
 *   the CR and the LF of the blank line, the event has ended and the LF belongs to the next one, where it is an empty line
 *   and means nothing. Waiting for it would hold back the last event of a stream that uses CR alone.
 *
 * @see https://html.spec.whatwg.org/multipage/server-sent-events.html#event-stream-interpretation
 */
export interface SseCutter {
  /**
   * Takes the next bytes, cut anywhere.
   *
   * @returns ascending offsets into `chunk`, each just behind the blank line that ends an event. Blank lines between events
   * count as events of their own.
   */
  push(chunk: Uint8Array): number[]
}

const LF = 10
const CR = 13

/** Creates a cutter for one stream. */
export function createSseCutter(): SseCutter {
  // Whether the next byte starts a line, and whether the byte before it was a CR (whose LF belongs to the same line end).
  let atLineStart = true
  let afterCr = false

  /** The usual stream has no CR: then a blank line is two LF in a row, and the search stays in native code. */
  function pushPlain(chunk: Uint8Array): number[] {
    const ends: number[] = []
    let lineStart = atLineStart ? 0 : -1
    for (let lf = chunk.indexOf(LF); lf !== -1; lf = chunk.indexOf(LF, lf + 1)) {
      if (lf === lineStart) ends.push(lf + 1)
      lineStart = lf + 1
    }
    atLineStart = lineStart === chunk.length
    return ends
  }

  function pushMixed(chunk: Uint8Array): number[] {
    const ends: number[] = []
    for (let at = 0; at < chunk.length; at += 1) {
      const byte = chunk[at]
      const isRestOfCrLf = byte === LF && afterCr
      afterCr = byte === CR
      if (isRestOfCrLf) {
        // The CR has ended the event already; take its LF along.
        if (ends.at(-1) === at) ends[ends.length - 1] = at + 1
      } else if (byte !== LF && byte !== CR) atLineStart = false
      else if (atLineStart) ends.push(at + 1)
      else atLineStart = true
    }
    return ends
  }

  return {
    push(chunk) {
      if (chunk.length === 0) return []
      return afterCr || chunk.includes(CR) ? pushMixed(chunk) : pushPlain(chunk)
    },
  }
}

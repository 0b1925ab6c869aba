/**
 * Tells a body that is no event stream by its first character, and keeps it until its end.
 */
export interface BodySniffer {
  /** Takes the next bytes. `true`: they are part of such a body, and are kept. */
  take(bytes: Uint8Array): boolean
  isTooLong(): boolean
  /** The text of the body, if it is one. */
  body(): string | undefined
}

/** The most that is kept. */
const MAX_BODY_BYTES = 16 * 1024 * 1024

/** Starts at the first byte. */
export function createBodySniffer(): BodySniffer {
  let isUndecided = true
  let pieces: Uint8Array[] | undefined
  let length = 0

  function keep(bytes: Uint8Array): boolean {
    if (pieces === undefined) return false
    length += bytes.length
    if (length <= MAX_BODY_BYTES) pieces.push(bytes.slice())
    return true
  }

  return {
    take(bytes) {
      if (!isUndecided) return keep(bytes)
      const start = bytes.findIndex((byte) => !isBlank(byte))
      if (start === -1) return false
      isUndecided = false
      if (opensBody(bytes[start])) pieces = []
      // What came before it is no part of the body: it may be half of a byte order mark.
      return keep(bytes.subarray(start))
    },
    isTooLong: () => length > MAX_BODY_BYTES,
    body: () => (pieces === undefined ? undefined : joined(pieces)),
  }
}

/** White space, or a byte of the byte order mark. */
function isBlank(byte: number): boolean {
  return byte <= 0x20 || byte === 0xef || byte === 0xbb || byte === 0xbf
}

/** Whether a byte opens JSON or a page. No line of an event stream does. */
function opensBody(byte: number | undefined): boolean {
  return byte === 0x7b || byte === 0x5b || byte === 0x3c
}

function joined(pieces: readonly Uint8Array[]): string {
  const whole = new Uint8Array(pieces.reduce((sum, piece) => sum + piece.length, 0))
  let at = 0
  for (const piece of pieces) {
    whole.set(piece, at)
    at += piece.length
  }
  return new TextDecoder().decode(whole)
}

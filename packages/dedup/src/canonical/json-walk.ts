/**
 * Steps through JSON text without parsing it. Every step takes an index and returns one; `CUT` says that the text ended
 * or broke before the step did.
 */

/** What a step returns when the text is not JSON there. */
export const CUT = -1

export const QUOTE = 0x22
export const COMMA = 0x2c
export const COLON = 0x3a
export const OPEN_BRACE = 0x7b
export const CLOSE_BRACE = 0x7d
export const OPEN_BRACKET = 0x5b
export const CLOSE_BRACKET = 0x5d
export const BACKSLASH = 0x5c

/** Keys and short values end within this many bytes; a native search costs more than looking at them. */
const SHORT_STRING_BYTES = 24

/** The index after the string whose opening quote is at `open`. */
export function stringEnd(bytes: Uint8Array, open: number): number {
  const short = open + SHORT_STRING_BYTES
  let at = open + 1
  for (; at < short; at += 1) {
    const byte = bytes[at]
    if (byte === QUOTE) return at + 1
    if (byte === BACKSLASH) at += 1
  }
  let quote = bytes.indexOf(QUOTE, at)
  while (quote !== -1) {
    let before = quote - 1
    while (bytes[before] === BACKSLASH) before -= 1
    if ((quote - before) % 2 === 1) return quote + 1
    quote = bytes.indexOf(QUOTE, quote + 1)
  }
  return CUT
}

/** The index after a number, `true`, `false` or `null`: whatever is written, it has none of JSON's own punctuation. */
export function scalarEnd(bytes: Uint8Array, start: number): number {
  let at = start
  while (isLexemeByte(bytes[at])) at += 1
  return at === start ? CUT : at
}

/** The index after the object or array that opens at `start`. Brackets are counted, not matched. */
export function containerEnd(bytes: Uint8Array, start: number): number {
  let depth = 0
  for (let at = start; at < bytes.length; at += 1) {
    const byte = bytes[at]
    if (byte === QUOTE) {
      const end = stringEnd(bytes, at)
      if (end === CUT) return CUT
      at = end - 1
    } else if (byte === OPEN_BRACE || byte === OPEN_BRACKET) depth += 1
    else if (byte === CLOSE_BRACE || byte === CLOSE_BRACKET) {
      depth -= 1
      if (depth === 0) return at + 1
    }
  }
  return CUT
}

/** The index of the first byte at or after `from` that is no white space. */
export function skipSpace(bytes: Uint8Array, from: number): number {
  let at = from
  let byte = bytes[at]
  while (byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09) {
    at += 1
    byte = bytes[at]
  }
  return at
}

function isLexemeByte(byte: number | undefined): boolean {
  if (byte === undefined) return false
  if (byte >= 0x61) return byte <= 0x7a
  if (byte >= 0x41) return byte <= 0x5a
  // Digits, and the signs and the point of numbers. A quote in a lexeme would let `1"b":2` stand for two members.
  return (byte >= 0x30 && byte <= 0x39) || byte === 0x2b || byte === 0x2d || byte === 0x2e
}

import { decodeBase64, decodedLength } from './base64.ts'

/**
 * Guesses how many pages a PDF has. Page objects (`/Type /Page`) are counted where they stand in the open; newer files
 * pack them, and then the size has to do.
 *
 * @param base64 the file, without a `data:` prefix.
 * @returns at least 1.
 */
export function documentPages(base64: string): number {
  const length = decodedLength(base64)
  const counted = length > SEARCHED_BYTES ? 0 : countPages(decodeBase64(base64, length))
  return counted > 0 ? counted : Math.max(1, Math.round(length / BYTES_PER_PAGE))
}

/** Searching more would take longer than an estimate may. */
const SEARCHED_BYTES = 4 * 1024 * 1024
/** A page of text with its share of fonts and pictures; documents vary by a factor of ten either way. */
const BYTES_PER_PAGE = 60_000

const SLASH = 0x2f
const PAGE = [0x50, 0x61, 0x67, 0x65]

/** Counts the name `/Page`; `/Pages` and `/PageLabels` are other names. */
function countPages(bytes: Uint8Array): number {
  let count = 0
  for (let at = bytes.indexOf(SLASH); at !== -1; at = bytes.indexOf(SLASH, at + 1)) {
    if (PAGE.every((letter, index) => bytes[at + 1 + index] === letter) && !isLetter(bytes[at + 5])) count += 1
  }
  return count
}

function isLetter(byte: number | undefined): boolean {
  return byte !== undefined && (byte | 0x20) >= 0x61 && (byte | 0x20) <= 0x7a
}

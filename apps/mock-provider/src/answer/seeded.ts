/**
 * Chance that is none: every number is a function of a seed and of what it is drawn for, so that two runs of one script
 * give the same bytes. Not for secrets.
 */

const BASE62 = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'

/** A source of numbers in [0, 1) (mulberry32): the same key gives the same numbers. */
export function randomNumbers(...key: readonly (string | number)[]): () => number {
  let state = hash(key.join('\u0000'))
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

/** `length` letters and digits, e.g. the tail of `msg_01…`. */
export function idOf(length: number, ...key: readonly (string | number)[]): string {
  const next = randomNumbers(...key)
  return Array.from({ length }, () => BASE62.charAt(Math.floor(next() * BASE62.length))).join('')
}

/** `length` hexadecimal digits. */
export function hexOf(length: number, ...key: readonly (string | number)[]): string {
  const next = randomNumbers(...key)
  return Array.from({ length }, () => Math.floor(next() * 16).toString(16)).join('')
}

/** FNV-1a over the text's code units: enough to tell keys apart. */
function hash(text: string): number {
  let value = 0x811c9dc5
  for (let index = 0; index < text.length; index++) {
    value = Math.imul(value ^ text.charCodeAt(index), 0x01000193)
  }
  return value | 0
}

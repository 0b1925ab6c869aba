import { MAX_LEVELS } from '../nesting.ts'

/**
 * Follows the arguments of a tool call while they arrive in pieces: only as far as to know where they end.
 *
 * An object ends with its last brace, which no later text can take back; a bare number or a cut string could always go on.
 * So only objects are known to be complete before the call is.
 */
export interface ArgumentsProgress {
  /**
   * - `empty`: nothing but white space so far.
   * - `object`: an object has begun.
   * - `complete`: the object has ended.
   * - `other`: it did not begin with a brace; it may be anything.
   */
  readonly state: 'empty' | 'object' | 'complete' | 'other'
  /** Whether the object that has ended has nothing in it. */
  readonly isBlank: boolean
  /** Whether the object nests more deeply than whoever gets it may be able to walk. */
  readonly isTooDeep: boolean
  /** Takes the next piece. Returns how many of its characters belong to the arguments; the rest stands behind their end. */
  push(piece: string): number
}

const QUOTE = 0x22
const BACKSLASH = 0x5c

/** Starts at the beginning of the arguments of one call. */
export function createArgumentsProgress(): ArgumentsProgress {
  let state: ArgumentsProgress['state'] = 'empty'
  let depth = 0
  let inString = false
  let isEscaped = false
  let isBlank = true
  let isTooDeep = false

  function object(piece: string, from: number): number {
    for (let at = from; at < piece.length; at += 1) {
      const code = piece.charCodeAt(at)
      if (inString) inside(code)
      else if (code === QUOTE) {
        inString = true
        isBlank = false
      } else {
        const change = depthChange(code)
        depth += change
        isTooDeep ||= depth > MAX_LEVELS
        // Nothing but white space stands between the two braces.
        if (depth > 1 || (change === 0 && code > 0x20)) isBlank = false
        if (depth === 0) {
          state = 'complete'
          return at + 1
        }
      }
    }
    return piece.length
  }

  function inside(code: number): void {
    if (isEscaped) isEscaped = false
    else if (code === BACKSLASH) isEscaped = true
    else if (code === QUOTE) inString = false
  }

  return {
    get state() {
      return state
    },
    get isBlank() {
      return state === 'complete' && isBlank
    },
    get isTooDeep() {
      return isTooDeep
    },
    push(piece) {
      if (state === 'object') return object(piece, 0)
      if (state === 'other') return piece.length
      if (state === 'complete') return 0
      const start = piece.search(/\S/)
      if (start === -1) return piece.length
      state = piece[start] === '{' ? 'object' : 'other'
      return state === 'object' ? object(piece, start) : piece.length
    },
  }
}

/** Braces and brackets alike: the text is JSON or it is broken, and broken text is not repaired here. */
function depthChange(code: number): number {
  if (code === 0x7b || code === 0x5b) return 1
  return code === 0x7d || code === 0x5d ? -1 : 0
}

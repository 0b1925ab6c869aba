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
  return new Progress()
}

class Progress implements ArgumentsProgress {
  state: ArgumentsProgress['state'] = 'empty'
  isTooDeep = false
  private depth = 0
  private inString = false
  private isEscaped = false
  private isBare = true

  get isBlank(): boolean {
    return this.state === 'complete' && this.isBare
  }

  push(piece: string): number {
    if (this.state === 'object') return this.object(piece, 0)
    if (this.state === 'other') return piece.length
    if (this.state === 'complete') return 0
    const start = piece.search(/\S/)
    if (start === -1) return piece.length
    this.state = piece[start] === '{' ? 'object' : 'other'
    return this.state === 'object' ? this.object(piece, start) : piece.length
  }

  private object(piece: string, from: number): number {
    for (let at = from; at < piece.length; at += 1) {
      const code = piece.charCodeAt(at)
      if (this.inString) this.inside(code)
      else if (code === QUOTE) {
        this.inString = true
        this.isBare = false
      } else {
        const change = depthChange(code)
        this.depth += change
        this.isTooDeep ||= this.depth > MAX_LEVELS
        // Nothing but white space stands between the two braces.
        if (this.depth > 1 || (change === 0 && code > 0x20)) this.isBare = false
        if (this.depth === 0) {
          this.state = 'complete'
          return at + 1
        }
      }
    }
    return piece.length
  }

  private inside(code: number): void {
    if (this.isEscaped) this.isEscaped = false
    else if (code === BACKSLASH) this.isEscaped = true
    else if (code === QUOTE) this.inString = false
  }
}

/** Braces and brackets alike: the text is JSON or it is broken, and broken text is not repaired here. */
function depthChange(code: number): number {
  if (code === 0x7b || code === 0x5b) return 1
  return code === 0x7d || code === 0x5d ? -1 : 0
}

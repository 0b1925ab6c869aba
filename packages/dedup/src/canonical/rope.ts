/**
 * An ordered list of pieces of one text, so that a text can be put into another order with each byte copied once.
 *
 * Pieces are rows of three integer columns, not objects: a request has thousands, and they live for 100 µs. A *strand* is
 * a chain of pieces, named by its first and last row. Adding always goes to the open strand.
 */
export class Rope {
  /** First row of the open strand, or `NONE`. */
  head: number = NONE
  /** Last row of the open strand, or `NONE`. */
  tail: number = NONE
  private starts: Int32Array = new Int32Array(INITIAL_ROWS)
  private ends: Int32Array = new Int32Array(INITIAL_ROWS)
  private nexts: Int32Array = new Int32Array(INITIAL_ROWS)
  private rows = 0

  /** Forgets everything. Columns that an unusual text made long are given back. */
  clear(): void {
    this.rows = 0
    this.open(NONE, NONE)
    if (this.starts.length > KEPT_ROWS) this.resize(INITIAL_ROWS)
  }

  /** Makes a strand the open one; without arguments, a new and empty one. */
  open(head: number = NONE, tail: number = NONE): void {
    this.head = head
    this.tail = tail
  }

  /** Adds the bytes from `start` to `end` of the text to the open strand. Neighbours become one piece. */
  add(start: number, end: number): void {
    const { tail } = this
    if (tail !== NONE && this.ends[tail] === start) {
      this.ends[tail] = end
      return
    }
    if (this.rows === this.starts.length) this.resize(this.rows * 2)
    const row = this.rows
    this.rows += 1
    this.starts[row] = start
    this.ends[row] = end
    this.nexts[row] = NONE
    this.link(row, row)
  }

  /** Adds the strand from `head` to `tail`, which is not used again. */
  splice(head: number, tail: number): void {
    const last = this.tail
    if (last === NONE || this.ends[last] !== this.starts[head]) {
      this.link(head, tail)
      return
    }
    this.ends[last] = this.ends[head] as number
    this.nexts[last] = this.nexts[head] as number
    this.tail = head === tail ? last : tail
  }

  /** The index in the text after the last byte of the open strand, or 0. */
  lastEnd(): number {
    return this.tail === NONE ? 0 : (this.ends[this.tail] as number)
  }

  /** Writes the open strand of `text` into `target` from `at` on. Returns the index after the last byte written. */
  write(text: Uint8Array, target: Uint8Array, at: number): number {
    let to = at
    for (let row = this.head; row !== NONE; row = this.nexts[row] as number) {
      let from = this.starts[row] as number
      const end = this.ends[row] as number
      if (end - from > SHORT_PIECE_BYTES) {
        target.set(text.subarray(from, end), to)
        to += end - from
      } else {
        for (; from < end; from += 1) {
          target[to] = text[from] as number
          to += 1
        }
      }
    }
    return to
  }

  private link(head: number, tail: number): void {
    if (this.tail === NONE) this.head = head
    else this.nexts[this.tail] = head
    this.tail = tail
  }

  private resize(rows: number): void {
    this.starts = resized(this.starts, rows)
    this.ends = resized(this.ends, rows)
    this.nexts = resized(this.nexts, rows)
  }
}

/** The row that is none. */
export const NONE = -1

const INITIAL_ROWS = 1024
/** Some 200 KB of columns: more than any real request takes. */
const KEPT_ROWS = 16 * 1024
/** Below this, a loop is faster than a view and a native copy. */
const SHORT_PIECE_BYTES = 48

/** `column` with room for `rows` values, as many of the old ones as fit. */
export function resized(column: Int32Array, rows: number): Int32Array {
  const next = new Int32Array(rows)
  next.set(column.subarray(0, rows))
  return next
}

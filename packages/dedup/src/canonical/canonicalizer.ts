import { err, ok, type Result } from '@lb/protocol'
import {
  BACKSLASH,
  CLOSE_BRACE,
  CLOSE_BRACKET,
  COLON,
  COMMA,
  CUT,
  OPEN_BRACE,
  OPEN_BRACKET,
  QUOTE,
  scalarEnd,
  skipSpace,
  stringEnd,
} from './json-walk.ts'
import { NONE, Rope, resized } from './rope.ts'

/**
 * Brings JSON text into one canonical spelling: members sorted by key at every depth, no white space. Two texts get the
 * same spelling exactly when they differ in nothing else.
 *
 * Rules of this file:
 * - The text is never parsed. A number keeps its digits (`1` is not `1.0`, and 12345678901234567890 is not …891), a
 *   string its escapes, and a duplicated key its values in their order: what an upstream makes of them is its affair.
 * - Keys are compared as bytes of the text. Any total order would do; this one needs no decoding.
 * - An object with an escape in a key keeps its members' order: `"a"` and `"\\u0061"` may be one key, and then the order says
 *   which value counts. No program writes such keys; a missed match costs a call.
 * - What is not JSON has no canonical form, because two broken texts could then share one.
 *
 * One pass finds the pieces, one writes them; the columns of pieces are kept from request to request.
 */
export class Canonicalizer {
  private readonly rope = new Rope()
  private members: Int32Array = new Int32Array(INITIAL_MEMBERS * STRIDE)
  private count = 0
  /** Whether a key of the object that is being read is written with an escape. */
  private escaped = false
  private bytes: Uint8Array = NO_BYTES
  private omissions: Omissions = NOTHING
  private problem: CanonicalProblem = NO_PROBLEM

  /**
   * Reads `bytes`, a JSON object. The result is written by {@link write}, once, before the next read.
   *
   * @returns where the text is not JSON or nests deeper than {@link MAX_DEPTH}.
   */
  read(bytes: Uint8Array, omissions: Omissions = NOTHING): Result<void, CanonicalProblem> {
    this.bytes = bytes
    this.omissions = omissions
    this.rope.clear()
    this.count = 0
    if (this.members.length > KEPT_MEMBERS * STRIDE) this.members = new Int32Array(INITIAL_MEMBERS * STRIDE)
    const start = skipSpace(bytes, startOfText(bytes))
    const end = bytes[start] === OPEN_BRACE ? this.object(start, 1) : this.fail('syntax', start)
    if (end === CUT) return err(this.problem)
    const rest = skipSpace(bytes, end)
    return rest === bytes.length ? ok(undefined) : err({ kind: 'syntax', offset: rest })
  }

  /** Writes the canonical text into `target` from `at` on; it is never longer than what was read. Returns where it ends. */
  write(target: Uint8Array, at: number): number {
    // A plain view, because the slices of Node's Buffer cost more than they carry here.
    const { buffer, byteOffset, length } = this.bytes
    const end = this.rope.write(new Uint8Array(buffer, byteOffset, length), target, at)
    // A view of the body would keep it in memory until the next request.
    this.bytes = NO_BYTES
    return end
  }

  private value(start: number, depth: number): number {
    const byte = this.bytes[start]
    if (byte === OPEN_BRACE) return this.object(start, depth + 1)
    if (byte === OPEN_BRACKET) return this.array(start, depth + 1)
    const end = byte === QUOTE ? stringEnd(this.bytes, start) : scalarEnd(this.bytes, start)
    if (end === CUT) return this.fail('syntax', start)
    const { cutStart, cutEnd } = this.omissions
    if (start < cutStart && cutStart < end) {
      this.rope.add(start, cutStart)
      this.rope.add(cutEnd, end)
    } else this.rope.add(start, end)
    return end
  }

  private array(start: number, depth: number): number {
    if (depth > MAX_DEPTH) return this.fail('too-deep', start)
    const { bytes, rope } = this
    rope.add(start, start + 1)
    let at = skipSpace(bytes, start + 1)
    if (bytes[at] !== CLOSE_BRACKET) {
      for (;;) {
        const end = this.value(at, depth)
        if (end === CUT) return CUT
        at = skipSpace(bytes, end)
        if (bytes[at] !== COMMA) break
        rope.add(at, at + 1)
        at = skipSpace(bytes, at + 1)
      }
      if (bytes[at] !== CLOSE_BRACKET) return this.fail('syntax', at)
    }
    rope.add(at, at + 1)
    return at + 1
  }

  private object(start: number, depth: number): number {
    if (depth > MAX_DEPTH) return this.fail('too-deep', start)
    const { bytes, rope } = this
    rope.add(start, start + 1)
    const { head, tail } = rope
    const base = this.count
    const outer = this.escaped
    this.escaped = false
    let comma = NONE
    let at = skipSpace(bytes, start + 1)
    if (bytes[at] !== CLOSE_BRACE) {
      for (;;) {
        const end = this.member(at, depth)
        if (end === CUT) return CUT
        at = skipSpace(bytes, end)
        if (bytes[at] !== COMMA) break
        comma = at
        at = skipSpace(bytes, at + 1)
      }
      if (bytes[at] !== CLOSE_BRACE) return this.fail('syntax', at)
    }
    rope.open(head, tail)
    this.spliceMembers(base, comma)
    this.escaped = outer
    rope.add(at, at + 1)
    return at + 1
  }

  /** Reads `"key": value` into a strand of its own and enters it into the table of members. */
  private member(keyStart: number, depth: number): number {
    const { bytes, rope, escaped } = this
    const keyEnd = bytes[keyStart] === QUOTE ? this.keyEnd(keyStart) : CUT
    if (keyEnd === CUT) return this.fail('syntax', keyStart)
    const colon = skipSpace(bytes, keyEnd)
    if (bytes[colon] !== COLON) return this.fail('syntax', colon)
    rope.open()
    rope.add(keyStart, keyEnd)
    rope.add(colon, colon + 1)
    const end = this.value(skipSpace(bytes, colon + 1), depth)
    if (end === CUT) return CUT
    if (depth === 1 && this.omissions.keyStarts.has(keyStart)) {
      this.escaped = escaped
      return end
    }
    const row = this.count * STRIDE
    if (row === this.members.length) this.members = resized(this.members, row * 2)
    this.members[row + KEY_START] = keyStart
    this.members[row + KEY_END] = keyEnd
    this.members[row + HEAD] = rope.head
    this.members[row + TAIL] = rope.tail
    this.count += 1
    return end
  }

  /** The index after the key whose opening quote is at `open`. */
  private keyEnd(open: number): number {
    const { bytes } = this
    for (let at = open + 1; at < bytes.length; at += 1) {
      const byte = bytes[at]
      if (byte === QUOTE) return at + 1
      if (byte === BACKSLASH) {
        this.escaped = true
        return stringEnd(bytes, open)
      }
    }
    return CUT
  }

  /** Moves the members from `base` on to the open strand, sorted. `comma` is the index of one comma between them. */
  private spliceMembers(base: number, comma: number): void {
    const { bytes, members, rope } = this
    const last = this.count - 1
    if (!this.escaped) {
      if (last - base < MANY_MEMBERS) this.sortFew(base)
      else this.sortMany(base)
    }
    for (let index = base; index <= last; index += 1) {
      const row = index * STRIDE
      rope.splice(members[row + HEAD] as number, members[row + TAIL] as number)
      if (index === last) break
      // Nearly always the comma of the text itself follows, and the next member, and all of it is one piece.
      const end = rope.lastEnd()
      if (bytes[end] === COMMA) rope.add(end, end + 1)
      else rope.add(comma, comma + 1)
    }
    this.count = base
  }

  /** Insertion sort: an object has five members, and often they are in order. */
  private sortFew(base: number): void {
    const { members } = this
    for (let index = base + 1; index < this.count; index += 1) {
      for (let to = index; to > base && this.compare(to - 1, to) > 0; to -= 1) {
        const row = to * STRIDE
        for (let column = 0; column < STRIDE; column += 1) {
          const value = members[row + column] as number
          members[row + column] = members[row - STRIDE + column] as number
          members[row - STRIDE + column] = value
        }
      }
    }
  }

  /** An object of a million keys must not take a million steps for each. */
  private sortMany(base: number): void {
    const order = Array.from({ length: this.count - base }, (_, index) => base + index)
    order.sort((left, right) => this.compare(left, right))
    const rows = order.map((index) => this.members.slice(index * STRIDE, (index + 1) * STRIDE))
    for (const [index, row] of rows.entries()) this.members.set(row, (base + index) * STRIDE)
  }

  /** Compares the keys of two members, closing quote included: that makes a prefix come before what it begins. */
  private compare(left: number, right: number): number {
    const { bytes, members } = this
    let a = members[left * STRIDE + KEY_START] as number
    let b = members[right * STRIDE + KEY_START] as number
    const end = members[left * STRIDE + KEY_END] as number
    while (a < end && bytes[a] === bytes[b]) {
      a += 1
      b += 1
    }
    return a === end ? 0 : (bytes[a] as number) - (bytes[b] as number)
  }

  private fail(kind: CanonicalProblem['kind'], offset: number): number {
    this.problem = { kind, offset }
    return CUT
  }
}

/** What of a text is left out of its canonical form. */
export interface Omissions {
  /** Members of the root, each named by the index of its key's opening quote. */
  readonly keyStarts: ReadonlySet<number>
  /** A range inside one string; `NONE` for no range. */
  readonly cutStart: number
  readonly cutEnd: number
}

/** Why a text has no canonical form, and where: `offset` counts bytes from 0. */
export interface CanonicalProblem {
  readonly kind: 'syntax' | 'too-deep'
  readonly offset: number
}

/** Nothing is left out. */
export const NOTHING: Omissions = { keyStarts: new Set(), cutStart: NONE, cutEnd: NONE }

/** As deep as a request may nest at the front door ({@link JsonLimits} of @lb/protocol); the reader recurses. */
export const MAX_DEPTH = 200

const NO_PROBLEM: CanonicalProblem = { kind: 'syntax', offset: 0 }

// A member is a row of four columns.
const STRIDE = 4
const KEY_START = 0
const KEY_END = 1
const HEAD = 2
const TAIL = 3
const NO_BYTES = new Uint8Array(0)
const INITIAL_MEMBERS = 256
const KEPT_MEMBERS = 16 * 1024
const MANY_MEMBERS = 24

/** A byte order mark before the text is not JSON, but clients send it and servers accept it. */
function startOfText(bytes: Uint8Array): number {
  return bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf ? 3 : 0
}

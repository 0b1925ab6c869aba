/**
 * The newest texts, bounded in number and in bytes, in one block of memory that the garbage collector never looks into. Texts
 * that stay for a while as strings are moved by it twice and then searched with every full collection; bytes of a block are not.
 */
export interface TextRing<Label> {
  /** Keeps a text and lets the oldest go. One that has no room even alone is not kept. */
  add(label: Label, text: string, limits: RingLimits): void
  /** The newest whose label is wanted. */
  find(isWanted: (label: Label) => boolean): RingText<Label> | undefined
  /** The newest first. */
  last(count: number): readonly RingText<Label>[]
}

export interface RingLimits {
  readonly maxCount: number
  /** Of all texts as UTF-8. */
  readonly maxBytes: number
}

export interface RingText<Label> {
  readonly label: Label
  readonly text: string
  /** As UTF-8. */
  readonly bytes: number
}

/** Where a text stands in the block. */
interface Place<Label> {
  readonly label: Label
  readonly start: number
  readonly bytes: number
}

export function createTextRing<Label>(): TextRing<Label> {
  let block = new Block(FIRST_BLOCK_BYTES)
  let places: Place<Label>[] = []
  /** How many at the front of `places` are gone. They are cleared away together. */
  let gone = 0
  let used = 0

  function forgetOldest(): void {
    used -= (places[gone] as Place<Label>).bytes
    gone += 1
    if (gone * 2 < places.length) return
    places = places.slice(gone)
    gone = 0
  }

  function makeRoom(bytes: number, { maxCount, maxBytes }: RingLimits): void {
    while (places.length > gone && (places.length - gone >= maxCount || used + bytes > maxBytes)) forgetOldest()
    if (used + bytes > block.size) grow(Math.min(maxBytes, Math.max(block.size * 2, used + bytes)))
  }

  function grow(size: number): void {
    const larger = new Block(size)
    places = places.slice(gone).map(({ label, start, bytes }) => {
      return { label, start: larger.append(block.read(start, bytes)), bytes }
    })
    gone = 0
    block = larger
  }

  function read({ label, start, bytes }: Place<Label>): RingText<Label> {
    return { label, text: block.read(start, bytes).toString(), bytes }
  }

  return {
    add(label, text, limits) {
      const bytes = Buffer.byteLength(text)
      if (bytes > limits.maxBytes) return
      makeRoom(bytes, limits)
      places.push({ label, start: block.appendText(text, bytes), bytes })
      used += bytes
    },
    find(isWanted) {
      const found = places.findLastIndex(({ label }) => isWanted(label))
      return found < gone ? undefined : read(places[found] as Place<Label>)
    },
    last: (count) =>
      places
        .slice(Math.max(gone, places.length - count))
        .reverse()
        .map(read),
  }
}

/** The block grows from here, so that who asks little costs little. */
const FIRST_BLOCK_BYTES = 64 * 1024

/** Memory that is written round and round: what does not fit before its end goes on at its beginning. */
class Block {
  readonly size: number
  readonly #bytes: Buffer
  #end = 0

  constructor(size: number) {
    this.size = size
    this.#bytes = Buffer.allocUnsafeSlow(size)
  }

  /** Writes over whatever stands there. @param bytes the length of the text. @returns where it begins. */
  appendText(text: string, bytes: number): number {
    const start = this.#end
    if (start + bytes > this.size) return this.append(Buffer.from(text))
    this.#bytes.write(text, start)
    this.#end = (start + bytes) % this.size
    return start
  }

  append(added: Buffer): number {
    const start = this.#end
    const room = this.size - start
    added.copy(this.#bytes, start, 0, room)
    if (added.length > room) added.copy(this.#bytes, 0, room)
    this.#end = (start + added.length) % this.size
    return start
  }

  read(start: number, bytes: number): Buffer {
    const tail = this.#bytes.subarray(start, start + bytes)
    return tail.length === bytes ? tail : Buffer.concat([tail, this.#bytes.subarray(0, bytes - tail.length)])
  }
}

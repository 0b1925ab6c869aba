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

/** Where a text stands in the block; it may go on at the block's beginning. */
interface Place<Label> {
  readonly label: Label
  readonly start: number
  readonly bytes: number
}

/** The block grows from here, so that who asks little costs little. */
const FIRST_BLOCK_BYTES = 64 * 1024

export function createTextRing<Label>(): TextRing<Label> {
  let block = Buffer.allocUnsafeSlow(FIRST_BLOCK_BYTES)
  let places: Place<Label>[] = []
  /** How many at the front of `places` are gone. They are cleared away together. */
  let gone = 0
  let used = 0
  let end = 0

  function forgetOldest(): void {
    used -= (places[gone] as Place<Label>).bytes
    gone += 1
    if (gone * 2 < places.length) return
    places = places.slice(gone)
    gone = 0
  }

  function makeRoom(bytes: number, { maxCount, maxBytes }: RingLimits): void {
    while (places.length > gone && (places.length - gone >= maxCount || used + bytes > maxBytes)) forgetOldest()
    if (used + bytes > block.length) grow(Math.min(maxBytes, Math.max(block.length * 2, used + bytes)))
  }

  /** Lays all texts out anew, one behind the other. */
  function grow(size: number): void {
    const larger = Buffer.allocUnsafeSlow(size)
    let at = 0
    places = places.slice(gone).map(({ label, start, bytes }) => {
      copyOut(start, bytes).copy(larger, at)
      at += bytes
      return { label, start: at - bytes, bytes }
    })
    gone = 0
    block = larger
    end = at % size
  }

  function copyOut(start: number, bytes: number): Buffer {
    const tail = block.subarray(start, start + bytes)
    return tail.length === bytes ? tail : Buffer.concat([tail, block.subarray(0, bytes - tail.length)])
  }

  function copyIn(text: string, bytes: number): void {
    if (end + bytes <= block.length) block.write(text, end)
    else {
      const encoded = Buffer.from(text)
      const room = block.length - end
      encoded.copy(block, end, 0, room)
      encoded.copy(block, 0, room)
    }
    end = (end + bytes) % block.length
  }

  function read({ label, start, bytes }: Place<Label>): RingText<Label> {
    return { label, text: copyOut(start, bytes).toString(), bytes }
  }

  return {
    add(label, text, limits) {
      const bytes = Buffer.byteLength(text)
      if (bytes > limits.maxBytes) return
      makeRoom(bytes, limits)
      places.push({ label, start: end, bytes })
      used += bytes
      copyIn(text, bytes)
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

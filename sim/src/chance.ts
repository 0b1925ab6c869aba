/** Where a world takes its chance from. */
export interface Luck {
  /** Uniform in [0, 1). */
  next(): number
  /** Whether something of probability `p` happens. */
  happens(p: number): boolean
}

/** A seeded generator: the whole world draws from it, in an order that depends on nothing but the seed (sfc32). */
export class Chance implements Luck {
  #a: number
  #b: number
  #c: number
  #d = 1

  constructor(seed: number) {
    this.#a = 0x9e3779b9 ^ seed
    this.#b = 0x243f6a88 ^ Math.floor(seed / 2 ** 32)
    this.#c = 0xb7e15162
    for (let i = 0; i < 12; i++) this.next()
  }

  /** Uniform in [0, 1). */
  next(): number {
    const t = (((this.#a + this.#b) | 0) + this.#d) | 0
    this.#d = (this.#d + 1) | 0
    this.#a = this.#b ^ (this.#b >>> 9)
    this.#b = (this.#c + (this.#c << 3)) | 0
    this.#c = ((this.#c << 21) | (this.#c >>> 11)) + t
    return (this.#c >>> 0) / 2 ** 32
  }

  /** Whether something of probability `p` happens. */
  happens(p: number): boolean {
    return p > 0 && this.next() < p
  }

  /** A whole number in [low, high]. */
  int(low: number, high: number): number {
    return low + Math.floor(this.next() * (high - low + 1))
  }

  /** Time to the next of events that come `perMs` a millisecond on average. */
  gap(perMs: number): number {
    return -Math.log(1 - this.next()) / perMs
  }

  /** One of `items`. */
  pick<T>(items: readonly T[]): T {
    const item = items[Math.floor(this.next() * items.length)]
    if (item === undefined) throw new Error('nothing to pick from')
    return item
  }
}

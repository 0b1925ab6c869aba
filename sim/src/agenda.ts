/** Something that happens at a time. The same entry may be on the agenda more than once; see {@link Agenda.put}. */
export interface Due {
  run(nowMs: number): void
}

/**
 * The event heap of the virtual clock. Ties are resolved by the order of entry, so that a run depends on its seed alone.
 *
 * A slot that is put again simply gets a later version; the outdated entry is passed over when it comes up. That is
 * cheaper than taking things out of the middle of a heap, and deadlines move all the time.
 */
export class Agenda {
  nowMs = 0
  readonly #at: number[] = []
  readonly #order: number[] = []
  readonly #what: Due[] = []
  #entries = 0

  /** Runs `what` at `atMs`, or now if that is past. */
  put(atMs: number, what: Due): void {
    let index = this.#at.length
    const at = Math.max(atMs, this.nowMs)
    const order = this.#entries++
    this.#at.push(at)
    this.#order.push(order)
    this.#what.push(what)
    while (index > 0) {
      const parent = (index - 1) >> 1
      if (!this.#before(at, order, parent)) break
      this.#move(parent, index)
      index = parent
    }
    this.#set(index, at, order, what)
  }

  /** Runs the next entry. Returns false when there is none, or none before `untilMs`. */
  step(untilMs: number): boolean {
    const at = this.#at[0]
    const what = this.#what[0]
    if (at === undefined || what === undefined || at > untilMs) return false
    this.#shrink()
    this.nowMs = at
    what.run(at)
    return true
  }

  #before(at: number, order: number, other: number): boolean {
    const otherAt = this.#at[other] as number
    return at < otherAt || (at === otherAt && order < (this.#order[other] as number))
  }

  #shrink(): void {
    const at = this.#at.pop() as number
    const order = this.#order.pop() as number
    const what = this.#what.pop() as Due
    const size = this.#at.length
    if (size === 0) return
    let index = 0
    for (;;) {
      let child = 2 * index + 1
      if (child >= size) break
      const right = child + 1
      if (right < size && this.#before(this.#at[right] as number, this.#order[right] as number, child)) child = right
      if (this.#before(at, order, child)) break
      this.#move(child, index)
      index = child
    }
    this.#set(index, at, order, what)
  }

  #move(from: number, to: number): void {
    this.#set(to, this.#at[from] as number, this.#order[from] as number, this.#what[from] as Due)
  }

  #set(index: number, at: number, order: number, what: Due): void {
    this.#at[index] = at
    this.#order[index] = order
    this.#what[index] = what
  }
}

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
    const times = this.#at
    const orders = this.#order
    const entries = this.#what
    const at = Math.max(atMs, this.nowMs)
    const order = this.#entries++
    let index = times.length
    times.push(at)
    orders.push(order)
    entries.push(what)
    while (index > 0) {
      const parent = (index - 1) >> 1
      const parentAt = times[parent] as number
      // Nothing was entered later, so the new entry comes after those of the same time.
      if (parentAt <= at) break
      times[index] = parentAt
      orders[index] = orders[parent] as number
      entries[index] = entries[parent] as Due
      index = parent
    }
    times[index] = at
    orders[index] = order
    entries[index] = what
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

  /** Takes the first entry out. */
  #shrink(): void {
    const times = this.#at
    const orders = this.#order
    const entries = this.#what
    const at = times.pop() as number
    const order = orders.pop() as number
    const what = entries.pop() as Due
    const size = times.length
    if (size === 0) return
    let index = 0
    for (;;) {
      let child = 2 * index + 1
      if (child >= size) break
      let childAt = times[child] as number
      let childOrder = orders[child] as number
      const right = child + 1
      if (right < size) {
        const rightAt = times[right] as number
        const rightOrder = orders[right] as number
        if (rightAt < childAt || (rightAt === childAt && rightOrder < childOrder)) {
          child = right
          childAt = rightAt
          childOrder = rightOrder
        }
      }
      if (at < childAt || (at === childAt && order < childOrder)) break
      times[index] = childAt
      orders[index] = childOrder
      entries[index] = entries[child] as Due
      index = child
    }
    times[index] = at
    orders[index] = order
    entries[index] = what
  }
}

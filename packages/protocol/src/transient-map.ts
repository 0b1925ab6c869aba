/**
 * A map for what comes and goes with every request.
 *
 * When V8 outgrows or tidies the table of a `Map` it makes a new one, and the old table points to it, with the entries that it had at that time.
 * Once one dead table is in the old generation, it keeps the next one alive, which keeps the next: until the next full
 * collection all of them and all that was in them are copied and promoted, as if nothing had ever ended. With a request's
 * whole state as the value that was a sixth of lb's CPU time (decision 98). So here the table holds a small cell, and whoever is deleted
 * leaves it empty. Keys stay in dead tables: they should be small, strings or numbers.
 */
export class TransientMap<K extends string | number, V> {
  readonly #cells = new Map<K, Cell<V>>()

  get size(): number {
    return this.#cells.size
  }

  has(key: K): boolean {
    return this.#cells.has(key)
  }

  get(key: K): V | undefined {
    return this.#cells.get(key)?.value
  }

  set(key: K, value: V): void {
    const cell = this.#cells.get(key)
    if (cell === undefined) this.#cells.set(key, { value })
    else cell.value = value
  }

  /** @returns whether it was there. */
  delete(key: K): boolean {
    const cell = this.#cells.get(key)
    if (cell === undefined) return false
    cell.value = undefined
    return this.#cells.delete(key)
  }

  /** In the order in which their keys came. Who is deleted meanwhile is left out, who comes meanwhile is in. */
  *values(): Generator<V, void> {
    for (const { value } of this.#cells.values()) if (value !== undefined) yield value
  }
}

interface Cell<V> {
  value: V | undefined
}

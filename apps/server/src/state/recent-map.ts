/** Remembers the newest entries, by the key of a request. */
export interface RecentMap<Value> {
  has(key: string): boolean
  get(key: string): Value | undefined
  set(key: string, value: Value): void
  delete(key: string): void
}

/**
 * Entries come with every request and are hardly ever looked for, so what counts is what it costs to forget them: a whole
 * generation goes at once. To delete the oldest of a `Map` one by one costs a walk over all that were deleted before it.
 *
 * @param most so many of the newest are remembered for certain, and never more than twice as many.
 */
export function recentMap<Value>(most: number): RecentMap<Value> {
  let young = new Map<string, Value>()
  let old = new Map<string, Value>()
  return {
    has: (key) => young.has(key) || old.has(key),
    get: (key) => (young.has(key) ? young.get(key) : old.get(key)),
    set(key, value) {
      if (young.size >= most) {
        old = young
        young = new Map()
      }
      young.set(key, value)
    },
    delete(key) {
      young.delete(key)
      old.delete(key)
    },
  }
}

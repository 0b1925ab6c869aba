/**
 * `items` by what each costs, the cheapest first; equals stay as they were. Costs may be infinite.
 *
 * Insertion, because there are a handful: for so few, `Array.prototype.sort` takes several times as long, most of it to
 * prepare itself.
 *
 * @returns the same list if it is in order already, as it nearly always is.
 */
export function sortedBy<T extends object>(items: readonly T[], cost: (item: T) => number): readonly T[] {
  if (isSorted(items, cost)) return items
  const sorted: T[] = []
  for (const item of items) {
    const itemCost = cost(item)
    let to = sorted.length
    for (let before = sorted[to - 1]; before !== undefined && cost(before) > itemCost; before = sorted[to - 1]) {
      sorted[to] = before
      to -= 1
    }
    sorted[to] = item
  }
  return sorted
}

function isSorted<T>(items: readonly T[], cost: (item: T) => number): boolean {
  let lastCost = Number.NEGATIVE_INFINITY
  for (const item of items) {
    const itemCost = cost(item)
    if (itemCost < lastCost) return false
    lastCost = itemCost
  }
  return true
}

import type { Prices } from './prices.ts'
import type { UsageEntry } from './usage-entry.ts'

/** Entries whose price is still being looked up: the first of each model, a moment long. */
export interface LatePrices {
  add(entry: UsageEntry): void
  /** When every entry has its price, or will have none. Never rejects. */
  settled(): Promise<void>
}

/**
 * @param price fills in an entry's price, if it is known by now.
 * @param priced is told about each whose price has come.
 */
export function createLatePrices(
  prices: Pick<Prices, 'settled'>,
  price: (entry: UsageEntry) => boolean,
  priced: (entry: UsageEntry) => void,
): LatePrices {
  let entries: UsageEntry[] = []

  async function settled(): Promise<void> {
    await prices.settled()
    const late = entries
    entries = []
    for (const entry of late) {
      if (price(entry)) priced(entry)
      else entry.nanoUsd = null
    }
  }

  return {
    add(entry) {
      if (entries.push(entry) === 1) void settled()
    },
    settled,
  }
}

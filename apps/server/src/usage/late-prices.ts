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
  let settling: Promise<void> | undefined

  async function settleAll(): Promise<void> {
    while (entries.length > 0) {
      // Taken before the wait: what comes during it may be about a model that is asked for only then.
      const late = entries
      entries = []
      await prices.settled()
      // A reload meanwhile asks for the price anew: once more, and then it is not to be had.
      if (late.filter((entry) => !price(entry)).length > 0) await prices.settled()
      for (const entry of late) {
        if (price(entry)) priced(entry)
        else entry.nanoUsd = null
      }
    }
  }

  function settled(): Promise<void> {
    settling ??= settleAll().finally(() => {
      settling = undefined
    })
    return settling
  }

  return {
    add(entry) {
      entries.push(entry)
      void settled()
    },
    settled,
  }
}

import { systemClock } from '../clock.ts'
import type { Answering } from '../threads/thread-answers.ts'
import { lookUpPrice } from './price-list.ts'
import { openUsageDatabase, type UsageDatabase } from './usage-database.ts'
import type { UsageAnswers, UsageAsk } from './usage-messages.ts'
import { spentByHour, sumUsage } from './usage-sums.ts'

const PRUNE_EVERY_MS = 3_600_000
/** Between two bites, so that writing does not wait. */
const PRUNE_PAUSE_MS = 50

/** Keeps the books and knows the price lists. Waits for the disk: for a thread of its own. */
export function createBookkeeping(): Answering<UsageAsk, UsageAnswers> {
  let path: string | null = null
  let database: UsageDatabase | undefined
  let pruneTimer: NodeJS.Timeout | undefined

  function opened(): UsageDatabase {
    if (path === null) throw new Error('no books are kept')
    if (database?.isInPlace() === false) shut()
    database ??= openUsageDatabase(path)
    return database
  }

  function shut(): void {
    const closing = database
    database = undefined
    try {
      closing?.close()
    } catch {
      // It is given up in any case.
    }
  }

  function prune(retentionMs: number): void {
    let again = PRUNE_EVERY_MS
    try {
      if (opened().prune(systemClock.epochMs() - retentionMs)) again = PRUNE_PAUSE_MS
    } catch {
      // Whoever writes next is told what is wrong with the disk.
    }
    pruneTimer = setTimeout(prune, again, retentionMs)
  }

  return {
    open(ask) {
      shut()
      path = ask.path
      clearTimeout(pruneTimer)
      if (path !== null) pruneTimer = setTimeout(prune, PRUNE_PAUSE_MS, ask.retentionMs)
      return null
    },
    write({ process, batch, rows }) {
      try {
        opened().write(process, batch, rows)
      } catch (error) {
        // The file may have been replaced or the disk mounted anew: the next attempt begins from the beginning.
        shut()
        throw error
      }
      return null
    },
    price: ({ priced, epochMs }) => lookUpPrice(priced, new Date(epochMs)),
    sum: ({ query }) => sumUsage(opened(), query),
    spent: ({ sinceMs, beforeMs }) => spentByHour(opened(), sinceMs, beforeMs),
    close() {
      clearTimeout(pruneTimer)
      shut()
      return null
    },
  }
}

import type { Log } from '../telemetry/log.ts'
import type { ThreadFailure } from '../threads/thread-client.ts'
import type { UsageEntry } from './usage-entry.ts'
import { rowOf, type UsageRow } from './usage-row.ts'

/**
 * What is not on disk yet. Entries are written in batches: when there are enough of them, or when the first has waited long
 * enough. When the disk fails they wait here, so many of them, and lb goes on.
 */
export interface UsageQueue {
  add(entry: UsageEntry): void
  /** Writes everything that is here now. Never rejects: what could not be written stays. */
  flush(): Promise<void>
  /** Entries that wait. */
  pending(): number
  /** Entries that found no room, so far. */
  dropped(): number
}

export interface UsageQueueDeps {
  readonly log: Log
  /** Writes all or nothing. The same batch comes again with the same number. */
  write(batch: number, rows: readonly UsageRow[]): Promise<unknown>
  /** Awaited before entries are written. Completes those whose price is known by then. */
  ready(): Promise<unknown>
}

/** An entry waits no longer than this for others. What was answered before it survives the death of the process. */
export const FLUSH_MS = 250
/** So many do not wait at all. */
const FLUSH_ENTRIES = 64
const MOST_AT_ONCE = 1024
/** Some minutes of a busy team: about ten megabytes. */
const MOST_ENTRIES = 50_000
const RETRY_MS = 1_000
const RETRY_MAX_MS = 30_000

export function createUsageQueue({ log, write, ready }: UsageQueueDeps): UsageQueue {
  const entries: UsageEntry[] = []
  /** What is being written, or could not be. */
  let batch: UsageRow[] = []
  let batchNumber = 0
  let writing: Promise<void> | undefined
  let timer: NodeJS.Timeout | undefined
  let failures = 0
  let dropped = 0

  function schedule(delayMs: number): void {
    timer ??= setTimeout(() => {
      timer = undefined
      void drain()
    }, delayMs).unref()
  }

  /** One at a time: the next batch begins when this one is on disk. */
  function drain(): Promise<void> {
    writing ??= writeAll().finally(() => {
      writing = undefined
      if (failures > 0) schedule(Math.min(RETRY_MAX_MS, RETRY_MS * 2 ** (failures - 1)))
      else if (entries.length > 0) schedule(FLUSH_MS)
    })
    return writing
  }

  async function writeAll(): Promise<void> {
    while (batch.length > 0 || entries.length > 0) {
      await ready()
      if (batch.length === 0) {
        batch = entries.splice(0, completeEntries()).map(rowOf)
        batchNumber += 1
      }
      if (batch.length === 0) return
      try {
        await write(batchNumber, batch)
      } catch (error) {
        return failed(error as ThreadFailure)
      }
      batch = []
      if (failures > 0) recovered()
    }
  }

  /** How many entries at the front have all that they need. */
  function completeEntries(): number {
    const incomplete = entries.findIndex(({ nanoUsd }) => nanoUsd === undefined)
    return Math.min(incomplete === -1 ? entries.length : incomplete, MOST_AT_ONCE)
  }

  function failed({ message, code }: ThreadFailure): void {
    failures += 1
    if (failures > 1) return
    log.error(
      { event: 'usage_not_written', code, reason: message },
      `usage cannot be written: ${message}. lb goes on serving and keeps up to ${MOST_ENTRIES} entries in memory until it can`,
    )
  }

  function recovered(): void {
    failures = 0
    log.info({ event: 'usage_written_again', dropped }, `usage is written again; ${dropped} entries were lost`)
  }

  return {
    add(entry) {
      if (entries.length + batch.length >= MOST_ENTRIES) {
        dropped += 1
        return
      }
      entries.push(entry)
      if (failures > 0) return
      if (entries.length >= FLUSH_ENTRIES) void drain()
      else schedule(FLUSH_MS)
    },
    async flush() {
      clearTimeout(timer)
      timer = undefined
      // What is being written now does not hold what came since.
      await writing
      if (entries.length > 0 || batch.length > 0) await drain()
    },
    pending: () => entries.length + batch.length,
    dropped: () => dropped,
  }
}

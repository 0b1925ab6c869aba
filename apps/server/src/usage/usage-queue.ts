import type { Log } from '../telemetry/log.ts'
import { createBatchWriter } from './batch-writer.ts'
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
const FLUSH_MS = 250
/**
 * So many do not wait at all. With every batch the processor goes from this thread to the one that writes and back, and
 * either finds its caches full of the other's data: fewer, larger batches cost both less.
 */
const FLUSH_ENTRIES = 256
const MOST_AT_ONCE = 1024
/** Some minutes of a busy team: about ten megabytes. */
export const MOST_ENTRIES = 50_000

export function createUsageQueue({ log, write, ready }: UsageQueueDeps): UsageQueue {
  const entries: UsageEntry[] = []
  let dropped = 0
  const writer = createBatchWriter(log, write, () => dropped)
  let writing: Promise<void> | undefined
  let timer: NodeJS.Timeout | undefined

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
      const retryInMs = writer.retryInMs()
      if (retryInMs > 0) schedule(retryInMs)
      else if (entries.length > 0) schedule(FLUSH_MS)
    })
    return writing
  }

  async function writeAll(): Promise<void> {
    while (writer.held() > 0 || entries.length > 0) {
      await ready()
      if ((await writer.write(() => entries.splice(0, completeEntries()).map(rowOf))) !== 'written') return
    }
  }

  /** How many entries at the front have all that they need. */
  function completeEntries(): number {
    const incomplete = entries.findIndex(({ nanoUsd }) => nanoUsd === undefined)
    return Math.min(incomplete === -1 ? entries.length : incomplete, MOST_AT_ONCE)
  }

  return {
    add(entry) {
      if (entries.length + writer.held() >= MOST_ENTRIES) {
        dropped += 1
        return
      }
      entries.push(entry)
      if (writer.retryInMs() > 0) return
      if (entries.length >= FLUSH_ENTRIES) void drain()
      else schedule(FLUSH_MS)
    },
    async flush() {
      clearTimeout(timer)
      timer = undefined
      // What is being written now does not hold what came since.
      await writing
      if (entries.length > 0 || writer.held() > 0) await drain()
    },
    pending: () => entries.length + writer.held(),
    dropped: () => dropped,
  }
}

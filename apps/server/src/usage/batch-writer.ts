import type { Log } from '../telemetry/log.ts'
import type { ThreadFailure } from '../threads/thread-client.ts'
import type { UsageRow } from './usage-row.ts'

/** Writes batches one after the other. One that could not be written is held, and goes before all others with its number. */
export interface BatchWriter {
  /**
   * Writes what is held, else a new batch. Never rejects.
   * @param next the rows of a new batch; none: there is nothing to write.
   */
  write(next: () => UsageRow[]): Promise<'written' | 'nothing' | 'failed'>
  /** Rows of the batch that is being written, or could not be. */
  held(): number
  /** When it is worth trying again; zero: the last batch was written. */
  retryInMs(): number
}

const RETRY_MS = 1_000
const RETRY_MAX_MS = 30_000

/**
 * @param write writes all or nothing. The same batch comes again with the same number.
 * @param dropped how many entries were lost so far, for the log.
 */
export function createBatchWriter(
  log: Log,
  write: (batch: number, rows: readonly UsageRow[]) => Promise<unknown>,
  dropped: () => number,
): BatchWriter {
  let batch: UsageRow[] = []
  let batchNumber = 0
  let failures = 0

  function failed({ message, code }: ThreadFailure): void {
    failures += 1
    // Once, not with every try.
    if (failures > 1) return
    const fields = { event: 'usage_not_written', code, reason: message }
    log.error(
      fields,
      `usage cannot be written: ${message}. lb goes on serving and keeps entries in memory until it can`,
    )
  }

  function recovered(): void {
    failures = 0
    const lost = dropped()
    log.info({ event: 'usage_written_again', dropped: lost }, `usage is written again; ${lost} entries were lost`)
  }

  return {
    async write(next) {
      if (batch.length === 0) {
        batch = next()
        if (batch.length === 0) return 'nothing'
        batchNumber += 1
      }
      try {
        await write(batchNumber, batch)
      } catch (error) {
        failed(error as ThreadFailure)
        return 'failed'
      }
      batch = []
      if (failures > 0) recovered()
      return 'written'
    },
    held: () => batch.length,
    retryInMs: () => (failures === 0 ? 0 : Math.min(RETRY_MAX_MS, RETRY_MS * 2 ** (failures - 1))),
  }
}

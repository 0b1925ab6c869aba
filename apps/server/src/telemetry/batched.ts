/** Lines that are written together. */
export interface BatchedLines {
  write(line: string): void
  /** Writes what waits. */
  flush(): void
}

/** Nobody who watches a log notices; hundreds of lines share one write. */
const WAIT_MS = 20
/** What is longer is written at once. */
const MOST_BYTES = 64 * 1024
/** UTF-8 of a UTF-16 unit. */
const MOST_BYTES_A_UNIT = 3

/**
 * Writes lines of a log in batches. Each write to a pipe is a system call that blocks: at thousands of requests a second they
 * would be a tenth of all that a request costs.
 *
 * They wait as bytes, which the console and the file take as they are. What waits when the process ends by itself is written
 * by {@link BatchedLines.flush}; a kill loses the lines of the last 20 ms.
 *
 * @param to takes a batch, and may keep it.
 */
export function batchedLines(to: { write(batch: Buffer): unknown }): BatchedLines {
  let block = Buffer.allocUnsafeSlow(MOST_BYTES)
  let end = 0
  let timer: NodeJS.Timeout | undefined

  function flush(): void {
    clearTimeout(timer)
    timer = undefined
    if (end === 0) return
    const batch = block.subarray(0, end)
    block = Buffer.allocUnsafeSlow(MOST_BYTES)
    end = 0
    to.write(batch)
  }

  return {
    write(line) {
      if (line.length * MOST_BYTES_A_UNIT > MOST_BYTES - end) {
        flush()
        if (line.length * MOST_BYTES_A_UNIT > MOST_BYTES) return void to.write(Buffer.from(line))
      }
      end += block.write(line, end)
      timer ??= setTimeout(flush, WAIT_MS)
    },
    flush,
  }
}

/** Lines that are written together. */
export interface BatchedLines {
  write(line: string): void
  /** Writes what waits. */
  flush(): void
}

/** Nobody who watches a log notices; hundreds of lines share one write. */
const WAIT_MS = 20
/** What is longer is written at once. */
const MOST_UNITS = 64 * 1024

/**
 * Writes lines of a log in batches. Each write to a pipe is a system call that blocks: at thousands of requests a second they
 * would be a tenth of all that a request costs.
 *
 * What waits when the process ends by itself is written by {@link BatchedLines.flush}; a kill loses the lines of the last 20 ms.
 */
export function batchedLines(to: { write(text: string): unknown }): BatchedLines {
  let waiting = ''
  let timer: NodeJS.Timeout | undefined

  function flush(): void {
    clearTimeout(timer)
    timer = undefined
    const text = waiting
    waiting = ''
    if (text !== '') to.write(text)
  }

  return {
    write(line) {
      waiting += line
      if (waiting.length >= MOST_UNITS) flush()
      else timer ??= setTimeout(flush, WAIT_MS)
    },
    flush,
  }
}

import { renameSync, rmSync, statSync } from 'node:fs'
import { parse } from 'node:path'
import pino, { type DestinationStream } from 'pino'

/** A log file that is renamed when it is full: `logs.jsonl` is always the newest, `logs.1.jsonl` the one before. */
export interface RotatingFile extends DestinationStream {
  /** Called when the file cannot be written, at most once a minute. Lines are lost until it can be written again. */
  onTrouble(listener: (code: string) => void): void
  close(): void
}

/** What waits while the disk is slow or full. Beyond it lines are dropped: a log must not fill the memory. */
const MAX_WAITING_BYTES = 4 * 1024 * 1024
const TROUBLE_PAUSE_MS = 60_000

/**
 * Opens `path` for appending; makes its folder. Writing is done by pino's own file stream, which survives a full disk.
 *
 * @param maxFiles how many are kept, the current one included.
 */
export function rotatingFile(path: string, maxBytes: number, maxFiles: number): RotatingFile {
  const file = pino.destination({ dest: path, mkdir: true, sync: false, maxLength: MAX_WAITING_BYTES })
  let written = sizeOf(path)
  let listener: (code: string) => void = () => {}
  let quietUntilMs = 0

  file.on('error', (error: NodeJS.ErrnoException) => {
    const nowMs = performance.now()
    if (nowMs < quietUntilMs) return
    quietUntilMs = nowMs + TROUBLE_PAUSE_MS
    listener(error.code ?? error.message)
  })

  return {
    write(line) {
      written += Buffer.byteLength(line)
      if (written > maxBytes) {
        written = 0
        rotate(path, maxFiles - 1)
        file.reopen()
      }
      file.write(line)
    },
    onTrouble(added) {
      listener = added
    },
    close() {
      try {
        file.flushSync()
      } catch {
        // It was never opened, or cannot be written: that was said already.
      }
      file.end()
    },
  }
}

function sizeOf(path: string): number {
  try {
    return statSync(path, { throwIfNoEntry: false })?.size ?? 0
  } catch {
    return 0
  }
}

/** Moves `logs.jsonl` to `logs.1.jsonl`, that to `logs.2.jsonl`, and so on; the oldest goes. */
function rotate(path: string, oldFiles: number): void {
  const { dir, name, ext } = parse(path)
  const numbered = (index: number): string => (index === 0 ? path : `${dir === '' ? '.' : dir}/${name}.${index}${ext}`)
  try {
    rmSync(numbered(oldFiles), { force: true })
    for (let index = oldFiles - 1; index >= 0; index -= 1) renameIfThere(numbered(index), numbered(index + 1))
  } catch {
    // The folder cannot be written: the file's own errors say so.
  }
}

function renameIfThere(from: string, to: string): void {
  try {
    renameSync(from, to)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
  }
}

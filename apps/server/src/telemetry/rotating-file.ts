import { closeSync, mkdirSync, openSync, renameSync, rmSync, statSync } from 'node:fs'
import { parse, resolve } from 'node:path'
import pino, { type DestinationStream } from 'pino'

/** A log file that is renamed when it is full: `logs.jsonl` is always the newest, `logs.1.jsonl` the one before. */
export interface RotatingFile extends DestinationStream {
  /** Called when the file cannot be written, at most once a minute. Lines are lost until it can be written again. */
  onTrouble(listener: (code: string) => void): void
  close(): void
}

const MAX_BYTES = 10 * 1024 * 1024
const OLD_FILES = 5
/** What waits while the disk is slow or full. Beyond it lines are dropped: a log must not fill the memory. */
const MAX_WAITING_BYTES = 4 * 1024 * 1024
const TROUBLE_PAUSE_MS = 60_000
/** Between two tries to open a file that could not be opened. */
const TRY_AGAIN_MS = 5000

/**
 * Opens `path` for appending; makes its folder. Writing is done by pino's own file stream, which survives a full disk. A file that
 * cannot be opened at all is tried again from time to time, and lines are dropped until then.
 */
export function rotatingFile(path: string, maxBytes: number = MAX_BYTES): RotatingFile {
  let written = 0
  let file: LogFile | undefined
  let nextTryMs = Number.NEGATIVE_INFINITY
  let quietUntilMs = Number.NEGATIVE_INFINITY
  let untold: string | undefined
  let listener = (code: string): void => {
    untold = code
  }

  function trouble({ code, message }: NodeJS.ErrnoException): void {
    const nowMs = performance.now()
    if (nowMs < quietUntilMs) return
    quietUntilMs = nowMs + TROUBLE_PAUSE_MS
    listener(code ?? message)
  }

  function opened(): LogFile | undefined {
    if (file !== undefined || performance.now() < nextTryMs) return file
    try {
      file = openFile(path)
      file.on('error', trouble)
      written = statSync(path).size
    } catch (error) {
      nextTryMs = performance.now() + TRY_AGAIN_MS
      trouble(error as NodeJS.ErrnoException)
    }
    return file
  }

  opened()
  return {
    write(line) {
      const open = opened()
      if (open === undefined) return
      const length = Buffer.byteLength(line)
      written += length
      if (written > maxBytes) {
        written = length
        rotate(path)
        open.reopen()
      }
      open.write(line)
    },
    onTrouble(added) {
      listener = added
      if (untold !== undefined) added(untold)
    },
    close: () => file?.flushSync(),
  }
}

type LogFile = ReturnType<typeof pino.destination>

/** pino's stream never recovers when its file cannot be opened, so that is found out before. @throws what the system says. */
function openFile(path: string): LogFile {
  mkdirSync(parse(resolve(path)).dir, { recursive: true })
  closeSync(openSync(path, 'a'))
  return pino.destination({ dest: path, sync: false, maxLength: MAX_WAITING_BYTES })
}

/** Moves `logs.jsonl` to `logs.1.jsonl`, that to `logs.2.jsonl`, and so on; the oldest goes. */
function rotate(path: string): void {
  const { dir, name, ext } = parse(path)
  const numbered = (index: number): string => (index === 0 ? path : `${dir === '' ? '.' : dir}/${name}.${index}${ext}`)
  try {
    rmSync(numbered(OLD_FILES), { force: true })
    for (let index = OLD_FILES - 1; index >= 0; index -= 1) renameIfThere(numbered(index), numbered(index + 1))
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

import { renameSync, rmSync, statSync } from 'node:fs'
import { parse } from 'node:path'
import pino, { type DestinationStream } from 'pino'

/** A log file that is renamed when it is full: `logs.jsonl` is always the newest, `logs.1.jsonl` the one before. */
export interface RotatingFile extends DestinationStream {
  /** Takes a line. Never throws and never waits: what cannot be written is lost, and said. */
  write(line: string): void
  /** Called when the file cannot be written, at most once a minute; at once if that was so before somebody listened. */
  onTrouble(listener: (code: string) => void): void
  /** Resolves when everything is written, in files that were rotated away too, or cannot be. */
  close(): Promise<void>
}

/** What waits while the disk is slow or full. Beyond it lines are dropped: a log must not fill the memory. */
const MAX_WAITING_BYTES = 4 * 1024 * 1024
const TROUBLE_PAUSE_MS = 60_000
/** A folder that is missing or not ours is tried again after this long. */
const REOPEN_AFTER_MS = 10_000

/**
 * Opens `path` for appending; makes its folder. Writing is done by pino's own file stream, which keeps what a full disk does
 * not take. A stream that could not be opened throws at every write, so each gets one chance and another follows later.
 *
 * @param maxBytes size at which a new file is begun.
 * @param maxFiles how many are kept, the current one included.
 * @param nowMs monotonic.
 */
export function rotatingFile(
  path: string,
  maxBytes: number,
  maxFiles: number,
  nowMs: () => number = () => performance.now(),
): RotatingFile {
  let stream: FileStream | undefined
  /** Files that were rotated away, and are still being written to. */
  const ending = new Set<Promise<void>>()
  let bytes = 0
  let reopenAtMs = 0
  let quietUntilMs = Number.NEGATIVE_INFINITY
  let listener: ((code: string) => void) | undefined
  /** What nobody was there to hear. */
  let untold: string | undefined

  function trouble(error: NodeJS.ErrnoException): void {
    if (nowMs() < quietUntilMs) return
    // Telling writes a line, and that may be the next trouble.
    quietUntilMs = nowMs() + TROUBLE_PAUSE_MS
    const code = error.code ?? error.message
    if (listener === undefined) untold = code
    else listener(code)
  }

  function open(): void {
    bytes = sizeOf(path)
    const opened = openStream(path, (error) => {
      if (!opened.isOpen && stream === opened) {
        stream = undefined
        reopenAtMs = nowMs() + REOPEN_AFTER_MS
      }
      trouble(error)
    })
    stream = opened
  }

  /** What it has taken already goes into the file that it has open, whatever that is called by then. */
  function rotateAway(full: FileStream): void {
    const ended = full.end().finally(() => ending.delete(ended))
    ending.add(ended)
    rotate(path, maxFiles - 1)
    open()
  }

  open()
  return {
    write(line) {
      if (stream === undefined && nowMs() >= reopenAtMs) open()
      if (stream === undefined) return
      const lineBytes = Buffer.byteLength(line)
      // A file that is not open yet will be opened by its name: it must not be renamed before.
      if (stream.isOpen && bytes > 0 && bytes + lineBytes > maxBytes) rotateAway(stream)
      bytes += lineBytes
      stream?.write(line)
    },
    onTrouble(added) {
      listener = added
      const code = untold
      untold = undefined
      if (code !== undefined) added(code)
    },
    close: async () => {
      await Promise.all([stream?.end(), ...ending])
    },
  }
}

/** One opened file. */
interface FileStream {
  readonly isOpen: boolean
  write(line: string): void
  end(): Promise<void>
}

function openStream(path: string, failed: (error: NodeJS.ErrnoException) => void): FileStream {
  const file = pino.destination({ dest: path, mkdir: true, sync: false, maxLength: MAX_WAITING_BYTES })
  let isOpen = false
  let isOver = false
  file.on('ready', () => {
    isOpen = true
  })
  file.on('error', (error: NodeJS.ErrnoException) => {
    // At its end nothing will be written any more that could succeed.
    if (isOver) file.destroy()
    isOver ||= !isOpen
    failed(error)
  })
  file.on('drop', () => failed(Object.assign(new Error('the disk is too slow'), { code: 'ENOBUFS' })))
  return {
    get isOpen() {
      return isOpen
    },
    write(line) {
      if (!isOver) file.write(line)
    },
    end() {
      if (isOver) return Promise.resolve()
      isOver = true
      return new Promise((resolve) => {
        file.once('close', resolve)
        file.once('error', resolve)
        file.end()
      })
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

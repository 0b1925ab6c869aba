import { constants, lstatSync, realpathSync, renameSync, rmSync, statSync } from 'node:fs'
import { type FileHandle, open } from 'node:fs/promises'
import { dirname, parse } from 'node:path'
import { makeFolder } from '../make-folder.ts'

/** A log file that is renamed when it is full: `logs.jsonl` is always the newest, `logs.1.jsonl` the one before. */
export interface RotatingFile {
  /** Takes whole lines. Never throws and never waits: what cannot be written is lost, and said. */
  write(lines: string | Buffer): void
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
 * Opens `path` for appending; makes its folder. Not pino's own file stream: that one throws when the process ends
 * before its file is open, and a file that can never be opened is what this one must live with.
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

  function begin(): void {
    bytes = sizeOf(path)
    const opened = openStream(path, (error) => {
      if (!opened.isOpen() && stream === opened) {
        stream = undefined
        reopenAtMs = nowMs() + REOPEN_AFTER_MS
      }
      trouble(error)
    })
    stream = opened
  }

  /** What it has taken already goes into the file that it has open, whatever that is called by then. */
  function rotateAway(full: FileStream): void {
    const place = rotatable(path)
    bytes = 0
    if (place === undefined) return
    const ended = full.end().finally(() => ending.delete(ended))
    ending.add(ended)
    rotate(place, maxFiles - 1)
    begin()
  }

  begin()
  return {
    write(lines) {
      if (stream === undefined && nowMs() >= reopenAtMs) begin()
      if (stream === undefined) return
      const added = typeof lines === 'string' ? Buffer.from(lines) : lines
      // A file that is not open yet will be opened by its name: it must not be renamed before.
      if (stream.isOpen() && bytes > 0 && bytes + added.length > maxBytes) rotateAway(stream)
      bytes += added.length
      stream?.write(added)
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

/** One file, appended to in order, one write at a time. */
interface FileStream {
  isOpen(): boolean
  write(bytes: Buffer): void
  end(): Promise<void>
}

function openStream(path: string, failed: (error: NodeJS.ErrnoException) => void): FileStream {
  let handle: FileHandle | undefined
  let waiting: Buffer[] = []
  let waitingBytes = 0
  let isOver = false
  let working: Promise<void> | undefined

  /** What a write does not take stays first in line, for the next one. */
  async function writeBatch(file: FileHandle): Promise<void> {
    let left = waiting.length === 1 ? (waiting[0] as Buffer) : Buffer.concat(waiting)
    waiting = []
    try {
      while (left.length > 0) {
        const { bytesWritten } = await file.write(left)
        left = left.subarray(bytesWritten)
        waitingBytes -= bytesWritten
      }
    } finally {
      if (left.length > 0) waiting.unshift(left)
    }
  }

  async function work(): Promise<void> {
    try {
      handle ??= await openForAppending(path)
      while (waiting.length > 0) await writeBatch(handle)
    } catch (error) {
      isOver ||= handle === undefined
      failed(error instanceof Error ? error : new Error(String(error)))
    }
    working = undefined
  }

  working = work()
  return {
    isOpen: () => handle !== undefined,
    write(bytes) {
      if (isOver) return
      if (waitingBytes + bytes.length > MAX_WAITING_BYTES) {
        failed(Object.assign(new Error('the disk is too slow, or full'), { code: 'ENOBUFS' }))
        return
      }
      waiting.push(bytes)
      waitingBytes += bytes.length
      working ??= work()
    },
    async end() {
      isOver = true
      await working
      // What could not be written before gets one more chance.
      if (handle !== undefined && waiting.length > 0) await work()
      await handle?.close().catch(failed)
    },
  }
}

/** As `a` does, but a named pipe that nobody reads is refused: to wait for its reader would keep lb from ever ending. */
const APPENDING = constants.O_APPEND | constants.O_CREAT | constants.O_WRONLY | (constants.O_NONBLOCK ?? 0)

async function openForAppending(path: string): Promise<FileHandle> {
  await makeFolder(dirname(path))
  return open(path, APPENDING)
}

function sizeOf(path: string): number {
  try {
    return statSync(path, { throwIfNoEntry: false })?.size ?? 0
  } catch {
    return 0
  }
}

/**
 * Which file moves aside: `path`, or the file that it is a link to. `undefined`: none, because it is a device or a pipe. Nobody
 * wants `/dev/null` to be called `/dev/null.1`, nor the file that `/dev/stdout` happens to lead to.
 */
function rotatable(path: string): string | undefined {
  try {
    const isLink = lstatSync(path).isSymbolicLink()
    const place = isLink ? realpathSync(path) : path
    const isOurs = statSync(place).isFile() && !(isLink && /^\/(?:dev|proc)\//.test(path))
    return isOurs ? place : undefined
  } catch {
    // It is gone: there is nothing to move, and a new one is made.
    return path
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

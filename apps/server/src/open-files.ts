import { readFileSync } from 'node:fs'

/** What lb needs beside connections: logs, token files, the listener, the engine's own. */
const RESERVED = 64
/** A client's connection and the upstream's that answers it. */
const FILES_PER_CONNECTION = 2

/**
 * How many client connections may be open, given how many files this process may open. Beyond that an `accept` fails, and so do
 * the upstream connections of requests that are already in: better to turn away one client more at the door.
 *
 * @param wanted `settings.max_connections`.
 * @param limit how many files may be open; `undefined`: nobody knows.
 */
export function connectionLimit(wanted: number, limit: number | undefined): number {
  if (limit === undefined) return wanted
  return Math.max(1, Math.min(wanted, Math.floor((limit - RESERVED) / FILES_PER_CONNECTION)))
}

/** The limit of this process. Node has raised it to the hard limit. `undefined`: not told here, or there is none. */
export function openFilesLimit(read: () => string = readLimits): number | undefined {
  try {
    const found = /^Max open files\s+(\d+)/m.exec(read())
    return found === null ? undefined : Number(found[1])
  } catch {
    return undefined
  }
}

/** @see https://man7.org/linux/man-pages/man5/proc_pid_limits.5.html */
function readLimits(): string {
  return readFileSync('/proc/self/limits', 'utf8')
}

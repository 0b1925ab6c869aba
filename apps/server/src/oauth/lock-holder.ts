import { readFileSync, readlinkSync } from 'node:fs'
import { hostname } from 'node:os'

/**
 * Who holds a lock, as one line of text: enough for another process on the same machine to see whether the holder still
 * lives. The namespace is part of it, because in another container the same process id is somebody else.
 */
export function describeHolder(): string {
  return [hostname(), namespaceOf(), bootOf(), process.pid, startOf(process.pid) ?? ''].join(' ')
}

/**
 * Whether the holder is certainly dead: it ran on this machine, under this boot, in this namespace, and its process id is
 * unused or belongs to a process that started at another time. "No" means only "cannot tell".
 */
export function isCertainlyDead(holder: string, us: string): boolean {
  const [host, namespace, boot, pid, start] = holder.split(' ')
  const [ourHost, ourNamespace, ourBoot] = us.split(' ')
  if (host !== ourHost || namespace !== ourNamespace || boot !== ourBoot || namespace === '?') return false
  const id = Number(pid)
  if (!Number.isSafeInteger(id) || id <= 0) return false
  return !isRunning(id) || (start !== '' && startOf(id) !== undefined && startOf(id) !== start)
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0)
  } catch (error) {
    // EPERM: it exists, and is somebody else's.
    return error instanceof Error && 'code' in error && error.code === 'EPERM'
  }
  return stateOf(pid) !== 'Z'
}

/** `Z`: it has died, and only its parent has not looked yet. */
function stateOf(pid: number): string | undefined {
  return statOf(pid)?.[0]
}

/** When a process started, in clock ticks since boot; `undefined` where the system does not say. */
function startOf(pid: number): string | undefined {
  return statOf(pid)?.[19]
}

/** What `/proc/PID/stat` says after the program's name, which may itself hold spaces and brackets. */
function statOf(pid: number): string[] | undefined {
  const text = readLine(() => readFileSync(`/proc/${pid}/stat`, 'utf8'))
  return text?.slice(text.lastIndexOf(')') + 2).split(' ')
}

function namespaceOf(): string {
  // Systems without `/proc` have no process namespaces either; a Linux that hides it must not be trusted with process ids.
  const link = readLine(() => readlinkSync('/proc/self/ns/pid'))
  return link ?? (process.platform === 'linux' ? '?' : process.platform)
}

function bootOf(): string {
  return readLine(() => readFileSync('/proc/sys/kernel/random/boot_id', 'utf8'))?.trim() ?? '-'
}

function readLine(read: () => string): string | undefined {
  try {
    return read()
  } catch {
    return undefined
  }
}

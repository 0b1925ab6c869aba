import { randomUUID } from 'node:crypto'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { CREATE, type Disk, type DiskFile, errorCode, READ, unlessMissing } from './disk.ts'
import { describeHolder, isCertainlyDead } from './lock-holder.ts'

/**
 * Locks between processes, as files in a folder that they share.
 *
 * A lock `name` is held by whoever owns its only file `name.N`. To take it: look who is there; if all of them are dead or
 * have not moved for the lock's time to live, create the next number (one of several contenders succeeds); then look
 * *again*, and give way to anybody who was not judged dead the first time. Two holders cannot both have looked last: the
 * one who created its file later sees the other's. So a dead holder's file is taken over without ever being deleted by two.
 *
 * A holder that was only asleep (a stopped process, a suspended machine) finds out by {@link FileLock.isHeld}; what it was
 * about to write is refused (see token-file.ts for how that is made airtight).
 *
 * Staleness is never read off a wall clock: on the same machine a holder's process is looked up (its start time too, for
 * process ids are used again); otherwise the observer measures on its own clock how long the holder has shown no movement.
 * Holders touch their identity file, of which the lock files are hard links, several times within the time to live.
 */
export interface FileLocks {
  /**
   * Waits for a lock.
   *
   * @returns the lock, or `stopped` when `stop` said that it is not needed any more, or `busy` when `waitMs` are over.
   * @throws a system error when the folder cannot be used (full, read-only).
   */
  take(name: string, options: TakeOptions): Promise<FileLock | 'stopped' | 'busy'>
  /** Removes the identities of processes that have certainly died. */
  tidy(): Promise<void>
  /** Removes what this process has left in the folder. */
  close(): Promise<void>
}

/** How long to wait for a lock. */
export interface TakeOptions {
  readonly waitMs: number
  /** Asked before each look: `true` ends the wait. */
  readonly stop?: () => Promise<boolean>
}

/** A lock that is held. */
export interface FileLock {
  /** A name that no other holder has. */
  readonly id: string
  /** Whether the one before never gave it back: it may have died in the middle of what the lock protects. */
  readonly tookOver: boolean
  /** Whether it is still ours; `false` when somebody took us for dead. */
  isHeld(): Promise<boolean>
  release(): Promise<void>
}

/** What the locks need. */
export interface FileLockOptions {
  readonly folder: string
  readonly disk: Disk
  /** Monotonic milliseconds. */
  readonly nowMs: () => number
  /** A holder that shows no movement for this long is taken for dead. */
  readonly ttlMs: number
}

/** What systems say where hard links are unknown or forbidden. */
const NO_LINKS = new Set(['EPERM', 'ENOSYS', 'ENOTSUP', 'EOPNOTSUPP', 'EMLINK', 'EXDEV'])

interface Claim {
  readonly number: number
  readonly path: string
  readonly inode: bigint
  /** The file's change time: moves with every sign of life. */
  readonly movedNs: bigint
}

/** A lock file of ours. The inode tells it from a later one of the same name. */
interface Holding {
  readonly path: string
  readonly inode: bigint
  /** Kept open where the file is no link of our identity: as long as it is open its inode is not given to another. */
  readonly file?: DiskFile
}

/** Locks in `folder`, which exists. */
export function createFileLocks(options: FileLockOptions): FileLocks {
  const { folder, disk, ttlMs, nowMs } = options
  const processId = randomUUID()
  const us = describeHolder()
  const identityPath = join(folder, `who.${processId}`)
  const sightings = new Map<string, { movedNs: bigint; sinceMs: number }>()
  const held = new Map<string, Holding>()
  const queues = new Map<string, Promise<void>>()
  let identity: Promise<bigint | undefined> | undefined
  let linkable = true
  let heartbeat: NodeJS.Timeout | undefined

  async function claimsOf(name: string): Promise<Claim[]> {
    const claims: Claim[] = []
    for (const entry of await disk.readdir(folder)) {
      const number = entry.startsWith(`${name}.`) ? Number(entry.slice(name.length + 1)) : Number.NaN
      if (!Number.isSafeInteger(number)) continue
      const path = join(folder, entry)
      const stat = await disk.lstat(path).catch(() => undefined)
      if (stat !== undefined) claims.push({ number, path, inode: stat.ino, movedNs: stat.ctimeNs })
    }
    return claims
  }

  async function isDead(claim: Claim): Promise<boolean> {
    if (held.get(claim.path)?.inode === claim.inode) return false
    const holder = await readLine(disk, claim.path)
    if (holder !== undefined && isCertainlyDead(holder, us)) return true
    const sighting = sightings.get(keyOf(claim))
    if (sighting?.movedNs === claim.movedNs) return nowMs() - sighting.sinceMs >= ttlMs
    sightings.set(keyOf(claim), { movedNs: claim.movedNs, sinceMs: nowMs() })
    return false
  }

  /** Creates the file; `undefined` when it exists already. */
  async function create(path: string): Promise<Holding | undefined> {
    const linked = linkable ? await createLinked(path) : 'no-link'
    return linked === 'no-link' ? createUnlinked(disk, path, us) : linked
  }

  async function createLinked(path: string): Promise<Holding | undefined | 'no-link'> {
    // Written once, then linked: the lock appears with its content, and needs no room on a full disk.
    identity ??= writeIdentity(disk, identityPath, us).catch(() => undefined)
    const inode = await identity
    try {
      if (inode !== undefined) {
        await disk.link(identityPath, path)
        return { path, inode }
      }
    } catch (error) {
      if (errorCode(error) === 'EEXIST') return undefined
      if (NO_LINKS.has(errorCode(error))) linkable = false
      if (errorCode(error) !== 'ENOENT') return 'no-link'
    }
    // It could not be written, or was tidied away: it is written anew the next time.
    identity = undefined
    return 'no-link'
  }

  /** One look; `undefined` when somebody else has it. */
  async function tryTake(name: string): Promise<FileLock | undefined> {
    const before = await claimsOf(name)
    for (const other of before) if (!(await isDead(other))) return undefined
    const number = Math.max(0, ...before.map((other) => other.number)) + 1
    const holding = await create(join(folder, `${name}.${number}`))
    if (holding === undefined) return undefined
    held.set(holding.path, holding)
    const dead = new Set(before.map(keyOf))
    const after = await claimsOf(name)
    const isOurs = (claim: Claim): boolean => claim.path === holding.path && claim.inode === holding.inode
    if (!after.some(isOurs) || after.some((claim) => !isOurs(claim) && !dead.has(keyOf(claim)))) {
      await drop(holding)
      return undefined
    }
    for (const other of before) await unlessMissing(disk.unlink(other.path))
    sightings.clear()
    heartbeat ??= setInterval(beat, ttlMs / 5).unref()
    return {
      id: `${processId}.${number}`,
      tookOver: before.length > 0,
      isHeld: async () => {
        const claims = held.get(holding.path) === holding ? await claimsOf(name) : []
        return claims.some(isOurs) && claims.every((claim) => claim.number <= number)
      },
      release: () => drop(holding),
    }
  }

  async function drop(holding: Holding): Promise<void> {
    if (held.get(holding.path) !== holding) return
    held.delete(holding.path)
    // If we were taken for dead, the name may be somebody else's lock by now.
    const stat = await disk.lstat(holding.path).catch(() => undefined)
    if (stat?.ino === holding.inode) await unlessMissing(disk.unlink(holding.path))
    await holding.file?.close()
    if (held.size > 0) return
    clearInterval(heartbeat)
    heartbeat = undefined
  }

  function beat(): void {
    const paths = new Set(
      [...held.values()].map((holding) => (holding.file === undefined ? identityPath : holding.path)),
    )
    for (const path of paths) void disk.touch(path).catch(() => undefined)
  }

  async function poll(name: string, { waitMs, stop }: TakeOptions): Promise<FileLock | 'stopped' | 'busy'> {
    const startedMs = nowMs()
    for (let pauseMs = 4; ; pauseMs = Math.min(100, pauseMs * 2)) {
      if (stop !== undefined && (await stop())) return 'stopped'
      const lock = await tryTake(name)
      if (lock !== undefined) return lock
      if (nowMs() - startedMs >= waitMs) return 'busy'
      // Uneven pauses, so that contenders who gave way to each other do not meet again.
      await sleep(pauseMs * (0.5 + Math.random()))
    }
  }

  return {
    async take(name, takeOptions) {
      // Within a process they queue: polling files against oneself would be slow.
      const turn = queues.get(name) ?? Promise.resolve()
      const { promise, resolve } = deferred()
      queues.set(
        name,
        turn.then(() => promise),
      )
      await turn
      const lock = await poll(name, takeOptions).catch((error: unknown) => {
        resolve()
        throw error
      })
      if (typeof lock === 'string') {
        resolve()
        return lock
      }
      return { ...lock, release: () => lock.release().finally(resolve) }
    },
    async tidy() {
      for (const entry of await disk.readdir(folder)) {
        const path = join(folder, entry)
        const holder = entry.startsWith('who.') ? await readLine(disk, path) : undefined
        if (holder !== undefined && isCertainlyDead(holder, us)) await unlessMissing(disk.unlink(path))
      }
    },
    async close() {
      for (const holding of held.values()) await drop(holding).catch(() => undefined)
      await unlessMissing(disk.unlink(identityPath)).catch(() => undefined)
      identity = undefined
    },
  }
}

function keyOf(claim: Claim): string {
  return `${claim.path}#${claim.inode}`
}

async function writeIdentity(disk: Disk, path: string, us: string): Promise<bigint> {
  const file = await disk.open(path, CREATE, 0o600)
  try {
    await file.writeFile(Buffer.from(us))
    return (await file.stat()).ino
  } catch (error) {
    await disk.unlink(path).catch(() => undefined)
    throw error
  } finally {
    await file.close()
  }
}

async function createUnlinked(disk: Disk, path: string, us: string): Promise<Holding | undefined> {
  const file = await disk.open(path, CREATE, 0o600).catch((error: unknown) => {
    if (errorCode(error) === 'EEXIST') return undefined
    throw error
  })
  if (file === undefined) return undefined
  // Without room for our name we hold it anonymously: only time will tell others that we are dead.
  await file.writeFile(Buffer.from(us)).catch(() => undefined)
  return { path, inode: (await file.stat()).ino, file }
}

async function readLine(disk: Disk, path: string): Promise<string | undefined> {
  const file = await disk.open(path, READ).catch(() => undefined)
  if (file === undefined) return undefined
  const content = await file.readFile().catch(() => Buffer.alloc(0))
  await file.close()
  return content.length === 0 ? undefined : content.toString('utf8')
}

function deferred(): { promise: Promise<void>; resolve: () => void } {
  let resolve = (): void => undefined
  const promise = new Promise<void>((done) => {
    resolve = done
  })
  return { promise, resolve }
}

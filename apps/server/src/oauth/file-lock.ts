import { setTimeout as sleep } from 'node:timers/promises'
import type { Disk } from './disk.ts'
import { type Claim, type Holding, LockFolder } from './lock-folder.ts'
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

/** Locks in `folder`, which exists. */
export function createFileLocks(options: FileLockOptions): FileLocks {
  return new FolderLocks(options)
}

class FolderLocks implements FileLocks {
  readonly #ttlMs: number
  readonly #nowMs: () => number
  readonly #us = describeHolder()
  readonly #folder: LockFolder
  readonly #sightings = new Map<string, { movedNs: bigint; sinceMs: number }>()
  readonly #held = new Map<string, Holding>()
  readonly #queues = new Map<string, Promise<void>>()
  #heartbeat: NodeJS.Timeout | undefined

  constructor({ folder, disk, nowMs, ttlMs }: FileLockOptions) {
    this.#ttlMs = ttlMs
    this.#nowMs = nowMs
    this.#folder = new LockFolder(folder, disk, this.#us)
  }

  async take(name: string, options: TakeOptions): Promise<FileLock | 'stopped' | 'busy'> {
    // Within a process they queue: polling files against oneself would be slow.
    const before = this.#queues.get(name) ?? Promise.resolve()
    let done = (): void => undefined
    const turn = new Promise<void>((resolve) => {
      done = resolve
    })
    this.#queues.set(
      name,
      before.then(() => turn),
    )
    await before
    const lock = await this.#poll(name, options).catch((error: unknown) => {
      done()
      throw error
    })
    if (typeof lock !== 'string') return { ...lock, release: () => lock.release().finally(done) }
    done()
    return lock
  }

  async tidy(): Promise<void> {
    for (const { path, holder } of await this.#folder.identities()) {
      if (isCertainlyDead(holder, this.#us)) await this.#folder.remove(path)
    }
  }

  async close(): Promise<void> {
    for (const holding of this.#held.values()) await this.#drop(holding).catch(() => undefined)
    await this.#folder.close()
  }

  async #poll(name: string, { waitMs, stop }: TakeOptions): Promise<FileLock | 'stopped' | 'busy'> {
    const startedMs = this.#nowMs()
    for (let pauseMs = 4; ; pauseMs = Math.min(100, pauseMs * 2)) {
      if (stop !== undefined && (await stop())) return 'stopped'
      const lock = await this.#tryTake(name)
      if (lock !== undefined) return lock
      if (this.#nowMs() - startedMs >= waitMs) return 'busy'
      // Uneven pauses, so that contenders who gave way to each other do not meet again.
      await sleep(pauseMs * (0.5 + Math.random()))
    }
  }

  /** One look; `undefined` when somebody else has it. */
  async #tryTake(name: string): Promise<FileLock | undefined> {
    const before = await this.#folder.claims(name)
    for (const other of before) if (!(await this.#isDead(other))) return undefined
    const number = Math.max(0, ...before.map((other) => other.number)) + 1
    const holding = await this.#folder.create(name, number)
    if (holding === undefined) return undefined
    this.#held.set(holding.path, holding)
    const dead = new Set(before.map(keyOf))
    const after = await this.#folder.claims(name)
    const isOurs = (claim: Claim): boolean => claim.path === holding.path && claim.inode === holding.inode
    if (!after.some(isOurs) || after.some((claim) => !isOurs(claim) && !dead.has(keyOf(claim)))) {
      await this.#drop(holding)
      return undefined
    }
    for (const other of before) await this.#folder.remove(other.path)
    this.#sightings.clear()
    this.#heartbeat ??= setInterval(() => this.#folder.touch([...this.#held.values()]), this.#ttlMs / 5).unref()
    return {
      id: `${this.#folder.id}.${number}`,
      tookOver: before.length > 0,
      isHeld: async () => {
        const claims = this.#held.get(holding.path) === holding ? await this.#folder.claims(name) : []
        return claims.some(isOurs) && claims.every((claim) => claim.number <= number)
      },
      release: () => this.#drop(holding),
    }
  }

  async #isDead(claim: Claim): Promise<boolean> {
    if (this.#held.get(claim.path)?.inode === claim.inode) return false
    const holder = await this.#folder.holderOf(claim.path)
    if (holder !== undefined && isCertainlyDead(holder, this.#us)) return true
    const sighting = this.#sightings.get(keyOf(claim))
    if (sighting?.movedNs === claim.movedNs) return this.#nowMs() - sighting.sinceMs >= this.#ttlMs
    this.#sightings.set(keyOf(claim), { movedNs: claim.movedNs, sinceMs: this.#nowMs() })
    return false
  }

  async #drop(holding: Holding): Promise<void> {
    if (this.#held.get(holding.path) !== holding) return
    this.#held.delete(holding.path)
    if (this.#held.size === 0) {
      clearInterval(this.#heartbeat)
      this.#heartbeat = undefined
    }
    await this.#folder.giveBack(holding)
  }
}

function keyOf(claim: Claim): string {
  return `${claim.path}#${claim.inode}`
}

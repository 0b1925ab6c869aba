import { randomUUID } from 'node:crypto'
import { join } from 'node:path'
import { CREATE, type Disk, type DiskFile, errorCode, READ, unlessMissing } from './disk.ts'

/** A lock file that lies in the folder, ours or another's. */
export interface Claim {
  readonly number: number
  readonly path: string
  readonly inode: bigint
  /** The file's change time: moves with every sign of life. */
  readonly movedNs: bigint
}

/** A lock file of ours. The inode tells it from a later one of the same name. */
export interface Holding {
  readonly path: string
  readonly inode: bigint
  /** Kept open where the file is no link of our identity: as long as it is open its inode is not given to another. */
  readonly file?: DiskFile
}

/** What systems say where hard links are unknown or forbidden. */
const NO_LINKS = new Set(['EPERM', 'ENOSYS', 'ENOTSUP', 'EOPNOTSUPP', 'EMLINK', 'EXDEV'])

/**
 * The files that locks are made of: `NAME.NUMBER` for a lock that is held, `who.ID` for a process that holds some. A lock
 * file is a hard link of its holder's identity: it appears with its content in one step, and takes no room, so that a full
 * disk is no reason for two to refresh the same token. Where there are no links it is a file of its own.
 */
export class LockFolder {
  readonly id: string = randomUUID()
  readonly #folder: string
  readonly #disk: Disk
  readonly #us: string
  readonly #identityPath: string
  #identity: Promise<bigint | undefined> | undefined
  #linkable = true

  constructor(folder: string, disk: Disk, us: string) {
    this.#folder = folder
    this.#disk = disk
    this.#us = us
    this.#identityPath = join(folder, `who.${this.id}`)
  }

  /** The files of a lock. */
  async claims(name: string): Promise<Claim[]> {
    const claims: Claim[] = []
    for (const entry of await this.#disk.readdir(this.#folder)) {
      const number = entry.startsWith(`${name}.`) ? Number(entry.slice(name.length + 1)) : Number.NaN
      if (!Number.isSafeInteger(number)) continue
      const path = join(this.#folder, entry)
      const stat = await this.#disk.lstat(path).catch(() => undefined)
      if (stat !== undefined) claims.push({ number, path, inode: stat.ino, movedNs: stat.ctimeNs })
    }
    return claims
  }

  /** Creates a lock file; `undefined` when it exists already: somebody else was faster. */
  async create(name: string, number: number): Promise<Holding | undefined> {
    const path = join(this.#folder, `${name}.${number}`)
    const linked = this.#linkable ? await this.#link(path) : 'no-link'
    return linked === 'no-link' ? this.#createUnlinked(path) : linked
  }

  /** Removes a lock file of ours, unless the name is somebody else's by now, because we were taken for dead. */
  async giveBack({ path, inode, file }: Holding): Promise<void> {
    const stat = await this.#disk.lstat(path).catch(() => undefined)
    if (stat?.ino === inode) await this.remove(path)
    await file?.close()
  }

  /** Shows that we live. */
  touch(holdings: readonly Holding[]): void {
    const paths = new Set(holdings.map(({ path, file }) => (file === undefined ? this.#identityPath : path)))
    for (const path of paths) void this.#disk.touch(path).catch(() => undefined)
  }

  /** Who holds a lock, if the file says. */
  async holderOf(path: string): Promise<string | undefined> {
    const file = await this.#disk.open(path, READ).catch(() => undefined)
    if (file === undefined) return undefined
    const content = await file.readFile().catch(() => Buffer.alloc(0))
    await file.close()
    return content.length === 0 ? undefined : content.toString('utf8')
  }

  /** The processes that have used the folder and not tidied up after themselves. */
  async identities(): Promise<{ readonly path: string; readonly holder: string }[]> {
    const found: { path: string; holder: string }[] = []
    for (const entry of await this.#disk.readdir(this.#folder)) {
      const path = join(this.#folder, entry)
      const holder = entry.startsWith('who.') ? await this.holderOf(path) : undefined
      if (holder !== undefined) found.push({ path, holder })
    }
    return found
  }

  /** Removes a file, if it is still there. */
  remove(path: string): Promise<void> {
    return unlessMissing(this.#disk.unlink(path))
  }

  async close(): Promise<void> {
    await this.remove(this.#identityPath).catch(() => undefined)
    this.#identity = undefined
  }

  async #link(path: string): Promise<Holding | undefined | 'no-link'> {
    this.#identity ??= this.#introduce().catch(() => undefined)
    const inode = await this.#identity
    try {
      if (inode !== undefined) {
        await this.#disk.link(this.#identityPath, path)
        return { path, inode }
      }
    } catch (error) {
      if (errorCode(error) === 'EEXIST') return undefined
      if (NO_LINKS.has(errorCode(error))) this.#linkable = false
      if (errorCode(error) !== 'ENOENT') return 'no-link'
    }
    // It could not be written, or was tidied away: it is written anew the next time.
    this.#identity = undefined
    return 'no-link'
  }

  async #introduce(): Promise<bigint> {
    const file = await this.#disk.open(this.#identityPath, CREATE, 0o600)
    try {
      await file.writeFile(Buffer.from(this.#us))
      return (await file.stat()).ino
    } catch (error) {
      await this.#disk.unlink(this.#identityPath).catch(() => undefined)
      throw error
    } finally {
      await file.close()
    }
  }

  async #createUnlinked(path: string): Promise<Holding | undefined> {
    const file = await this.#disk.open(path, CREATE, 0o600).catch((error: unknown) => {
      if (errorCode(error) === 'EEXIST') return undefined
      throw error
    })
    if (file === undefined) return undefined
    // Without room for our name we hold it anonymously: only time will tell others that we are dead.
    await file.writeFile(Buffer.from(this.#us)).catch(() => undefined)
    return { path, inode: (await file.stat()).ino, file }
  }
}

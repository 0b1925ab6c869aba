import { constants } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { type AccountFile, emptyFile } from '@lb/oauth'
import { err, ok, type Result } from '@lb/protocol'
import type { FileCipher } from './cipher.ts'
import { CREATE, type Disk, errorCode, unlessMissing } from './disk.ts'
import { createFileLocks, type FileLock, type FileLocks } from './file-lock.ts'
import { decodeContent, encodeContent, type TokenContent } from './token-content.ts'
import { notSaved, prepareFolder, readPrivate, type Warn } from './token-folder.ts'
import type { FileOrigin, StoredFile, StoreProblem, TokenStore } from './token-store.ts'

/**
 * Accounts in one file. Beside `tokens.json` there are `tokens.json.bak` (the version before), `tokens.json.locks/` and, for
 * the length of a write, `tokens.json.tmp-…`.
 *
 * A write is: all of it into a new file, sync, *am I still the holder of the lock?*, keep the current version as `.bak`,
 * rename the new file over the current one, sync the folder. So a reader sees the old version or the new one, never a part,
 * whenever the power goes.
 *
 * The question in the middle can go stale: the process may be stopped right after it, be taken for dead, and wake up to do
 * its rename over what others wrote since. Therefore whoever takes the lock first deletes all other new files. A writer
 * that asked before the lock changed hands had its new file there to be deleted, so its late rename finds nothing; one that
 * asks after is told no. Either way the late write is refused, and the edit is made again on what is there by then.
 */
export interface FileStoreOptions {
  /** The token file; its folder is made if it is missing. */
  readonly path: string
  readonly disk: Disk
  /** Monotonic milliseconds. */
  readonly nowMs: () => number
  /** Wall clock, for the note of when it was saved. */
  readonly epochMs: () => number
  /** Absent: the file is plain text. */
  readonly cipher?: FileCipher
  readonly warn: Warn
  /** A holder of a lock that shows no movement for this long is taken for dead. Default 15 s; a write takes milliseconds. */
  readonly lockTtlMs?: number
}

/** How long to wait for the turn to write. Longer than it takes to notice a dead holder on another machine. */
const WRITE_WAIT_MS = 30_000
/** A write that was refused because it came late is made again, on what is there by then. */
const WRITE_TRIES = 3

/** Opens the store: makes its folder, refuses what is not safe, encrypts a file that is plain though a key is set. */
export async function createFileStore(options: FileStoreOptions): Promise<Result<TokenStore, StoreProblem>> {
  const folder = `${options.path}.locks`
  const { disk, nowMs, lockTtlMs: ttlMs = 15_000 } = options
  const said = new Set<string>()
  const warn = (message: string): void => {
    if (!said.has(message)) options.warn(message)
    said.add(message)
  }
  const files: Files = { ...options, warn, lockFolder: folder }
  const prepared = await prepare(files)
  if (!prepared.ok) return prepared
  const locks = createFileLocks({ folder, disk, nowMs, ttlMs })
  await locks.tidy().catch(() => undefined)
  const store: TokenStore = {
    place: options.cipher === undefined ? options.path : `${options.path} (encrypted)`,
    read: () => read(files),
    update: (edit, { forget = false } = {}) => update(files, locks, { edit, forget }),
    async stamp() {
      const stat = await disk.lstat(options.path).catch(() => undefined)
      return stat === undefined ? 'absent' : `${stat.ino} ${stat.mtimeNs} ${stat.size}`
    },
    lock: (name, takeOptions) => locks.take(name, takeOptions),
    close: () => locks.close(),
  }
  const first = await readOne(files, files.path)
  if (!first.ok) return first
  if (first.value.kind === 'read' && first.value.content.exposed) await encryptNow(store, files)
  return ok(store)
}

interface Files extends FileStoreOptions {
  readonly lockFolder: string
}

interface Change<E> {
  readonly edit: (file: AccountFile, origin: FileOrigin) => Result<AccountFile, E>
  readonly forget: boolean
}

async function prepare({ path, disk, warn, lockFolder }: Files): Promise<Result<void, StoreProblem>> {
  const prepared = await prepareFolder(path, disk, warn)
  if (!prepared.ok) return prepared
  try {
    await disk.mkdir(lockFolder, 0o700)
    const stat = await disk.lstat(lockFolder)
    return stat.isDirectory() ? ok(undefined) : err({ kind: 'refused', message: `${lockFolder} is not a folder` })
  } catch (error) {
    return err(notSaved(error, `the folder ${lockFolder} cannot be made`))
  }
}

/** Neither the current version nor the one before may stay readable once there is a key. */
async function encryptNow(store: TokenStore, { path, warn }: Files): Promise<void> {
  const done = await store.update((file) => ok({ ...file }), { forget: true })
  warn(done.ok ? `oauth: ${path} was plain text; it is encrypted now` : `oauth: ${path} is still plain text`)
}

async function read(files: Files): Promise<Result<StoredFile, StoreProblem>> {
  const { path, warn } = files
  const current = await readOne(files, path)
  if (!current.ok) return current
  if (current.value.kind === 'absent') return ok({ file: emptyFile, origin: 'current' })
  if (current.value.kind === 'read') {
    const { file, unreadable } = current.value.content
    if (unreadable > 0) warn(`oauth: ${path} has ${unreadable} entries that cannot be read; they are skipped`)
    return ok({ file, origin: 'current' })
  }
  const backup = await readOne(files, `${path}.bak`)
  if (backup.ok && backup.value.kind === 'read') {
    warn(`oauth: ${path} is damaged (${current.value.why}); the version before it is used`)
    return ok({ file: backup.value.content.file, origin: 'backup' })
  }
  warn(`oauth: ${path} is damaged (${current.value.why}) and there is no good version before it; please log in again`)
  return ok({ file: emptyFile, origin: 'lost' })
}

type ReadOne =
  | { readonly kind: 'read'; readonly content: TokenContent }
  | { readonly kind: 'absent' }
  | { readonly kind: 'damaged'; readonly why: string }

async function readOne({ disk, warn, cipher }: Files, path: string): Promise<Result<ReadOne, StoreProblem>> {
  const found = await readPrivate(path, disk, warn)
  if (!found.ok) return found
  if (found.value.kind === 'absent') return ok({ kind: 'absent' })
  const decoded = await decodeContent(found.value.content, cipher)
  if (decoded.ok) return ok({ kind: 'read', content: decoded.value })
  const { kind, why } = decoded.error
  return kind === 'damaged' ? ok({ kind, why }) : err({ kind: 'refused', message: `${path} is left alone: ${why}` })
}

async function update<E>(
  files: Files,
  locks: FileLocks,
  change: Change<E>,
): Promise<Result<AccountFile, E | StoreProblem>> {
  try {
    const prepared = await prepare(files)
    if (!prepared.ok) return prepared
    for (let tries = 0; tries < WRITE_TRIES; tries += 1) {
      const lock = await locks.take('file', { waitMs: WRITE_WAIT_MS })
      if (typeof lock === 'string') break
      const outcome = await attempt(files, lock, change).finally(() => lock.release().catch(() => undefined))
      if (outcome !== 'late') return outcome
    }
    return err({ kind: 'busy', message: `another process holds ${files.path}` })
  } catch (error) {
    return err(notSaved(error, `the token file ${files.path} cannot be written`))
  }
}

async function attempt<E>(
  files: Files,
  lock: FileLock,
  { edit, forget }: Change<E>,
): Promise<Result<AccountFile, E | StoreProblem> | 'late'> {
  await sweep(files)
  const before = await read(files)
  if (!before.ok) return before
  const { file, origin } = before.value
  const edited = edit(file, origin)
  if (!edited.ok || edited.value === file) return edited
  const next = { ...edited.value, generation: file.generation + 1 }
  const written = await write(files, lock, next, origin === 'current' && !forget)
  if (written === 'late') return 'late'
  if (forget) await unlessMissing(files.disk.unlink(`${files.path}.bak`))
  return ok(next)
}

/** Deletes what other writers have left unfinished: rubbish of the dead, and the fence against those who only slept. */
async function sweep({ path, disk }: Files): Promise<void> {
  const prefix = `${basename(path)}.tmp-`
  for (const entry of await disk.readdir(dirname(path))) {
    if (entry.startsWith(prefix)) await unlessMissing(disk.unlink(join(dirname(path), entry)))
  }
}

async function write(files: Files, lock: FileLock, next: AccountFile, keep: boolean): Promise<'done' | 'late'> {
  const { path, disk } = files
  const fresh = `${path}.tmp-${lock.id}`
  try {
    await writeSynced(disk, fresh, await encodeContent(next, files.cipher, files.epochMs()))
    if (!(await lock.isHeld())) {
      await unlessMissing(disk.unlink(fresh))
      return 'late'
    }
    if (keep) await keepVersion(files, `${path}.tmp-${lock.id}-bak`)
    const moved = await disk.rename(fresh, path).catch((error: unknown) => {
      if (errorCode(error) !== 'ENOENT') throw error
      return 'late' as const
    })
    if (moved === 'late') return 'late'
  } catch (error) {
    await disk.unlink(fresh).catch(() => undefined)
    throw error
  }
  await syncFolder(disk, dirname(path))
  return 'done'
}

async function writeSynced(disk: Disk, path: string, content: Uint8Array): Promise<void> {
  const file = await disk.open(path, CREATE, 0o600)
  try {
    // Whatever the umask took or left.
    await file.chmod(0o600)
    await file.writeFile(content)
    await file.sync()
  } finally {
    await file.close()
  }
}

/** The current version becomes the one before. A failure here must not cost the write that it is made for. */
async function keepVersion({ path, disk, warn }: Files, link: string): Promise<void> {
  try {
    await disk.link(path, link).catch(async (error: unknown) => {
      if (errorCode(error) === 'ENOENT') return
      const current = await readPrivate(path, disk, warn)
      if (current.ok && current.value.kind === 'content') await writeSynced(disk, link, current.value.content)
    })
    await unlessMissing(disk.rename(link, `${path}.bak`))
    // Renaming one link of a file over another link of the same file does nothing: then both are still there.
    await unlessMissing(disk.unlink(link))
  } catch (error) {
    warn(`oauth: the version before could not be kept beside ${path} (${errorCode(error)})`)
  }
}

/** Makes the rename itself durable. Windows cannot open folders, and journals renames by itself. */
async function syncFolder(disk: Disk, folder: string): Promise<void> {
  if (process.platform === 'win32') return
  const handle = await disk.open(folder, constants.O_RDONLY)
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}

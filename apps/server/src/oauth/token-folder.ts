import { basename, dirname } from 'node:path'
import { err, ok, type Result } from '@lb/protocol'
import { type Disk, type DiskFile, errorCode, READ } from './disk.ts'
import type { StoreProblem } from './token-store.ts'

/** Larger token files are not ours. A thousand accounts are about 1 MB. */
const LARGEST_BYTES = 4 << 20

/** Told once for each thing that was wrong. */
export type Warn = (message: string) => void

/**
 * Makes the folder of the token file ready: there, a real folder, ours, closed to others.
 *
 * A folder that holds nothing but the token file and what belongs to it is closed (0700) if it was open. One that has other
 * things in it is somebody's home or project: it is left as it is, for the file itself is 0600; but where others may *write*,
 * they could put a file of theirs in the place of ours, and that is refused.
 */
export async function prepareFolder(tokenFile: string, disk: Disk, warn: Warn): Promise<Result<void, StoreProblem>> {
  const folder = dirname(tokenFile)
  try {
    await disk.mkdir(folder, 0o700)
    const stat = await disk.lstat(folder)
    if (stat.isSymbolicLink()) return refused(`the folder ${folder} is a symbolic link`)
    if (!stat.isDirectory()) return refused(`${folder} is not a folder`)
    const mode = Number(stat.mode)
    if (process.platform === 'win32' || (mode & 0o077) === 0) return ok(undefined)
    const owned = stat.uid === BigInt(process.getuid?.() ?? -1)
    if (owned && (await isDedicated(folder, basename(tokenFile), disk))) {
      await disk.chmod(folder, 0o700)
      warn(`oauth: the folder ${folder} was open to others; it is now only yours (0700)`)
      return ok(undefined)
    }
    const sticky = (mode & 0o1000) !== 0
    if ((mode & 0o022) !== 0 && !sticky)
      return refused(`others may write in the folder ${folder}; choose another, or chmod 700 it`)
    warn(`oauth: the folder ${folder} is open to others; a folder of its own (0700) would be better for the token file`)
    return ok(undefined)
  } catch (error) {
    return err(notSaved(error, `the folder ${folder} cannot be used`))
  }
}

/** What {@link readPrivate} found. */
export type PrivateContent = { readonly kind: 'content'; readonly content: Buffer } | { readonly kind: 'absent' }

/** Reads a file that only we may read: never through a link, and closed to others if it was open. */
export async function readPrivate(path: string, disk: Disk, warn: Warn): Promise<Result<PrivateContent, StoreProblem>> {
  const file = await disk.open(path, READ).catch((error: unknown) => errorCode(error))
  if (file === 'ENOENT') return ok({ kind: 'absent' })
  if (file === 'ELOOP' || file === 'EMLINK') return refused(`${path} is a symbolic link; remove it`)
  if (typeof file === 'string') return err(cannotRead(path, file))
  try {
    const problem = await closeToOthers(file, path, warn)
    return problem === undefined ? ok({ kind: 'content', content: await file.readFile() }) : err(problem)
  } catch (error) {
    return err(cannotRead(path, errorCode(error)))
  } finally {
    await file.close()
  }
}

/** Not the same as damaged: what cannot be read at this moment must not be replaced by something older. */
function cannotRead(path: string, code: string): StoreProblem {
  return { kind: 'not-saved', code, message: `${path} cannot be read (${code})` }
}

async function closeToOthers(file: DiskFile, path: string, warn: Warn): Promise<StoreProblem | undefined> {
  const stat = await file.stat()
  if (!stat.isFile()) return { kind: 'refused', message: `${path} is not a file` }
  if (stat.size > BigInt(LARGEST_BYTES)) return { kind: 'refused', message: `${path} is too large for a token file` }
  if (process.platform === 'win32') return undefined
  const us = process.getuid?.() ?? 0
  if (us !== 0 && stat.uid !== BigInt(us)) return { kind: 'refused', message: `${path} belongs to another user` }
  if ((Number(stat.mode) & 0o077) === 0) return undefined
  await file.chmod(0o600)
  warn(`oauth: ${path} could be read by others; it is now only yours (0600)`)
  return undefined
}

async function isDedicated(folder: string, name: string, disk: Disk): Promise<boolean> {
  const entries = await disk.readdir(folder)
  return entries.every((entry) => entry === name || entry.startsWith(`${name}.`))
}

/** A failed write as a problem. */
export function notSaved(error: unknown, message: string): StoreProblem {
  const code = errorCode(error)
  return { kind: 'not-saved', code, message: `${message} (${code})` }
}

function refused(message: string): Result<never, StoreProblem> {
  return err({ kind: 'refused', message })
}

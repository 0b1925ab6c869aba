import { mkdirSync, statSync } from 'node:fs'
import { mkdir, stat } from 'node:fs/promises'
import { dirname } from 'node:path'

/**
 * Makes a folder, and those above it that are missing. Node's own `mkdir` can do that (`recursive`), but where Linux shows
 * itself (`/proc`) nothing can be made and the system's word for it is that something above is missing: Node then tries again
 * for ever, in a thread that no signal ends. Here every folder is tried twice at most, so that a link into such a place, or a
 * path that is relative to one (`--config /dev/fd/3`), is an error like any other.
 *
 * Rejects with what the file system says.
 *
 * @param mode the rights of what is made. Default: what the user's umask leaves.
 * @see https://man7.org/linux/man-pages/man5/proc.5.html
 */
export async function makeFolder(path: string, mode?: number): Promise<void> {
  const problem = await attempt(path, mode)
  if (problem === undefined) return
  if (!isMissingAbove(problem, path)) throw problem
  await makeFolder(dirname(path), mode)
  const still = await attempt(path, mode)
  if (still !== undefined) throw still
}

/** {@link makeFolder} for a thread of its own, which may wait. Throws. */
export function makeFolderSync(path: string, mode?: number): void {
  const problem = attemptSync(path, mode)
  if (problem === undefined) return
  if (!isMissingAbove(problem, path)) throw problem
  makeFolderSync(dirname(path), mode)
  const still = attemptSync(path, mode)
  if (still !== undefined) throw still
}

type Problem = NodeJS.ErrnoException

/** What kept the folder from being made; `undefined`: it is there now. */
async function attempt(path: string, mode: number | undefined): Promise<Problem | undefined> {
  const problem = await mkdir(path, mode).then(
    () => undefined,
    (error: Problem) => error,
  )
  const isThere = problem === undefined || (await stat(path).catch(() => undefined))?.isDirectory() === true
  return isThere ? undefined : problem
}

function attemptSync(path: string, mode: number | undefined): Problem | undefined {
  try {
    mkdirSync(path, mode)
    return undefined
  } catch (error) {
    return isFolder(path) ? undefined : (error as Problem)
  }
}

function isFolder(path: string): boolean {
  try {
    return statSync(path).isDirectory()
  } catch {
    return false
  }
}

function isMissingAbove({ code }: Problem, path: string): boolean {
  return code === 'ENOENT' && dirname(path) !== path
}

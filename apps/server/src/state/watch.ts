import { type FSWatcher, watch } from 'node:fs'
import { realpath, stat } from 'node:fs/promises'
import { dirname } from 'node:path'
import { ABSENT, settle, unsettled } from './settle.ts'

/**
 * Tells when the content of a file may have changed, however it was changed: written in place, replaced by a rename, deleted
 * and made again, or led elsewhere by a symbolic link anywhere in its path (Kubernetes swaps `..data`).
 *
 * What counts is the identity that `stat` gives (device, inode, size, times), read through all links. Events of the folders
 * are hints to look sooner; a slow look catches what events miss: network and bind mounts, a link far up in the path, a
 * system without watches left. See docs/decisions/0080.
 */
export interface FileWatch {
  close(): void
}

export interface FileWatchOptions {
  /** The file is at rest and not what it was; also told once at the beginning, for what changed before. */
  readonly changed: () => void
  /** A file is taken as written when it has not changed for this long. */
  readonly settleMs?: number
  /** Between two looks without a hint. */
  readonly lookEveryMs?: number
}

/** Editors write in several steps within some ten milliseconds; a person does not notice the wait. */
const SETTLE_MS = 150
/** A look costs a few `stat` calls, some 100 µs off the event loop. */
const LOOK_EVERY_MS = 2000

export function watchFile(
  path: string,
  { changed, settleMs = SETTLE_MS, lookEveryMs = LOOK_EVERY_MS }: FileWatchOptions,
): FileWatch {
  const folders = new Map<string, FSWatcher>()
  let state = unsettled
  let timer: NodeJS.Timeout | undefined
  let pending: 'soon' | 'later' | 'looking' = 'looking'
  let isHinted = false
  let isClosed = false

  async function look(): Promise<void> {
    pending = 'looking'
    isHinted = false
    const identity = await identityOf(path)
    const wanted = await foldersOf(path)
    if (isClosed) return
    arm(wanted)
    const step = settle(state, identity)
    state = step.state
    lookAgain(state.moving === null && !isHinted ? 'later' : 'soon')
    if (step.tell) changed()
  }

  function lookAgain(when: 'soon' | 'later'): void {
    pending = when
    clearTimeout(timer)
    timer = setTimeout(() => void look(), when === 'soon' ? settleMs : lookEveryMs).unref()
  }

  /** Brings the next look forward. Never puts it off: a folder that is written to all the time must not. */
  function hint(): void {
    isHinted = true
    if (pending === 'later') lookAgain('soon')
  }

  function arm(wanted: ReadonlyMap<string, string>): void {
    for (const [key, watcher] of folders) {
      if (wanted.has(key)) continue
      watcher.close()
      folders.delete(key)
    }
    for (const [key, folder] of wanted) {
      const watcher = folders.has(key) ? undefined : watchFolder(folder, hint)
      if (watcher !== undefined) folders.set(key, watcher)
    }
  }

  void look()
  return {
    close() {
      isClosed = true
      clearTimeout(timer)
      for (const watcher of folders.values()) watcher.close()
      folders.clear()
    },
  }
}

/** Another one whenever the content may be another one. Never rejects. */
function identityOf(path: string): Promise<string> {
  return stat(path, { bigint: true }).then(
    ({ dev, ino, size, mtimeNs, ctimeNs }) => [dev, ino, size, mtimeNs, ctimeNs].join(' '),
    () => ABSENT,
  )
}

/**
 * The folders worth watching: the one that the path names, and the one that it leads to. Keyed by an identity that a folder
 * made anew under the same name does not share, because a watch stays with the old one.
 */
async function foldersOf(path: string): Promise<ReadonlyMap<string, string>> {
  const named = dirname(path)
  const real = await realpath(path).then(dirname, () => named)
  const keyed = async (folder: string): Promise<[string, string]> => {
    const inode = await stat(folder, { bigint: true }).then(
      ({ dev, ino }) => `${dev} ${ino}`,
      () => ABSENT,
    )
    return [`${inode} ${folder}`, folder]
  }
  return new Map(await Promise.all([...new Set([named, real])].map(keyed)))
}

/** `undefined` where the system gives no watch: the slow look is enough then. */
function watchFolder(folder: string, hint: () => void): FSWatcher | undefined {
  try {
    const watcher = watch(folder, { persistent: false }, hint)
    watcher.on('error', () => watcher.close())
    return watcher
  } catch {
    return undefined
  }
}

import type { AccountFile } from '@lb/oauth'
import type { Result } from '@lb/protocol'
import type { FileLock, TakeOptions } from './file-lock.ts'

/**
 * Where accounts are kept. Implementations: {@link createFileStore} (plain or encrypted), {@link createMemoryStore}. They
 * share one contract suite, token-store.contract.ts.
 */
export interface TokenStore {
  /** What is kept now. Never throws; a damaged file is answered with the last good version, or as `lost`. */
  read(): Promise<Result<StoredFile, StoreProblem>>
  /**
   * Changes what is kept: the edit gets what is kept *now*, no other process can change it meanwhile, and when this resolves
   * well, the new version survives a power cut. An edit that gives back what it got writes nothing.
   *
   * @param forget also removes the version before: what was taken out is to be gone.
   */
  update<E>(
    edit: (file: AccountFile, origin: FileOrigin) => Result<AccountFile, E>,
    options?: { readonly forget?: boolean },
  ): Promise<Result<AccountFile, E | StoreProblem>>
  /** Changes whenever what is kept does; cheap to ask for. */
  stamp(): Promise<string>
  /** A lock between all processes that use this store, for the time of a refresh. */
  lock(name: string, options: TakeOptions): Promise<FileLock | 'stopped' | 'busy'>
  /** Where things are kept, for people. */
  readonly place: string
  close(): Promise<void>
}

/** What was read, and where from. */
export interface StoredFile {
  readonly file: AccountFile
  readonly origin: FileOrigin
}

/**
 * - `current`: as it was last written; also when nothing has been written yet.
 * - `backup`: the version before, because the current one is damaged.
 * - `lost`: both are damaged; whoever still knows the accounts may put them back.
 */
export type FileOrigin = 'current' | 'backup' | 'lost'

/** Why the store cannot be used. The messages are for people and hold no content. */
export type StoreProblem =
  /** Refused for safety, or not ours to touch: a symbolic link, another user's file, another key, a later version. */
  | { readonly kind: 'refused'; readonly message: string }
  /** The disk says no; `code` is the system's word, e.g. `ENOSPC`. What was kept before is intact. */
  | { readonly kind: 'not-saved'; readonly code: string; readonly message: string }
  /** Another process holds the store for longer than can be explained. */
  | { readonly kind: 'busy'; readonly message: string }

/** Whether a result's error is the store's, rather than the edit's. */
export function isStoreProblem(error: unknown): error is StoreProblem {
  return typeof error === 'object' && error !== null && 'kind' in error && 'message' in error
}

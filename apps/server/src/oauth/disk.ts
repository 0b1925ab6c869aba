import { type BigIntStats, constants } from 'node:fs'
import * as fs from 'node:fs/promises'
import { makeFolder } from '../make-folder.ts'

/**
 * The few things that the token store asks of a file system. A port, so that tests can make any of them fail or take long
 * at any step; {@link disk} is the real one.
 */
export interface Disk {
  open(path: string, flags: number, mode?: number): Promise<DiskFile>
  rename(from: string, to: string): Promise<void>
  link(from: string, to: string): Promise<void>
  unlink(path: string): Promise<void>
  readdir(path: string): Promise<string[]>
  /** Never follows a symbolic link. */
  lstat(path: string): Promise<BigIntStats>
  /** Makes what is missing above it, too. */
  mkdir(path: string, mode: number): Promise<void>
  chmod(path: string, mode: number): Promise<void>
  /** Marks a file as touched: its change time moves. */
  touch(path: string): Promise<void>
}

/** An open file. */
export interface DiskFile {
  stat(): Promise<BigIntStats>
  chmod(mode: number): Promise<void>
  readFile(): Promise<Buffer>
  writeFile(data: Uint8Array): Promise<void>
  sync(): Promise<void>
  close(): Promise<void>
}

/** Read, but never through a symbolic link, and without waiting for a writer where somebody has put a pipe. */
export const READ: number = constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0)

/** Write a file that is not there yet; fails when it is, symbolic link or not. */
export const CREATE: number = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | (constants.O_NOFOLLOW ?? 0)

/** The real file system. */
export const disk: Disk = {
  async open(path, flags, mode) {
    const handle = await fs.open(path, flags, mode)
    return {
      stat: () => handle.stat({ bigint: true }),
      chmod: (bits) => handle.chmod(bits),
      readFile: () => handle.readFile(),
      writeFile: (data) => handle.writeFile(data),
      sync: () => handle.sync(),
      close: () => handle.close(),
    }
  },
  rename: fs.rename,
  link: fs.link,
  unlink: fs.unlink,
  readdir: (path) => fs.readdir(path),
  lstat: (path) => fs.lstat(path, { bigint: true }),
  mkdir: makeFolder,
  chmod: fs.chmod,
  async touch(path) {
    const now = new Date()
    await fs.utimes(path, now, now)
  },
}

/** The system's word for what went wrong (`ENOSPC`), or `unknown`. Never the message, which may quote content. */
export function errorCode(error: unknown): string {
  const code = typeof error === 'object' && error !== null && 'code' in error ? error.code : undefined
  return typeof code === 'string' ? code : 'unknown'
}

/** Does it, and does not mind when the thing is not there. */
export async function unlessMissing(action: Promise<unknown>): Promise<void> {
  await action.catch((error: unknown) => {
    if (errorCode(error) !== 'ENOENT') throw error
  })
}

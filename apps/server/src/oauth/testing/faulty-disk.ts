import { type Disk, disk } from '../disk.ts'

/** The steps of a disk that can be made to fail or to wait. */
export type DiskStep = 'open' | 'writeFile' | 'sync' | 'rename' | 'link' | 'readFile' | 'unlink'

/** The real disk with something that happens before each step. */
export interface FaultyDisk extends Disk {
  /** Called before a step; may throw, or wait. Not called while undefined. */
  before: ((step: DiskStep, path: string) => void | Promise<void>) | undefined
}

/** A disk without faults, until `before` is set. */
export function createFaultyDisk(): FaultyDisk {
  const step = async (name: DiskStep, path: string): Promise<void> => {
    await faulty.before?.(name, path)
  }
  const faulty: FaultyDisk = {
    ...disk,
    before: undefined,
    async open(path, flags, mode) {
      await step('open', path)
      const file = await disk.open(path, flags, mode)
      return {
        ...file,
        async readFile() {
          await step('readFile', path)
          return file.readFile()
        },
        async writeFile(data) {
          await step('writeFile', path)
          return file.writeFile(data)
        },
        async sync() {
          await step('sync', path)
          return file.sync()
        },
      }
    },
    async rename(from, to) {
      await step('rename', to)
      return disk.rename(from, to)
    },
    async link(from, to) {
      await step('link', to)
      return disk.link(from, to)
    },
    async unlink(path) {
      await step('unlink', path)
      return disk.unlink(path)
    },
  }
  return faulty
}

/** An error as the system gives it. */
export function systemError(code: string): Error {
  return Object.assign(new Error(`${code}: simulated`), { code })
}

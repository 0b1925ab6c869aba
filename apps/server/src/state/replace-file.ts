import { open, rename, rm } from 'node:fs/promises'
import { dirname } from 'node:path'
import { makeFolder } from '../make-folder.ts'

/**
 * Puts `text` in the place of a file, which is made if it is missing. Whoever reads it sees the old text or the new one, never
 * half of either, also when the machine loses power in between. Only the owner may read it.
 *
 * Rejects with what the file system says; the old file is then as it was.
 */
export async function replaceFile(path: string, text: string): Promise<void> {
  const next = `${path}.${process.pid}.tmp`
  await makeFolder(dirname(path), 0o700)
  try {
    const file = await open(next, 'w', 0o600)
    try {
      await file.writeFile(text)
      await file.sync()
    } finally {
      await file.close()
    }
    await rename(next, path)
  } catch (error) {
    await rm(next, { force: true })
    throw error
  }
}

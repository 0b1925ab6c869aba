import { mkdirSync, mkdtempSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { makeFolder, makeFolderSync } from './make-folder.ts'

const root = mkdtempSync(join(tmpdir(), 'lb-folders-'))
afterAll(() => rmSync(root, { recursive: true }))

const ways = [
  ['makeFolder', makeFolder],
  ['makeFolderSync', async (path: string, mode?: number) => makeFolderSync(path, mode)],
] as const

describe.each(ways)('%s', (name, make) => {
  const here = join(root, name)
  mkdirSync(here)

  test('makes what is missing, with the rights that were asked for, and is content with what is there', async () => {
    await make(join(here, 'a/b/c'), 0o700)
    expect(statSync(join(here, 'a/b/c')).mode & 0o777).toBe(0o700)
    expect(statSync(join(here, 'a')).mode & 0o777).toBe(0o700)
    await make(join(here, 'a/b/c'))
    await make('/')
    await make('.')
  })

  test('goes through links', async () => {
    symlinkSync(join(here, 'a'), join(here, 'link'))
    await make(join(here, 'link'))
    await make(join(here, 'link/d'))
    expect(statSync(join(here, 'a/d')).isDirectory()).toBe(true)
  })

  test('a file in the way is an error', async () => {
    writeFileSync(join(here, 'file'), '')
    await expect(make(join(here, 'file'))).rejects.toMatchObject({ code: 'EEXIST' })
    await expect(make(join(here, 'file/e'))).rejects.toMatchObject({ code: 'ENOTDIR' })
  })

  test('a link to nowhere is an error', async () => {
    symlinkSync(join(here, 'nowhere'), join(here, 'dangling'))
    await expect(make(join(here, 'dangling/e/f'))).rejects.toMatchObject({ code: 'EEXIST' })
  })

  test.runIf(process.platform === 'linux')('a place where Linux shows itself is an error, and no loop', async () => {
    symlinkSync('/proc/self', join(here, 'shown'))
    await expect(make(join(here, 'shown/lb/logs'))).rejects.toMatchObject({ code: 'ENOENT' })
    await expect(make('/proc/lb')).rejects.toMatchObject({ code: 'ENOENT' })
  })
})

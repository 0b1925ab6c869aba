import { mkdir, mkdtemp, open, rename, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import { watchFile } from './watch.ts'

const pace = { settleMs: 20, lookEveryMs: 100_000 }

/** A folder of its own, and a watch on `config.yaml` in it that has told of the first content. */
async function watched(options = pace): Promise<{ folder: string; path: string; told: () => number }> {
  const folder = await mkdtemp(join(tmpdir(), 'lb-watch-'))
  const path = join(folder, 'config.yaml')
  await writeFile(path, 'one')
  return { folder, path, ...(await watching(folder, path, options)) }
}

async function watching(folder: string, path: string, options = pace): Promise<{ told: () => number }> {
  const changed = vi.fn()
  const watch = watchFile(path, { ...options, changed })
  onTestFinished(async () => {
    watch.close()
    await rm(folder, { recursive: true, force: true })
  })
  await vi.waitFor(() => expect(changed).toHaveBeenCalledTimes(1))
  changed.mockClear()
  return { told: () => changed.mock.calls.length }
}

async function once({ told }: { readonly told: () => number }): Promise<void> {
  await vi.waitFor(() => expect(told()).toBeGreaterThan(0), { timeout: 5000, interval: 5 })
}

describe('a file is seen to change when', () => {
  test('it is written in place', async () => {
    const world = await watched()
    await writeFile(world.path, 'two')
    await once(world)
  })

  test('it is replaced by a rename, again and again', async () => {
    const world = await watched()
    for (let round = 1; round <= 3; round++) {
      const before = world.told()
      await writeFile(`${world.path}.tmp`, `round ${round}`)
      await rename(`${world.path}.tmp`, world.path)
      await vi.waitFor(() => expect(world.told()).toBeGreaterThan(before))
    }
  })

  test('it is deleted and made again', async () => {
    const world = await watched()
    await rm(world.path)
    await writeFile(world.path, 'two')
    await once(world)
  })

  test('it is deleted for good', async () => {
    const world = await watched()
    await rm(world.path)
    await once(world)
  })

  test('an editor keeps a backup: the old file is moved away and a new one is written', async () => {
    const world = await watched()
    await rename(world.path, `${world.path}~`)
    await writeFile(world.path, 'two')
    await once(world)
  })

  test('its folder is moved away and another one is put in its place', async () => {
    const root = await mkdtemp(join(tmpdir(), 'lb-watch-'))
    const folder = join(root, 'conf')
    await mkdir(folder)
    await writeFile(join(folder, 'config.yaml'), 'one')
    const world = await watching(root, join(folder, 'config.yaml'), { settleMs: 20, lookEveryMs: 50 })
    await rename(folder, join(root, 'old'))
    await mkdir(folder)
    await writeFile(join(folder, 'config.yaml'), 'two')
    await once(world)
  })

  test('Kubernetes swaps the link of the folder that it is in', async () => {
    const root = await mkdtemp(join(tmpdir(), 'lb-watch-'))
    const version = async (name: string, text: string): Promise<void> => {
      await mkdir(join(root, name))
      await writeFile(join(root, name, 'config.yaml'), text)
      await symlink(name, join(root, '..data_tmp'))
      await rename(join(root, '..data_tmp'), join(root, '..data'))
    }
    await version('..2026_01', 'one')
    await symlink(join('..data', 'config.yaml'), join(root, 'config.yaml'))
    const world = await watching(root, join(root, 'config.yaml'))
    for (const month of ['02', '03']) {
      const before = world.told()
      await version(`..2026_${month}`, `now ${month}`)
      await vi.waitFor(() => expect(world.told()).toBeGreaterThan(before))
    }
  })

  test('it is a link, and the file behind it is written', async () => {
    const root = await mkdtemp(join(tmpdir(), 'lb-watch-'))
    await mkdir(join(root, 'real'))
    await writeFile(join(root, 'real', 'lb.yaml'), 'one')
    await symlink(join(root, 'real', 'lb.yaml'), join(root, 'config.yaml'))
    const world = await watching(root, join(root, 'config.yaml'))
    await writeFile(join(root, 'real', 'lb.yaml'), 'two')
    await once(world)
  })

  test('no event tells of it, at the next look', async () => {
    const root = await mkdtemp(join(tmpdir(), 'lb-watch-'))
    await mkdir(join(root, 'a'))
    await mkdir(join(root, 'b'))
    await writeFile(join(root, 'a', 'config.yaml'), 'one')
    await writeFile(join(root, 'b', 'config.yaml'), 'two')
    await mkdir(join(root, 'x'))
    await symlink(join(root, 'a'), join(root, 'x', 'current'))
    // The link is two folders above the file, where no watch is.
    const world = await watching(root, join(root, 'x', 'current', 'config.yaml'), { settleMs: 20, lookEveryMs: 50 })
    await symlink(join(root, 'b'), join(root, 'x', 'next'))
    await rename(join(root, 'x', 'next'), join(root, 'x', 'current'))
    await once(world)
  })
})

test('a file that is written piece by piece is told of when it is at rest', async () => {
  const world = await watched({ settleMs: 300, lookEveryMs: 100_000 })
  const file = await open(world.path, 'w')
  const toldWhile: number[] = []
  for (let piece = 0; piece < 15; piece++) {
    await file.write(`line ${piece}\n`)
    await new Promise((resolve) => setTimeout(resolve, 10))
    toldWhile.push(world.told())
  }
  await file.close()
  expect(toldWhile.at(-1)).toBe(0)
  await once(world)
  expect(world.told()).toBe(1)
})

test('a folder in which something else is written all the time keeps nobody from seeing the change', async () => {
  const world = await watched()
  let isOver = false
  const noise = (async () => {
    for (let count = 0; !isOver; count++) await writeFile(join(world.folder, 'noise.log'), String(count))
  })()
  await writeFile(world.path, 'two')
  await once(world)
  isOver = true
  await noise
})

test('nothing is told after the watch was closed', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'lb-watch-'))
  const path = join(folder, 'config.yaml')
  await writeFile(path, 'one')
  const changed = vi.fn()
  watchFile(path, { ...pace, changed }).close()
  await writeFile(path, 'two')
  await new Promise((resolve) => setTimeout(resolve, 100))
  expect(changed).not.toHaveBeenCalled()
  await rm(folder, { recursive: true })
})

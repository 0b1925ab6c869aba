import { mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { type Disk, disk } from './disk.ts'
import { createFileLocks, type FileLock, type FileLocks } from './file-lock.ts'
import { describeHolder, isCertainlyDead } from './lock-holder.ts'
import { createFaultyDisk, systemError } from './testing/faulty-disk.ts'
import { testFolder } from './testing/world.ts'

let folder = testFolder()
beforeEach(() => {
  folder = testFolder()
})
afterEach(() => folder.remove())

function locks(ttlMs = 60_000, on: Disk = disk): FileLocks {
  return createFileLocks({ folder: folder.path, disk: on, nowMs: () => performance.now(), ttlMs })
}

async function take(from: FileLocks, waitMs = 0): Promise<FileLock> {
  const lock = await from.take('a', { waitMs })
  if (typeof lock === 'string') throw new Error(lock)
  return lock
}

/** A disk on which a holder shows no sign of life. */
function silent(): Disk {
  return { ...disk, touch: async () => undefined }
}

describe('a lock', () => {
  test('is held by one, and by the next once it is given back', async () => {
    const [one, two] = [locks(), locks()]
    const held = await take(one)
    expect(await two.take('a', { waitMs: 20 })).toBe('busy')
    expect(await held.isHeld()).toBe(true)
    await held.release()
    expect(await held.isHeld()).toBe(false)
    const next = await take(two)
    expect([next.tookOver, await next.isHeld()]).toEqual([false, true])
  })

  test('of one name does not stand in the way of another', async () => {
    await take(locks())
    const other = await locks().take('b', { waitMs: 0 })
    expect(typeof other).toBe('object')
  })

  test('is not waited for when what it was wanted for is done', async () => {
    await take(locks())
    let looks = 0
    const stop = async (): Promise<boolean> => {
      looks += 1
      return looks > 2
    }
    expect(await locks().take('a', { waitMs: 10_000, stop })).toBe('stopped')
  })

  test('of a process that is certainly dead is taken over at once', async () => {
    const [host, space, boot] = describeHolder().split(' ')
    // No process has this id: the largest that Linux gives is 4,194,304.
    writeFileSync(join(folder.path, 'a.7'), [host, space, boot, 4_999_999, '1'].join(' '))
    const lock = await take(locks())
    expect(lock.tookOver).toBe(true)
    expect(readdirSync(folder.path).filter((name) => name.startsWith('a.'))).toEqual(['a.8'])
  })

  test('of a holder nobody knows is taken over when it has shown no movement for its time to live', async () => {
    writeFileSync(join(folder.path, 'a.1'), '')
    const impatient = locks(150)
    const startedMs = performance.now()
    expect((await take(impatient, 5_000)).tookOver).toBe(true)
    expect(performance.now() - startedMs).toBeGreaterThanOrEqual(150)
  })

  test('that was taken over is not held any more, and giving it back does not take the other one away', async () => {
    const sleeper = await take(locks(50, silent()))
    const taker = locks(50)
    const taken = await take(taker, 5_000)
    expect([taken.tookOver, await sleeper.isHeld(), await taken.isHeld()]).toEqual([true, false, true])
    await sleeper.release()
    expect(await taken.isHeld()).toBe(true)
    await taken.release()
    // And not even when its number has come round again.
    const again = await take(locks())
    await sleeper.release()
    expect([await sleeper.isHeld(), await again.isHeld()]).toEqual([false, true])
  })

  test('of a live holder that moves is never taken over', async () => {
    const held = await take(locks(100))
    expect(await locks(100).take('a', { waitMs: 600 })).toBe('busy')
    expect(await held.isHeld()).toBe(true)
  })

  test.each(['EPERM', 'ENOSPC'])('can be had where links fail with %s, and leaves nothing behind', async (code) => {
    const faulty = createFaultyDisk()
    faulty.before = (step) => {
      if (step === 'link') throw systemError(code)
    }
    const linkless = locks(60_000, faulty)
    for (let round = 0; round < 3; round += 1) {
      const held = await take(linkless)
      expect(await held.isHeld()).toBe(true)
      expect(await locks().take('a', { waitMs: 0 })).toBe('busy')
      await held.release()
    }
    await linkless.close()
    expect(readdirSync(folder.path)).toEqual([])
  })

  test('can be had on a full disk: it needs no room', async () => {
    const faulty = createFaultyDisk()
    faulty.before = (step) => {
      if (step === 'writeFile') throw systemError('ENOSPC')
    }
    const held = await take(locks(60_000, faulty))
    expect(await held.isHeld()).toBe(true)
    expect(await locks().take('a', { waitMs: 0 })).toBe('busy')
  })

  test('throws where the folder cannot be used', async () => {
    const nowhere = createFileLocks({ folder: join(folder.path, 'no'), disk, nowMs: () => 0, ttlMs: 1 })
    await expect(nowhere.take('a', { waitMs: 0 })).rejects.toMatchObject({ code: 'ENOENT' })
    mkdirSync(join(folder.path, 'no'))
    expect(typeof (await nowhere.take('a', { waitMs: 0 }))).toBe('object')
  })

  test('is held by one at a time under a crowd', { timeout: 30_000 }, async () => {
    const crowd = Array.from({ length: 8 }, () => locks())
    let inside = 0
    let most = 0
    let turns = 0
    await Promise.all(
      crowd.map(async (one) => {
        for (let turn = 0; turn < 10; turn += 1) {
          const held = await take(one, 20_000)
          inside += 1
          most = Math.max(most, inside)
          await new Promise((resolve) => setTimeout(resolve, Math.random() * 3))
          inside -= 1
          turns += 1
          await held.release()
        }
      }),
    )
    expect([most, turns]).toEqual([1, 80])
    await Promise.all(crowd.map((one) => one.close()))
    expect(readdirSync(folder.path)).toEqual([])
  })

  test('folder is tidied of processes that have died', async () => {
    const [host, space, boot] = describeHolder().split(' ')
    writeFileSync(join(folder.path, 'who.dead'), [host, space, boot, 4_999_999, '1'].join(' '))
    writeFileSync(join(folder.path, 'who.elsewhere'), ['other-host', space, boot, 4_999_999, '1'].join(' '))
    await locks().tidy()
    expect(readdirSync(folder.path)).toEqual(['who.elsewhere'])
  })
})

describe('a holder', () => {
  const us = describeHolder()
  const [host = '', space = '', boot = '', pid = '', begun = ''] = us.split(' ')
  test.each([
    ['is us', us, false],
    ['has our id but began at another time', [host, space, boot, pid, '1'].join(' '), true],
    ['does not say when it began', [host, space, boot, pid, ''].join(' '), false],
    ['has an id that nobody has', [host, space, boot, '4999999', begun].join(' '), true],
    ['ran on another machine', ['x', space, boot, '4999999', begun].join(' '), false],
    ['ran in another container', [host, 'pid:[1]', boot, '4999999', begun].join(' '), false],
    ['ran before the machine was restarted', [host, space, 'x', '4999999', begun].join(' '), false],
    ['says nothing sensible', 'x', false],
    ['has no number', [host, space, boot, '-1', begun].join(' '), false],
  ])('that %s: certainly dead or not', (_name, holder, dead) => {
    expect(isCertainlyDead(holder, us)).toBe(dead)
  })
})

import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { Secret } from '@lb/config'
import { putLogin, putTokens, removeAccount, rotated } from '@lb/oauth'
import { ok } from '@lb/protocol'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { createFileCipher } from './cipher.ts'
import { disk } from './disk.ts'
import { createFileStore, type FileStoreOptions } from './file-store.ts'
import { createMemoryStore } from './memory-store.ts'
import { createFaultyDisk, systemError } from './testing/faulty-disk.ts'
import { someLogin, tokenStoreContract } from './testing/store-contract.ts'
import { testFolder } from './testing/world.ts'
import type { TokenStore } from './token-store.ts'

const KEY = new Secret('correct horse battery staple')

function optionsFor(path: string, extra: Partial<FileStoreOptions> = {}): FileStoreOptions {
  return { path, disk, nowMs: () => performance.now(), epochMs: () => Date.now(), warn: () => undefined, ...extra }
}

async function open(path: string, extra: Partial<FileStoreOptions> = {}): Promise<TokenStore> {
  const store = await createFileStore(optionsFor(path, extra))
  if (!store.ok) throw new Error(store.error.message)
  return store.value
}

async function emails(store: TokenStore): Promise<string[]> {
  const read = await store.read()
  return read.ok ? read.value.file.accounts.map((account) => account.email) : [read.error.message]
}

tokenStoreContract('memory', async () => ({ store: createMemoryStore(), done: () => undefined }))
tokenStoreContract('file', async () => {
  const folder = testFolder()
  return { store: await open(join(folder.path, 'tokens.json')), done: folder.remove }
})
tokenStoreContract('encrypted file', async () => {
  const folder = testFolder()
  return { store: await open(join(folder.path, 't.json'), { cipher: createFileCipher(KEY) }), done: folder.remove }
})

let folder = testFolder()
let path = ''
let warnings: string[] = []
const warn = (message: string): void => {
  warnings.push(message)
}

beforeEach(() => {
  folder = testFolder()
  path = join(folder.path, 'oauth', 'tokens.json')
  warnings = []
})
afterEach(() => folder.remove())

const add = (store: TokenStore, email: string): ReturnType<TokenStore['update']> =>
  store.update((file) => ok(putLogin(file, someLogin(email))))

const mode = (file: string): string => (statSync(file).mode & 0o777).toString(8)

describe('who may read the token file', () => {
  test('only we: 0600 in 0700, whatever the umask', async () => {
    const before = process.umask(0)
    try {
      const store = await open(path)
      await add(store, 'a@x.com')
      await add(store, 'b@x.com')
      await store.close()
    } finally {
      process.umask(before)
    }
    expect([mode(join(folder.path, 'oauth')), mode(path), mode(`${path}.bak`)]).toEqual(['700', '600', '600'])
    expect(mode(`${path}.locks`)).toBe('700')
  })

  test('a file and a folder that others could read are closed, with a warning', async () => {
    await (await open(path)).close()
    writeFileSync(path, JSON.stringify({ tokens: [] }))
    chmodSync(path, 0o644)
    chmodSync(join(folder.path, 'oauth'), 0o755)
    const store = await open(path, { warn })
    expect(await emails(store)).toEqual([])
    expect([mode(join(folder.path, 'oauth')), mode(path)]).toEqual(['700', '600'])
    expect(warnings.map((warning) => /now only yours/.test(warning))).toEqual([true, true])
  })

  test('a folder with other things in it is left as it is, unless others may write there', async () => {
    const home = join(folder.path, 'home')
    mkdirSync(home)
    writeFileSync(join(home, 'notes.txt'), '')
    chmodSync(home, 0o755)
    await (await open(join(home, 'tokens.json'), { warn })).close()
    expect(mode(home)).toBe('755')
    expect(warnings.join()).toContain('a folder of its own')
    chmodSync(home, 0o777)
    const refused = await createFileStore(optionsFor(join(home, 'tokens.json')))
    expect(!refused.ok && refused.error.kind).toBe('refused')
  })

  test.each(['tokens.json', 'tokens.json.locks', '.'])(
    'a symbolic link in the place of %s is refused, and what it points to untouched',
    async (name) => {
      const victim = join(folder.path, 'victim')
      if (name === 'tokens.json') writeFileSync(victim, 'precious')
      else mkdirSync(victim, { mode: 0o700 })
      const oauth = join(folder.path, 'oauth')
      if (name !== '.') mkdirSync(oauth, { mode: 0o700 })
      symlinkSync(victim, name === '.' ? oauth : join(oauth, name))
      const store = await createFileStore(optionsFor(path))
      expect(!store.ok && store.error.kind).toBe('refused')
      if (name === 'tokens.json') expect(readFileSync(victim, 'utf8')).toBe('precious')
      else expect(readdirSync(victim)).toEqual([])
    },
  )

  test('a symbolic link that is planted while lb runs is refused, too', async () => {
    const store = await open(path)
    const victim = join(folder.path, 'victim')
    writeFileSync(victim, 'precious')
    symlinkSync(victim, path)
    const added = await add(store, 'a@x.com')
    expect(added).toMatchObject({ ok: false, error: { kind: 'refused' } })
    expect(readFileSync(victim, 'utf8')).toBe('precious')
  })
})

describe('a damaged file', () => {
  test.each([
    ['empty', ''],
    ['cut', '{"tokens": [{"acc'],
    ['something else', '[]'],
    ['zeros', '\0'.repeat(500)],
  ])('%s: the version before is used, and the next write keeps it', async (_name, damage) => {
    const store = await open(path, { warn })
    await add(store, 'a@x.com')
    await add(store, 'b@x.com')
    writeFileSync(path, damage)
    expect(await emails(store)).toEqual(['a@x.com'])
    expect(warnings.join()).toContain('the version before it is used')
    await add(store, 'c@x.com')
    expect(await emails(store)).toEqual(['a@x.com', 'c@x.com'])
    writeFileSync(path, damage)
    expect(await emails(store)).toEqual(['a@x.com'])
  })

  test('with a damaged version before it, is a clear call to log in again, said once', async () => {
    const store = await open(path, { warn })
    await add(store, 'a@x.com')
    await add(store, 'b@x.com')
    writeFileSync(path, '')
    writeFileSync(`${path}.bak`, 'at-canary{')
    expect(await emails(store)).toEqual([])
    await store.read()
    expect(warnings).toEqual([expect.stringContaining('please log in again')])
    expect(warnings.join()).not.toContain('canary')
    expect((await add(store, 'c@x.com')).ok).toBe(true)
    expect(await emails(store)).toEqual(['c@x.com'])
  })

  test('entries that cannot be read are skipped, the others kept', async () => {
    const store = await open(path, { warn })
    await add(store, 'a@x.com')
    const json = JSON.parse(readFileSync(path, 'utf8'))
    writeFileSync(path, JSON.stringify({ ...json, tokens: [...json.tokens, 7, { account_email: 'b@x.com' }] }))
    expect(await emails(store)).toEqual(['a@x.com'])
    expect(warnings.join()).toContain('2 entries')
  })

  test('of a later version of lb is left alone', async () => {
    await (await open(path)).close()
    const later = JSON.stringify({ version: 2, tokens: [] })
    writeFileSync(path, later, { mode: 0o600 })
    const store = await createFileStore(optionsFor(path))
    expect(!store.ok && store.error.message).toContain('later version')
    expect(readFileSync(path, 'utf8')).toBe(later)
  })
})

describe('the version before', () => {
  test('is kept at each write, and forgotten when something is removed for good', async () => {
    const store = await open(path)
    await add(store, 'a@x.com')
    await add(store, 'b@x.com')
    expect(readFileSync(`${path}.bak`, 'utf8')).toContain('a@x.com')
    expect(readFileSync(`${path}.bak`, 'utf8')).not.toContain('b@x.com')
    await store.update((file) => ok(removeAccount(file, 'a@x.com')), { forget: true })
    expect(existsSync(`${path}.bak`)).toBe(false)
    expect(readFileSync(path, 'utf8')).not.toContain('a@x.com')
  })

  test('is kept where there are no hard links, too', async () => {
    const faulty = createFaultyDisk()
    faulty.before = (step) => {
      if (step === 'link') throw systemError('EPERM')
    }
    const store = await open(path, { disk: faulty })
    await add(store, 'a@x.com')
    await add(store, 'b@x.com')
    expect(readFileSync(`${path}.bak`, 'utf8')).toContain('a@x.com')
    expect(mode(`${path}.bak`)).toBe('600')
  })
})

describe('a disk that says no', () => {
  test.each([
    ['ENOSPC', 'writeFile'],
    ['ENOSPC', 'open'],
    ['EIO', 'sync'],
    ['EIO', 'writeFile'],
    ['EROFS', 'rename'],
  ] as const)(
    '%s at %s: the old file is intact, nothing is left lying about, and the next write works',
    async (code, where) => {
      const faulty = createFaultyDisk()
      const store = await open(path, { disk: faulty })
      await add(store, 'a@x.com')
      const before = readFileSync(path, 'utf8')
      faulty.before = (step, at) => {
        if (step === where && /tmp-|tokens\.json$/.test(at)) throw systemError(code)
      }
      // Reading opens the file, too; there the fault is only about writing.
      if (where === 'open') {
        faulty.before = (step, at) => {
          if (step === 'open' && at.includes('tmp-')) throw systemError(code)
        }
      }
      expect(await add(store, 'b@x.com')).toMatchObject({ ok: false, error: { kind: 'not-saved', code } })
      expect(readFileSync(path, 'utf8')).toBe(before)
      faulty.before = undefined
      expect(readdirSync(join(folder.path, 'oauth')).filter((name) => name.includes('tmp-'))).toEqual([])
      expect((await add(store, 'b@x.com')).ok).toBe(true)
      expect(await emails(store)).toEqual(['a@x.com', 'b@x.com'])
    },
  )

  test('a file that cannot be read at the moment is not taken for a damaged one', async () => {
    const faulty = createFaultyDisk()
    const store = await open(path, { disk: faulty })
    await add(store, 'a@x.com')
    await add(store, 'b@x.com')
    faulty.before = (step, at) => {
      if (step === 'readFile' && at === path) throw systemError('EIO')
    }
    expect(await store.read()).toMatchObject({ ok: false, error: { kind: 'not-saved', code: 'EIO' } })
    expect((await add(store, 'c@x.com')).ok).toBe(false)
    faulty.before = undefined
    expect(await emails(store)).toEqual(['a@x.com', 'b@x.com'])
  })
})

describe('a writer that was taken for dead', () => {
  test.each(['sync', 'rename'] as const)(
    'and wakes up before its %s is refused, and writes again on what is there by then',
    async (where) => {
      const slow = createFaultyDisk()
      const sleeper = await open(path, { disk: slow, lockTtlMs: 60 })
      const other = await open(path, { lockTtlMs: 60 })
      await add(other, 'a@x.com')
      const before = await other.read()
      const account = before.ok ? before.value.file.accounts[0] : undefined
      if (account === undefined) throw new Error('no account')
      let wake = (): void => undefined
      const woken = new Promise<void>((resolve) => {
        wake = resolve
      })
      const asleep = new Promise<void>((resolve) => {
        slow.before = async (step, at) => {
          if (step !== where || !/tmp-|tokens\.json$/.test(at)) return
          slow.before = undefined
          // Its heartbeat stops with it, as in a stopped process: the identity file is what it touches.
          slow.touch = async () => undefined
          resolve()
          await woken
        }
      })
      const at = { nowMs: 2_000, clockId: 'boot', epochMs: 1_795_000_001_000 }
      const late = sleeper.update((file) =>
        putTokens(file, rotated(account, { ...someLogin('a@x.com', 99).grant }, at)),
      )
      await asleep
      const mine = await other.update((file) =>
        putTokens(file, rotated(account, { ...someLogin('a@x.com', 2).grant }, at)),
      )
      expect(mine.ok).toBe(true)
      // Not before the other has written, however long that takes.
      wake()
      expect(await late).toEqual({ ok: false, error: 'superseded' })
      expect(readFileSync(path, 'utf8')).toContain('at-canary-a@x.com-2')
      expect(readFileSync(path, 'utf8')).not.toContain('at-canary-a@x.com-99')
    },
  )
})

describe('rubbish', () => {
  test('of processes that died during a write is swept away', async () => {
    const store = await open(path)
    writeFileSync(`${path}.tmp-dead.1`, 'at-canary')
    await add(store, 'a@x.com')
    expect(readdirSync(join(folder.path, 'oauth')).sort()).toEqual(['tokens.json', 'tokens.json.locks'])
    await store.close()
    expect(readdirSync(`${path}.locks`)).toEqual([])
  })
})

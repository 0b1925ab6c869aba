import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Secret } from '@lb/config'
import { putLogin } from '@lb/oauth'
import { ok } from '@lb/protocol'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { createFileCipher, isEncrypted } from './cipher.ts'
import { disk } from './disk.ts'
import { createFileStore, type FileStoreOptions } from './file-store.ts'
import { someLogin } from './testing/store-contract.ts'
import { testFolder } from './testing/world.ts'
import type { TokenStore } from './token-store.ts'

const KEY = new Secret('correct horse battery staple')

let folder = testFolder()
let path = ''
beforeEach(() => {
  folder = testFolder()
  path = join(folder.path, 'oauth', 'tokens.json')
})
afterEach(() => folder.remove())

function optionsFor(at: string, extra: Partial<FileStoreOptions> = {}): FileStoreOptions {
  const clocks = { nowMs: () => performance.now(), epochMs: () => Date.now() }
  return { path: at, disk, ...clocks, warn: () => undefined, ...extra }
}

async function open(at: string, extra: Partial<FileStoreOptions> = {}): Promise<TokenStore> {
  const store = await createFileStore(optionsFor(at, extra))
  if (!store.ok) throw new Error(store.error.message)
  return store.value
}

async function emails(store: TokenStore): Promise<string[]> {
  const read = await store.read()
  return read.ok ? read.value.file.accounts.map((account) => account.email) : [read.error.message]
}

const add = (store: TokenStore, email: string): ReturnType<TokenStore['update']> =>
  store.update((file) => ok(putLogin(file, someLogin(email))))

describe('the token file, encrypted', () => {
  const opened = (key: Secret): Partial<FileStoreOptions> => ({ cipher: createFileCipher(key) })

  test('leaves nothing readable, neither in the file nor in the version before', async () => {
    const store = await open(path, opened(KEY))
    await add(store, 'a@x.com')
    await add(store, 'b@x.com')
    for (const file of [path, `${path}.bak`]) expect(readFileSync(file, 'utf8')).not.toMatch(/canary|x\.com/)
    expect(await emails(await open(path, opened(KEY)))).toEqual(['a@x.com', 'b@x.com'])
  })

  test('of a file that was plain happens at once', async () => {
    const plain = await open(path)
    await add(plain, 'a@x.com')
    await add(plain, 'b@x.com')
    const store = await open(path, opened(KEY))
    expect(readFileSync(path, 'utf8')).not.toContain('canary')
    expect(existsSync(`${path}.bak`)).toBe(false)
    expect(await emails(store)).toEqual(['a@x.com', 'b@x.com'])
  })

  test('with another key, or none, refuses the file and does not touch it', async () => {
    await add(await open(path, opened(KEY)), 'a@x.com')
    const before = readFileSync(path, 'utf8')
    const wrong = await createFileStore(optionsFor(path, opened(new Secret('another key, quite another'))))
    expect(!wrong.ok && wrong.error.message).toContain('another key')
    const none = await createFileStore(optionsFor(path))
    expect(!none.ok && none.error.message).toContain('no encryption_key')
    expect(readFileSync(path, 'utf8')).toBe(before)
  })

  test('notices every change of the content, and uses the version before', async () => {
    const store = await open(path, opened(new Secret('a'.repeat(64))))
    await add(store, 'a@x.com')
    await add(store, 'b@x.com')
    const json = JSON.parse(readFileSync(path, 'utf8'))
    const data = Buffer.from(json.data, 'base64')
    data[10] = (data[10] ?? 0) ^ 1
    writeFileSync(path, JSON.stringify({ ...json, data: data.toString('base64') }, null, 2))
    expect(await emails(store)).toEqual(['a@x.com'])
  })

  test('is the same text again, and never the same bytes twice', async () => {
    for (const key of [KEY, new Secret('0'.repeat(64)), new Secret(Buffer.alloc(32, 7).toString('base64'))]) {
      const cipher = createFileCipher(key)
      const [one, two] = [await cipher.encrypt('secret ü'), await cipher.encrypt('secret ü')]
      expect(isEncrypted(one)).toBe(true)
      expect(one.equals(two)).toBe(false)
      expect(await createFileCipher(key).decrypt(two)).toEqual(ok('secret ü'))
    }
  })

  test('whose header was changed is refused', async () => {
    const cipher = createFileCipher(new Secret('0'.repeat(64)))
    const json = JSON.parse((await cipher.encrypt('text')).toString())
    for (const change of [
      { nonce: Buffer.alloc(12).toString('base64') },
      { data: 'AAAA' },
      { kdf: 'none' },
      { version: 2 },
    ]) {
      const changed = Buffer.from(JSON.stringify({ ...json, ...change }))
      expect(await cipher.decrypt(changed)).toEqual({ ok: false, error: 'damaged' })
    }
    for (const change of [{ check: 'short' }, { salt: 'AAAA' }]) {
      const changed = Buffer.from(JSON.stringify({ ...json, ...change }))
      expect(await cipher.decrypt(changed)).toEqual({ ok: false, error: 'wrong-key' })
    }
    expect(await cipher.decrypt(Buffer.from('not json'))).toEqual({ ok: false, error: 'damaged' })
  })
})

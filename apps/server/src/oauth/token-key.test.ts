import { spawnSync } from 'node:child_process'
import { chmodSync, mkdirSync, statSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { Secret } from '@lb/config'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { isMissing } from '../testing/parts.ts'
import { disk } from './disk.ts'
import { testFolder } from './testing/world.ts'
import { fetchKey, type Keyring, keySourceOf, systemKeyring } from './token-key.ts'

let folder = testFolder()
let warnings: string[] = []
const warn = (message: string): void => {
  warnings.push(message)
}
beforeEach(() => {
  folder = testFolder()
  warnings = []
})
afterEach(() => folder.remove())

const noKeyring = async (): Promise<Keyring> => {
  throw new Error('locked: canary')
}

describe('the key of the token file', () => {
  test('is what encryption_key says: a text, a file, or the keyring', () => {
    expect(keySourceOf(new Secret('keyring'), 'lb')).toEqual({ kind: 'keyring', service: 'lb' })
    expect(keySourceOf(new Secret('file:/k'), 'lb')).toEqual({ kind: 'key-file', path: '/k' })
    expect(keySourceOf(new Secret('any other text'), 'lb').kind).toBe('text')
  })

  test('given as a text must not be too short', async () => {
    const key = await fetchKey(keySourceOf(new Secret('long enough a text'), 'lb'), disk, noKeyring, warn)
    expect(key.ok && key.value.reveal()).toBe('long enough a text')
    expect((await fetchKey(keySourceOf(new Secret('short'), 'lb'), disk, noKeyring, warn)).ok).toBe(false)
  })

  test('in a file may end in a newline, and is closed to others with a warning', async () => {
    const path = join(folder.path, 'key')
    writeFileSync(path, 'a key of some length\n')
    chmodSync(path, 0o640)
    const key = await fetchKey({ kind: 'key-file', path }, disk, noKeyring, warn)
    expect(key.ok && key.value.reveal()).toBe('a key of some length')
    expect(statSync(path).mode & 0o777).toBe(0o600)
    expect(warnings.length).toBe(1)
    const missing = await fetchKey({ kind: 'key-file', path: `${path}.no` }, disk, noKeyring, warn)
    expect(!missing.ok && missing.error.message).toContain('ENOENT')
  })

  test('in the keyring is made once, and found again', async () => {
    const kept = new Map<string, string>()
    const keyring: Keyring = {
      get: async (service, name) => kept.get(`${service}/${name}`),
      set: async (service, name, value) => void kept.set(`${service}/${name}`, value),
    }
    const first = await fetchKey(keySourceOf(new Secret('keyring'), 'lb'), disk, async () => keyring, warn)
    const second = await fetchKey(keySourceOf(new Secret('keyring'), 'lb'), disk, async () => keyring, warn)
    expect(first.ok && second.ok && first.value.reveal() === second.value.reveal()).toBe(true)
    expect(first.ok && first.value.reveal()).toMatch(/^[0-9a-f]{64}$/)
  })

  test('in a keyring that cannot be reached is a clear problem without its words', async () => {
    const key = await fetchKey(keySourceOf(new Secret('keyring'), 'lb'), disk, noKeyring, warn)
    expect(!key.ok && key.error.message).toBe("the operating system's keyring cannot be used: it cannot be reached")
  })

  // Debian's gnome-keyring on a message bus of its own: nothing else shows that the library works.
  const hasNoKeyring =
    isMissing('dbus', ['/usr/bin/dbus-run-session']) || isMissing('gnome-keyring', ['/usr/bin/gnome-keyring-daemon'])
  test.skipIf(hasNoKeyring)('is kept by a real Secret Service', { timeout: 60_000 }, () => {
    const runtime = join(folder.path, 'run')
    mkdirSync(runtime, { mode: 0o700 })
    const library = createRequire(import.meta.url).resolve('@napi-rs/keyring')
    const script = `
      const { AsyncEntry } = require(${JSON.stringify(library)})
      const entry = () => new AsyncEntry('lb-test', 'token-file-key', { linux: { store: 'secret-service' } })
      entry().setPassword('kept').then(() => entry().getPassword()).then((value) => process.stdout.write(String(value)))`
    const shell = `printf pw | gnome-keyring-daemon --unlock --components=secrets > /dev/null; exec "$0" -e "$1"`
    const { stdout, stderr } = spawnSync('dbus-run-session', ['--', 'sh', '-c', shell, process.execPath, script], {
      encoding: 'utf8',
      env: { PATH: '/usr/bin:/bin', HOME: folder.path, XDG_RUNTIME_DIR: runtime },
    })
    expect(`${stdout}${stdout === 'kept' ? '' : stderr}`).toBe('kept')
  })

  test('library is found when it is installed beside lb', async () => {
    expect(Object.keys(await systemKeyring())).toEqual(['get', 'set'])
  })
})

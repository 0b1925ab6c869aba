import { randomBytes } from 'node:crypto'
import { constants } from 'node:fs'
import { Secret } from '@lb/config'
import { err, ok, type Result } from '@lb/protocol'
import { type Disk, type DiskFile, errorCode } from './disk.ts'

/** Where the key of the encrypted token file comes from. */
export type KeySource =
  /** The text itself; the config has it from the environment. */
  | { readonly kind: 'text'; readonly text: Secret }
  | { readonly kind: 'key-file'; readonly path: string }
  /** A random key that the operating system's keyring keeps, under this service name. */
  | { readonly kind: 'keyring'; readonly service: string }

/** The part of `@napi-rs/keyring` that is used. */
export interface Keyring {
  get(service: string, name: string): Promise<string | undefined>
  set(service: string, name: string, value: string): Promise<void>
}

/** Why there is no key, for people. Holds nothing of it. */
export interface KeyProblem {
  readonly message: string
}

const KEYRING_NAME = 'token-file-key'

/**
 * Fetches the key.
 *
 * The keyring keeps only the key, never the tokens: a rotation then does not depend on a desktop service being there at that
 * moment, and has all the guarantees of the file (atomic, locked, a version before). And keyrings have limits: Windows
 * takes 2,560 bytes.
 *
 * @param openKeyring loads the keyring; see {@link systemKeyring}.
 */
export async function fetchKey(
  source: KeySource,
  disk: Disk,
  openKeyring: () => Promise<Keyring>,
  warn: (message: string) => void,
): Promise<Result<Secret, KeyProblem>> {
  switch (source.kind) {
    case 'text':
      return usable(source.text.reveal(), 'the encryption key')
    case 'key-file':
      return keyOfFile(source.path, disk, warn)
    case 'keyring':
      return keyOfKeyring(source.service, openKeyring)
  }
}

/**
 * Reads `encryption_key` of the config: `keyring`, `file:/path/to/key`, or the key itself.
 *
 * @param service names our entry in the keyring.
 */
export function keySourceOf(key: Secret, service: string): KeySource {
  const text = key.reveal()
  if (text === 'keyring') return { kind: 'keyring', service }
  if (text.startsWith('file:')) return { kind: 'key-file', path: text.slice('file:'.length) }
  return { kind: 'text', text: key }
}

/**
 * The operating system's keyring, through `@napi-rs/keyring` when that is installed beside lb. On Linux only the Secret
 * Service counts: the library's fallback, the kernel's keyring, forgets everything at a restart of the machine.
 */
export async function systemKeyring(): Promise<Keyring> {
  // The name is not a literal, so that neither the compiler nor the bundler insists on the optional package.
  const name: string = '@napi-rs/keyring'
  const { AsyncEntry } = (await import(name)) as KeyringModule
  const entry = (service: string, user: string): KeyringEntry => new AsyncEntry(service, user, LINUX_ONLY)
  return {
    get: async (service, user) => (await entry(service, user).getPassword()) ?? undefined,
    set: (service, user, value) => entry(service, user).setPassword(value),
  }
}

const LINUX_ONLY = { linux: { store: 'secret-service' } }

interface KeyringEntry {
  getPassword(): Promise<string | null>
  setPassword(value: string): Promise<void>
}

interface KeyringModule {
  readonly AsyncEntry: new (service: string, user: string, options: object) => KeyringEntry
}

async function keyOfKeyring(service: string, open: () => Promise<Keyring>): Promise<Result<Secret, KeyProblem>> {
  try {
    const keyring = await open()
    const known = await keyring.get(service, KEYRING_NAME)
    if (known !== undefined) return usable(known, 'the key in the keyring')
    await keyring.set(service, KEYRING_NAME, randomBytes(32).toString('hex'))
    // Read again: of two processes that start at once the keyring keeps the key of one.
    return usable((await keyring.get(service, KEYRING_NAME)) ?? '', 'the key in the keyring')
  } catch (error) {
    const missing = errorCode(error) === 'ERR_MODULE_NOT_FOUND'
    const why = missing ? 'the package @napi-rs/keyring is not installed' : 'it cannot be reached'
    return err({ message: `the operating system's keyring cannot be used: ${why}` })
  }
}

async function keyOfFile(
  path: string,
  disk: Disk,
  warn: (message: string) => void,
): Promise<Result<Secret, KeyProblem>> {
  try {
    // Links are followed here, unlike for the token file: container platforms mount secrets as links, and nothing is written.
    const file = await disk.open(path, constants.O_RDONLY)
    try {
      await closeToOthers(file, path, warn)
      return usable((await file.readFile()).toString('utf8').trim(), `the key file ${path}`)
    } finally {
      await file.close()
    }
  } catch (error) {
    return err({ message: `the key file ${path} cannot be read: ${errorCode(error)}` })
  }
}

async function closeToOthers(file: DiskFile, path: string, warn: (message: string) => void): Promise<void> {
  const { mode } = await file.stat()
  if ((Number(mode) & 0o077) === 0 || process.platform === 'win32') return
  const closed = await file.chmod(0o600).then(
    () => 'it is now only yours (0600)',
    () => 'and its mode cannot be changed',
  )
  warn(`oauth: the key file ${path} could be read by others; ${closed}`)
}

function usable(text: string, what: string): Result<Secret, KeyProblem> {
  return text.length >= 16 ? ok(new Secret(text)) : err({ message: `${what} is too short: 16 letters at least` })
}

import { createCipheriv, createDecipheriv, createHmac, hkdf, randomBytes, scrypt, timingSafeEqual } from 'node:crypto'
import { promisify } from 'node:util'
import type { Secret } from '@lb/config'
import { err, numberMember, ok, parseJson, type Result, stringMember } from '@lb/protocol'

/**
 * The token file encrypted at rest: AES-256-GCM with a key made from the user's.
 *
 *   { "format": "lb-encrypted", "version": 1, "kdf", "salt", "check", "nonce", "data" }
 *
 * A key of 32 random bytes (64 hexadecimal letters, or base64) is only spread by HKDF. Anything else may be a password that
 * somebody can remember, and goes through scrypt, which makes each guess cost 32 MB and a tenth of a second. Each write has
 * a new nonce, and the header is authenticated with the content.
 */
export interface FileCipher {
  encrypt(text: string): Promise<Buffer>
  decrypt(content: Buffer): Promise<Result<string, CipherProblem>>
}

/** `wrong-key`: it was written with another key, and is not to be overwritten. `damaged`: it is not what was written. */
export type CipherProblem = 'wrong-key' | 'damaged'

interface Header {
  readonly format: typeof FORMAT
  readonly version: number
  readonly kdf: Kdf
  readonly salt: string
  /** Eight bytes that only the right key gives: tells a wrong key from damage. */
  readonly check: string
  readonly nonce: string
}

type Kdf = 'scrypt' | 'hkdf-sha256'

const FORMAT = 'lb-encrypted'
const TAG_BYTES = 16
/** For interactive use; a token file is opened a few times a day. */
const SCRYPT = { N: 32_768, r: 8, p: 1, maxmem: 64 << 20 }

const spreadKey = promisify(hkdf)
const stretchKey = promisify<string, Buffer, number, typeof SCRYPT, Buffer>(scrypt)

/** A cipher with the user's key. The costly derivation is done once for each salt, and a process keeps its salt. */
export function createFileCipher(key: Secret): FileCipher {
  const raw = rawKeyOf(key.reveal())
  const derived = new Map<string, Promise<Buffer>>()
  const ours = { kdf: raw === undefined ? 'scrypt' : 'hkdf-sha256', salt: randomBytes(16).toString('base64') } as const
  let salt: string = ours.salt

  function keyFor(kdf: Kdf, saltText: string): Promise<Buffer> {
    const name = `${kdf} ${saltText}`
    const known = derived.get(name)
    if (known !== undefined) return known
    const made = derive(kdf, Buffer.from(saltText, 'base64'))
    derived.set(name, made)
    return made
  }

  async function derive(kdf: Kdf, saltBytes: Buffer): Promise<Buffer> {
    if (kdf === 'scrypt') return stretchKey(key.reveal(), saltBytes, 32, SCRYPT)
    return Buffer.from(await spreadKey('sha256', raw ?? Buffer.from(key.reveal()), saltBytes, 'lb token file', 32))
  }

  return {
    async encrypt(text) {
      const fileKey = await keyFor(ours.kdf, salt)
      const nonce = randomBytes(12)
      const header: Header = {
        format: FORMAT,
        version: 1,
        kdf: ours.kdf,
        salt,
        check: checkOf(fileKey),
        nonce: nonce.toString('base64'),
      }
      const cipher = createCipheriv('aes-256-gcm', fileKey, nonce)
      cipher.setAAD(Buffer.from(JSON.stringify(header)))
      const data = Buffer.concat([cipher.update(text, 'utf8'), cipher.final(), cipher.getAuthTag()])
      return Buffer.from(`${JSON.stringify({ ...header, data: data.toString('base64') }, null, 2)}\n`)
    },
    async decrypt(content) {
      const read = headerOf(content)
      if (read === undefined) return err('damaged')
      const fileKey = await keyFor(read.header.kdf, read.header.salt)
      if (!timingSafeEqual(Buffer.from(checkOf(fileKey)), checkOfHeader(read.header))) return err('wrong-key')
      if (read.header.kdf === ours.kdf) salt = read.header.salt
      const text = open(fileKey, read.header, read.data)
      return text === undefined ? err('damaged') : ok(text)
    },
  }
}

/** Whether a file's content is encrypted, rather than plain JSON. */
export function isEncrypted(content: Buffer): boolean {
  return content.subarray(0, 200).includes(`"format": "${FORMAT}"`)
}

function open(key: Buffer, header: Header, data: Buffer): string | undefined {
  try {
    const decipher = createDecipheriv('aes-256-gcm', key, Buffer.from(header.nonce, 'base64'))
    decipher.setAAD(Buffer.from(JSON.stringify(header)))
    decipher.setAuthTag(data.subarray(-TAG_BYTES))
    return Buffer.concat([decipher.update(data.subarray(0, -TAG_BYTES)), decipher.final()]).toString('utf8')
  } catch {
    return undefined
  }
}

function headerOf(content: Buffer): { readonly header: Header; readonly data: Buffer } | undefined {
  const parsed = parseJson(content.toString('utf8'))
  if (!parsed.ok) return undefined
  const kdf = stringMember(parsed.value, 'kdf')
  const salt = stringMember(parsed.value, 'salt')
  const check = stringMember(parsed.value, 'check')
  const nonce = stringMember(parsed.value, 'nonce')
  const data = stringMember(parsed.value, 'data')
  if (stringMember(parsed.value, 'format') !== FORMAT || numberMember(parsed.value, 'version') !== 1) return undefined
  if (kdf !== 'scrypt' && kdf !== 'hkdf-sha256') return undefined
  if (salt === undefined || check === undefined || nonce === undefined || data === undefined) return undefined
  return { header: { format: FORMAT, version: 1, kdf, salt, check, nonce }, data: Buffer.from(data, 'base64') }
}

function checkOf(key: Buffer): string {
  return createHmac('sha256', key).update('lb key check').digest('hex').slice(0, 16)
}

/** As long as a real one, whatever the file says, for the comparison wants equal lengths. */
function checkOfHeader(header: Header): Buffer {
  return Buffer.from(header.check.slice(0, 16).padEnd(16, '?')).subarray(0, 16)
}

/** The 32 bytes that a key text stands for; `undefined` when it is a password. */
function rawKeyOf(text: string): Buffer | undefined {
  if (/^[0-9a-f]{64}$/i.test(text)) return Buffer.from(text, 'hex')
  return /^[A-Za-z0-9+/_-]{43}=?$/.test(text) ? Buffer.from(text, 'base64') : undefined
}

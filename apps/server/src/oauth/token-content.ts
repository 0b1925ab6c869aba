import { type AccountFile, type AccountFileProblem, readAccountFile, writeAccountFile } from '@lb/oauth'
import { err, ok, type Result } from '@lb/protocol'
import { type FileCipher, isEncrypted } from './cipher.ts'

/** What the bytes of a token file turned out to be. */
export interface TokenContent {
  readonly file: AccountFile
  /** Entries that could not be read. */
  readonly unreadable: number
  /** It is plain although a key is configured: it should be written anew. */
  readonly exposed: boolean
}

/** Why bytes are not usable: `damaged` ones may be replaced, `foreign` ones must be left alone. `why` is for people. */
export interface ContentProblem {
  readonly kind: 'damaged' | 'foreign'
  readonly why: string
}

const FILE_PROBLEMS: Readonly<Record<AccountFileProblem['kind'], ContentProblem>> = {
  empty: { kind: 'damaged', why: 'it is empty' },
  'not-json': { kind: 'damaged', why: 'it is not JSON' },
  'not-a-token-file': { kind: 'damaged', why: 'it is not a token file' },
  newer: { kind: 'foreign', why: 'it was written by a later version of lb' },
}

/** Bytes to accounts. */
export async function decodeContent(
  content: Buffer,
  cipher: FileCipher | undefined,
): Promise<Result<TokenContent, ContentProblem>> {
  const encrypted = isEncrypted(content)
  if (encrypted && cipher === undefined)
    return err({ kind: 'foreign', why: 'it is encrypted, and no encryption_key is set' })
  const text = encrypted && cipher !== undefined ? await cipher.decrypt(content) : ok(content.toString('utf8'))
  if (!text.ok) {
    return text.error === 'wrong-key'
      ? err({ kind: 'foreign', why: 'it was encrypted with another key' })
      : err({ kind: 'damaged', why: 'it cannot be decrypted' })
  }
  const read = readAccountFile(text.value)
  if (!read.ok) return err(FILE_PROBLEMS[read.error.kind])
  return ok({ ...read.value, exposed: !encrypted && cipher !== undefined })
}

/** Accounts to bytes. */
export async function encodeContent(
  file: AccountFile,
  cipher: FileCipher | undefined,
  epochMs: number,
): Promise<Buffer> {
  const text = writeAccountFile(file, epochMs)
  return cipher === undefined ? Buffer.from(text) : cipher.encrypt(text)
}

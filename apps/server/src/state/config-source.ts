import { constants } from 'node:fs'
import { type FileHandle, open } from 'node:fs/promises'
import { type ConfigFlags, type ConfigProblem, formatProblems, type LoadedConfig, loadConfig } from '@lb/config'
import { err, ok, type Result } from '@lb/protocol'
import { knownProfiles } from '../upstream/known-profiles.ts'

/** Where the configuration comes from, and how to read it again. */
export interface ConfigSource {
  /** The file. */
  readonly path: string
  /** The file's name in messages: `config.yaml:3:5: …`. */
  readonly shownAs: string
  /**
   * Reads and checks it, with the environment and the command line of this process. Never rejects.
   *
   * @param listeningOn the address that a running server listens on. It stays until a restart, so the file must be right for
   * it, too: switching `auth` off together with a return to 127.0.0.1 would leave an open door on the old address.
   */
  load(listeningOn?: string): Promise<Result<LoadedConfig, ConfigTrouble>>
}

/** Why a configuration cannot be used. */
export interface ConfigTrouble {
  readonly problems: readonly ConfigProblem[]
  /** The same as lines for people. */
  readonly text: string
}

export interface ConfigSourceOptions {
  readonly env: Readonly<Record<string, string | undefined>>
  readonly flags: ConfigFlags
  readonly shownAs: string
}

/** The configuration file at `path`. */
export function configSource(path: string, { env, flags, shownAs }: ConfigSourceOptions): ConfigSource {
  const trouble = (problems: readonly ConfigProblem[]): Result<never, ConfigTrouble> =>
    err({ problems, text: formatProblems(problems, shownAs) })
  return {
    path,
    shownAs,
    async load(listeningOn) {
      const text = await readText(path)
      if (!text.ok) return trouble([wholeFile(text.error)])
      const loaded = loadConfig(text.value, env, flags, knownProfiles)
      if (!loaded.ok) return trouble(loaded.error)
      if (listeningOn === undefined || listeningOn === loaded.value.config.settings.host) return loaded
      const asItListens = loadConfig(text.value, env, { ...flags, host: listeningOn }, knownProfiles)
      return asItListens.ok ? loaded : trouble(asItListens.error)
    },
  }
}

/** A byte more than a configuration may have, so that one that is too large is seen to be. */
const READ_MAX_BYTES = (1 << 20) + 1

/** Opened without waiting: a named pipe in the place of the file would hold a plain `readFile` for ever. */
const HOW = constants.O_RDONLY | constants.O_NONBLOCK

async function readText(path: string): Promise<Result<string, string>> {
  let file: FileHandle | undefined
  try {
    file = await open(path, HOW)
    if (!(await file.stat()).isFile()) return err('is not a file')
    return decode(await readUpTo(file, READ_MAX_BYTES))
  } catch (error) {
    return err(readProblem(error))
  } finally {
    await file?.close()
  }
}

async function readUpTo(file: FileHandle, limitBytes: number): Promise<Buffer> {
  const buffer = Buffer.allocUnsafe(limitBytes)
  let length = 0
  while (length < limitBytes) {
    const { bytesRead } = await file.read(buffer, length, limitBytes - length)
    if (bytesRead === 0) break
    length += bytesRead
  }
  return buffer.subarray(0, length)
}

function decode(bytes: Buffer): Result<string, string> {
  try {
    return ok(new TextDecoder('utf-8', { fatal: true }).decode(bytes))
  } catch {
    // The cut at the limit may have gone through a character; what is wrong then is the size.
    return bytes.length === READ_MAX_BYTES ? ok(bytes.toString('latin1')) : err('is not UTF-8 text')
  }
}

function readProblem(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? String(error.code) : String(error)
  return code === 'ENOENT' ? 'there is no such file' : `cannot be read (${code})`
}

function wholeFile(message: string): ConfigProblem {
  return { severity: 'error', path: '', line: 1, column: 1, message }
}

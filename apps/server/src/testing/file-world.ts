import { mkdtemp, rename, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Json, parseJson } from '@lb/protocol'
import pino from 'pino'
import { onTestFinished } from 'vitest'
import { type RunningServer, startServer } from '../server.ts'
import { type ConfigSource, configSource } from '../state/config-source.ts'
import { noThread } from './world.ts'

/** lb with a configuration file of its own, for one test. */
export interface FileWorld {
  readonly lb: RunningServer
  readonly folder: string
  /** The file. */
  readonly path: string
  readonly source: ConfigSource
  /** The log lines so far, parsed. */
  readonly lines: Readonly<Record<string, unknown>>[]
  /** Replaces the file by a rename, as careful programs do. */
  write(text: string | Uint8Array): Promise<void>
  call(method: string, path: string, headers?: Readonly<Record<string, string>>): Promise<Called>
}

/** An answer, read. */
export interface Called {
  readonly status: number
  readonly headers: Headers
  readonly body: Json | undefined
}

/**
 * @param text the file's first content. The watch on the file is off unless it says otherwise.
 * @param level what of the log is kept in `lines`: a long run has no room for all of it.
 */
export async function startFileWorld(
  text: string,
  env: Readonly<Record<string, string>> = {},
  atEnd: typeof onTestFinished = onTestFinished,
  level: 'debug' | 'error' = 'debug',
): Promise<FileWorld> {
  const folder = await mkdtemp(join(tmpdir(), 'lb-config-'))
  atEnd(() => rm(folder, { recursive: true, force: true }))
  const path = join(folder, 'config.yaml')
  const write = async (next: string | Uint8Array): Promise<void> => {
    await writeFile(`${path}.new`, next)
    await rename(`${path}.new`, path)
  }
  await write(text)
  const source = configSource(path, { env, flags: {}, shownAs: 'config.yaml' })
  const loaded = await source.load()
  if (!loaded.ok) throw new Error(loaded.error.text)
  const lines: Record<string, unknown>[] = []
  const log = pino(
    { level, messageKey: 'message', base: null },
    { write: (line: string) => void lines.push(JSON.parse(line)) },
  )
  const lb = await startServer({
    config: loaded.value.config,
    log,
    source,
    folder,
    startThread: noThread,
    // Upstreams, clients and lb share one loop here, and whatever else the machine does delays it.
    isOverloaded: () => false,
  })
  atEnd(() => lb.close(0).then(() => {}))
  const call: FileWorld['call'] = async (method, to, headers = {}) => {
    const response = await fetch(`${lb.url}${to}`, { method, headers })
    const said = await response.text()
    const parsed = parseJson(said)
    return { status: response.status, headers: response.headers, body: parsed.ok ? parsed.value : undefined }
  }
  return { lb, folder, path, source, lines, write, call }
}

/** A small configuration. */
export interface ConfigWish {
  /** Name → base URL, in the order of their priority. */
  readonly providers: Readonly<Record<string, string>>
  /** YAML lines for `settings:`. */
  readonly settings?: readonly string[]
  /** YAML members of each provider, as flow text. */
  readonly provider?: string
}

/** The text of a small configuration whose providers serve every model. */
export function configText({ providers, settings = [], provider = 'auth_value: key-1' }: ConfigWish): string {
  const names = Object.keys(providers)
  return [
    'providers:',
    ...Object.entries(providers).map(
      ([name, url]) => `  - { name: ${name}, type: anthropic, base_url: "${url}", ${provider} }`,
    ),
    'model_routes:',
    '  "*":',
    ...names.map((name, index) => `    - { provider: ${name}, model: passthrough, priority: ${index + 1} }`),
    'settings:',
    '  port: 0',
    '  log_file_path: ""',
    ...['reload: false', ...settings].map((line) => `  ${line}`),
    '',
  ].join('\n')
}

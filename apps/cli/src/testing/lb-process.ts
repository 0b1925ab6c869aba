import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'
import { onTestFinished } from 'vitest'

/** `lb start` as a process of its own, which gets real signals and real limits. */
export interface LbProcess {
  readonly url: string
  readonly pid: number
  /** Its configuration file. */
  readonly configFile: string
  /** Everything that it printed so far. */
  output(): string
  signal(name: NodeJS.Signals): void
  /** Whoever read its output leaves. */
  closeOutput(): void
  /** Resolves when it has ended: its exit code, or the signal that killed it. */
  readonly ended: Promise<number | NodeJS.Signals>
}

export interface LbOptions {
  /** The YAML text of its configuration. */
  readonly config: string
  readonly env?: Readonly<Record<string, string>>
  /** For Node itself. */
  readonly nodeArgs?: readonly string[]
  /** What the shell does first, such as `ulimit -n 64`. */
  readonly shell?: string
}

let bundle: Promise<string> | undefined

/** The command and its threads, as in `tsup.config.ts`. */
const entries = [
  '../bin.ts',
  '../../../server/src/usage/usage-thread.ts',
  '../../../server/src/counting/token-thread.ts',
]

/** Builds the command as it is published: lb in one file, what comes from npm outside of it. */
function bundleLb(): Promise<string> {
  const cache = fileURLToPath(new URL('../../node_modules/.cache', import.meta.url))
  mkdirSync(cache, { recursive: true })
  bundle ??= buildInto(mkdtempSync(join(cache, 'lb-command-')))
  return bundle
}

async function buildInto(folder: string): Promise<string> {
  process.on('exit', () => rmSync(folder, { recursive: true, force: true }))
  mkdirSync(join(folder, 'dist'))
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ type: 'module', version: '0.0.0-test' }))
  const { dependencies } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'))
  await build({
    entryPoints: entries.map((name) => fileURLToPath(new URL(name, import.meta.url))),
    entryNames: '[name]',
    outdir: join(folder, 'dist'),
    bundle: true,
    splitting: true,
    platform: 'node',
    format: 'esm',
    target: 'node20',
    conditions: ['@lb/source'],
    banner: {
      js: "import { createRequire as lbCreateRequire } from 'node:module'; const require = lbCreateRequire(import.meta.url);",
    },
    external: Object.keys(dependencies),
    logLevel: 'silent',
  })
  return join(folder, 'dist', 'bin.js')
}

/** Starts it and waits until it listens. It is killed when the test is over, if it still runs. */
export async function startLb({ config, env = {}, nodeArgs = [], shell }: LbOptions): Promise<LbProcess> {
  const command = [process.execPath, ...nodeArgs, await bundleLb(), 'start', '--port', '0', '--config']
  const folder = mkdtempSync(join(tmpdir(), 'lb-process-'))
  const file = join(folder, 'config.yaml')
  writeFileSync(file, config)
  const words = [...command, file]
  const [program = '', ...args] = shell === undefined ? words : ['sh', '-c', `${shell}; exec "$@"`, 'sh', ...words]
  const child = spawn(program, args, { cwd: folder, env: { PATH: process.env['PATH'] ?? '', HOME: folder, ...env } })
  const ended = new Promise<number | NodeJS.Signals>((resolve) => {
    child.on('exit', (code, signal) => resolve(code ?? signal ?? 'SIGKILL'))
  })
  onTestFinished(async () => {
    child.kill('SIGKILL')
    await ended
    rmSync(folder, { recursive: true, force: true })
  })
  const printed = collect(child)
  const url = await listening(child, printed)
  return {
    url,
    pid: child.pid ?? 0,
    configFile: file,
    output: printed,
    signal: (name) => void child.kill(name),
    closeOutput() {
      child.stdout?.destroy()
      child.stderr?.destroy()
    },
    ended,
  }
}

/**
 * Runs `lb` to its end with these words of a shell behind it, such as `check config.yaml | head -1`.
 *
 * @param first what the shell does before, in the same empty folder.
 */
export async function runInShell(
  words: string,
  first = '',
): Promise<{ readonly output: string; readonly errors: string }> {
  const line = `${first}\n"${process.execPath}" "${await bundleLb()}" ${words}`
  const folder = mkdtempSync(join(tmpdir(), 'lb-process-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  const env = { PATH: process.env['PATH'] ?? '', HOME: folder }
  return new Promise((resolve) => {
    execFile('sh', ['-c', line], { cwd: folder, env }, (_error, output, errors) => resolve({ output, errors }))
  })
}

function collect(child: ChildProcess): () => string {
  const parts: string[] = []
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding('utf8')
    stream?.on('data', (text: string) => parts.push(text))
  }
  return () => parts.join('')
}

function listening(child: ChildProcess, printed: () => string): Promise<string> {
  return new Promise((resolve, reject) => {
    child.stdout?.on('data', () => {
      const url = /lb listens on (http:\S+)/.exec(printed())?.[1]
      if (url !== undefined) resolve(url)
    })
    child.on('exit', () => reject(new Error(`lb ended before it listened:\n${printed()}`)))
  })
}

/** A configuration with these upstreams, tried in order. @param settings YAML lines for `settings:`. */
export function configFor(upstreams: readonly string[], settings: readonly string[] = []): string {
  const names = upstreams.map((_, index) => String.fromCharCode(97 + index))
  return [
    'providers:',
    ...upstreams.map(
      (url, index) =>
        `  - { name: ${names[index]}, type: anthropic, base_url: "${url}", auth_type: api_key, auth_value: k }`,
    ),
    'model_routes:',
    `  "*": [${names.map((name, index) => `{ provider: ${name}, model: passthrough, priority: ${index + 1} }`).join(', ')}]`,
    'settings:',
    '  log_file_path: ""',
    ...settings.map((line) => `  ${line}`),
    '',
  ].join('\n')
}

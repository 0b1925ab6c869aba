import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import { clientFolder, clients } from './clients.ts'

/** One run of the real `claude` program. */
export interface ClaudeRun {
  readonly status: number | null
  readonly stdout: string
  readonly stderr: string
  readonly durationMs: number
}

export interface ClaudeOptions {
  readonly baseUrl: string
  readonly args: readonly string[]
  /** The folder it works in. Default an empty one. */
  readonly cwd?: string
  readonly env?: Readonly<Record<string, string>>
}

/** Longer than its own retries in any of these tests; a client that hangs is a failed test. */
const TIMEOUT_MS = 90_000

/**
 * Runs `claude` with a fresh HOME, no other environment, and every way to another host closed: it must only talk to lb.
 */
export async function runClaude({ baseUrl, args, cwd, env = {} }: ClaudeOptions): Promise<ClaudeRun> {
  const { name, version, program } = clients.claudeCode
  const home = scratchFolder('claude-home-')
  const startedMs = performance.now()
  const child = spawn(join(clientFolder(name, version), 'node_modules', program), args, {
    cwd: cwd ?? scratchFolder('claude-work-'),
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: TIMEOUT_MS,
    killSignal: 'SIGKILL',
    env: {
      PATH: '/usr/local/bin:/usr/bin:/bin',
      HOME: home,
      ANTHROPIC_BASE_URL: baseUrl,
      ANTHROPIC_AUTH_TOKEN: 'dummy',
      DISABLE_AUTOUPDATER: '1',
      CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: '1',
      HTTP_PROXY: 'http://127.0.0.1:9',
      HTTPS_PROXY: 'http://127.0.0.1:9',
      NO_PROXY: '127.0.0.1',
      ...env,
    },
  })
  const stdout: Buffer[] = []
  const stderr: Buffer[] = []
  child.stdout.on('data', (chunk: Buffer) => stdout.push(chunk))
  child.stderr.on('data', (chunk: Buffer) => stderr.push(chunk))
  const status = await new Promise<number | null>((resolve, reject) => {
    child.on('error', reject)
    child.on('close', resolve)
  })
  return {
    status,
    stdout: Buffer.concat(stdout).toString(),
    stderr: Buffer.concat(stderr).toString(),
    durationMs: performance.now() - startedMs,
  }
}

/** An empty folder that is gone when the test is over. */
export function scratchFolder(prefix: string): string {
  const folder = mkdtempSync(join(tmpdir(), prefix))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

import { execFileSync, spawn, spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, expect, onTestFinished, test } from 'vitest'

// What the image of deploy/docker/Dockerfile is made of, without an engine that builds it: the same commands, run here.
const root = fileURLToPath(new URL('../..', import.meta.url))
const dockerfile = readFileSync(join(root, 'deploy/docker/Dockerfile'), 'utf8')
const folder = mkdtempSync(join(tmpdir(), 'lb-image-'))
afterAll(() => rmSync(folder, { recursive: true }))
const lb = join(folder, 'opt-lb')

/**
 * In megabytes, of the image's 150. Alpine takes 8 of them, and even the stripped official Node would take no more than 107.
 */
const LB_MOST_MB = 35

/** The JSON list behind an instruction of the Dockerfile. */
function words(instruction: RegExp): string[] {
  return JSON.parse(new RegExp(`^${instruction.source}(\\[.*\\])$`, 'm').exec(dockerfile)?.[1] ?? '[]') as string[]
}

test('what is put into the image is small, and none of it is left out that lb needs', async () => {
  expect(dockerfile).toContain('--filter @lb/cli deploy --prod --legacy /lb')
  const deploy = ['--prefer-offline', '--filter', '@lb/cli', 'deploy', '--prod', '--legacy', lb]
  execFileSync('pnpm', deploy, { cwd: root, stdio: ['ignore', 'ignore', 'pipe'] })
  const unread = /&& (find \/lb .* -delete)$/m.exec(dockerfile)?.[1] ?? ''
  execFileSync('sh', ['-c', unread.replace('/lb', lb)])
  const [size = ''] = execFileSync('du', ['-sm', lb], { encoding: 'utf8' }).split('\t')
  expect(Number(size)).toBeGreaterThan(5)
  expect(Number(size)).toBeLessThan(LB_MOST_MB)

  const started = await startAsInImage()
  expect(await (await fetch(`${started.url}/v1/models`, { headers: { 'x-api-key': 'a'.repeat(64) } })).json()).toEqual(
    expect.objectContaining({ data: expect.any(Array) }),
  )
  expect(checkHealth(started.url)).toBe(0)
  // Its threads and its native part are there, too: the books have been opened.
  const usage = await fetch(`${started.url}/usage`, { headers: { 'x-api-key': 'a'.repeat(64) } })
  expect(usage.status).toBe(200)
  expect(existsSync(join(folder, 'data', 'data', 'usage.db'))).toBe(true)
  expect(await started.stop()).toBe(0)
  expect(checkHealth(started.url)).toBe(1)
})

/** Runs the HEALTHCHECK of the image as docker would. */
function checkHealth(url: string): number | null {
  const [program = '', ...args] = words(/ {2}CMD /)
  expect(program).toBe('node')
  const own = args.map((arg) => arg.replace('http://127.0.0.1:9090', url))
  expect(own).not.toEqual(args)
  return spawnSync(process.execPath, own).status
}

interface Started {
  readonly url: string
  /** @returns the exit code. */
  stop(): Promise<number | null>
}

/** Starts what ENTRYPOINT and CMD start, with the configuration of compose, on a port of this machine. */
async function startAsInImage(): Promise<Started> {
  const config = readFileSync(join(root, 'deploy/docker/config.yaml'), 'utf8')
  const data = join(folder, 'data')
  mkdirSync(data)
  writeFileSync(join(data, 'config.yaml'), config.replace('host: 0.0.0.0', 'host: 127.0.0.1'))
  const [node, ...args] = [...words(/ENTRYPOINT /), ...words(/CMD /)]
  expect(node).toBe('node')
  const own = args.map((arg) => arg.replace('/opt/lb/', `${lb}/`).replace('/data/', `${data}/`))
  const env = { LB_ADMIN_KEY: 'a'.repeat(64), LB_CLIENT_KEY: 'b'.repeat(64), ANTHROPIC_API_KEY: 'k' }
  const child = spawn(process.execPath, [...own, '--port', '0'], {
    cwd: folder,
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  onTestFinished(() => void child.kill('SIGKILL'))
  const ended = new Promise<number | null>((resolve) => child.on('exit', resolve))
  let printed = ''
  const url = await new Promise<string>((resolve, reject) => {
    const read = (part: unknown): void => {
      printed += String(part)
      const found = /lb listens on (http:\S+)/.exec(printed)?.[1]
      if (found !== undefined) resolve(found)
    }
    child.stdout.on('data', read)
    child.stderr.on('data', read)
    child.on('exit', () => reject(new Error(printed)))
  })
  return {
    url,
    stop() {
      child.kill('SIGTERM')
      return ended
    },
  }
}

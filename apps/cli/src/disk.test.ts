import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { Agent } from 'node:http'
import { join } from 'node:path'
import { type MockProvider, startMockProvider } from '@lb/mock-provider'
import { expect, onTestFinished, test } from 'vitest'
import { temporaryFolder } from './testing/folders.ts'
import { configFor, type LbProcess, startLb } from './testing/lb-process.ts'
import { namesOf, openStream } from './testing/stream-client.ts'

/** What happens to a whole process when a disk is full, or may not be written to. */

function mount(...args: readonly string[]): void {
  const { status, stderr } = spawnSync('mount', args, { encoding: 'utf8' })
  if (status !== 0) throw new Error(`this test mounts a small tmpfs and needs root for that: ${stderr}`)
}

/** A disk of 2 MB. */
function smallDisk(): string {
  const disk = join(temporaryFolder(), 'disk')
  mkdirSync(disk)
  mount('-t', 'tmpfs', '-o', 'size=2m', 'tmpfs', disk)
  onTestFinished(() => void spawnSync('umount', ['-l', disk]))
  return disk
}

/** Takes all that is left of a disk. @returns what gives it back. */
function fill(disk: string): () => void {
  const ballast = join(disk, 'ballast')
  expect(() => writeFileSync(ballast, Buffer.alloc(4 << 20))).toThrow('ENOSPC')
  return () => rmSync(ballast)
}

async function upstream(): Promise<MockProvider> {
  const mock = await startMockProvider({ script: { default: { reply: { text: 'hello' } } } })
  onTestFinished(() => mock.close())
  return mock
}

/** Asks so many times, one after the other. @returns how many got a whole answer. */
async function ask(lb: LbProcess, times: number): Promise<number> {
  const agent = new Agent({ keepAlive: true })
  let whole = 0
  for (let index = 0; index < times; index += 1) {
    const stream = await openStream(lb.url, agent).done
    if (stream.isWhole && namesOf(stream).at(-1) === 'message_stop') whole += 1
  }
  agent.destroy()
  return whole
}

/** With a log file in `folder`. */
function config(mock: MockProvider, folder: string, settings: readonly string[] = []): string {
  const log = `log_file_path: "${join(folder, 'logs.jsonl')}"`
  return configFor([mock.url], [log, ...settings]).replace('  log_file_path: ""\n', '')
}

const linesOf = (file: string): string[] => readFileSync(file, 'utf8').split('\n')

async function stops(lb: LbProcess): Promise<void> {
  lb.signal('SIGTERM')
  expect(await lb.ended).toBe(0)
}

/** What has been written down of requests. */
async function counted(lb: LbProcess): Promise<number> {
  const response = await fetch(`${lb.url}/usage`)
  return response.status === 200 ? ((await response.json()) as { total: { requests: number } }).total.requests : 0
}

test('63: a disk that is full under everything that lb writes stops nothing, and nothing is lost of the books', async () => {
  const disk = smallDisk()
  const mock = await upstream()
  const usage = `usage: { path: "${join(disk, 'usage.db')}" }`
  const lb = await startLb({
    config: config(mock, disk, [usage, `health_state_path: "${join(disk, 'health.json')}"`]),
  })
  expect(await ask(lb, 3)).toBe(3)
  await expect.poll(() => counted(lb)).toBe(3)
  const makeRoom = fill(disk)
  expect(await ask(lb, 100)).toBe(100)
  await expect.poll(() => lb.output()).toContain('log_file_unwritable')
  await expect.poll(() => lb.output(), { timeout: 5_000 }).toContain('usage cannot be written')
  makeRoom()
  expect(await ask(lb, 5)).toBe(5)
  await expect.poll(() => counted(lb), { timeout: 30_000, interval: 500 }).toBe(108)
  const log = join(disk, 'logs.jsonl')
  await expect.poll(() => linesOf(log).length, { timeout: 10_000 }).toBeGreaterThan(80)
  for (const line of linesOf(log)) if (line !== '') JSON.parse(line)
  await stops(lb)
}, 90_000)

test('63: folders that are read-only from the start stop nothing, and are written to as soon as they may be', async () => {
  const disk = smallDisk()
  mount('-o', 'remount,ro', disk)
  const mock = await upstream()
  const usage = `usage: { path: "${join(disk, 'books', 'usage.db')}" }`
  const lb = await startLb({
    config: config(mock, disk, [usage, `health_state_path: "${join(disk, 'health.json')}"`]),
  })
  expect(await ask(lb, 20)).toBe(20)
  await expect.poll(() => lb.output()).toContain('log_file_unwritable')
  await expect.poll(() => lb.output()).toContain('usage cannot be written')
  mount('-o', 'remount,rw', disk)
  await expect.poll(() => counted(lb), { timeout: 30_000, interval: 500 }).toBe(20)
  // A log file that cannot be opened is tried again every ten seconds.
  const log = join(disk, 'logs.jsonl')
  await expect
    .poll(async () => (await ask(lb, 1)) === 1 && existsSync(log) && linesOf(log).length > 1, {
      timeout: 30_000,
      interval: 1_000,
    })
    .toBe(true)
  await stops(lb)
}, 90_000)

test('63: a log file that cannot be, because its folder is a file, stops nothing', async () => {
  const folder = temporaryFolder()
  writeFileSync(join(folder, 'file'), '')
  const lb = await startLb({ config: config(await upstream(), join(folder, 'file')) })
  expect(await ask(lb, 1)).toBe(1)
  await expect.poll(() => lb.output()).toContain('log_file_unwritable')
  await stops(lb)
}, 60_000)

test('63: files behind a link into /proc stop nothing, and do not keep lb from ending', async () => {
  const link = join(temporaryFolder(), 'link')
  symlinkSync('/proc', link)
  const usage = `usage: { path: "${join(link, 'books', 'usage.db')}" }`
  const health = `health_state_path: "${join(link, 'health', 'health.json')}"`
  const lb = await startLb({ config: config(await upstream(), join(link, 'logs'), [usage, health]) })
  expect(await ask(lb, 3)).toBe(3)
  await expect.poll(() => lb.output()).toContain('log_file_unwritable')
  await expect.poll(() => lb.output()).toContain('usage cannot be written')
  await stops(lb)
}, 60_000)

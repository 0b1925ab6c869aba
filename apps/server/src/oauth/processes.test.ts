import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { putLogin, putTokens, rotated } from '@lb/oauth'
import { ok } from '@lb/protocol'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { disk } from './disk.ts'
import { createFileStore } from './file-store.ts'
import { openOAuth } from './oauth.ts'
import { startOidcServer } from './testing/oidc-server.ts'
import { someLogin } from './testing/store-contract.ts'
import { buildWorker } from './testing/worker-build.ts'
import { testFolder } from './testing/world.ts'
import type { TokenStore } from './token-store.ts'

/** `pnpm --filter @lb/server stress:tokens` runs these in their full length. */
const FULL = process.env['LB_STRESS'] === '1'
const KILLS = FULL ? 1_000 : 40
const PROCESSES = 8
const ROTATIONS = FULL ? 100 : 10
const MINUTE_MS = 60_000

const home = testFolder()
const worker = join(home.path, 'worker.cjs')
const writer = join(home.path, 'writer.cjs')

beforeAll(async () => {
  await Promise.all([buildWorker('worker', worker), buildWorker('writer', writer)])
})
afterAll(() => home.remove())

async function open(path: string, lockTtlMs = 15_000): Promise<TokenStore> {
  const clocks = { nowMs: () => performance.now(), epochMs: () => Date.now() }
  const options = { path, disk, ...clocks, warn: () => undefined, lockTtlMs }
  const store = await createFileStore(options)
  if (!store.ok) throw new Error(store.error.message)
  return store.value
}

function start(program: string, ...args: string[]): { readonly child: ChildProcess; readonly lines: string[] } {
  const child = spawn(process.execPath, [program, ...args], { stdio: ['ignore', 'pipe', 'inherit'] })
  const lines: string[] = []
  let rest = ''
  child.stdout?.setEncoding('utf8').on('data', (chunk: string) => {
    const parts = (rest + chunk).split('\n')
    rest = parts.pop() ?? ''
    lines.push(...parts)
  })
  return { child, lines }
}

/** Kills writers of one file, one after the other. */
async function killWriters(
  path: string,
  kills: number,
): Promise<{ unreadable: number; lost: number; written: number }> {
  const store = await open(path)
  await store.update((file) => ok(putLogin(file, someLogin('a@x.com'))))
  await store.close()
  const seen = { unreadable: 0, lost: 0, written: 1 }
  for (let kill = 0; kill < kills; kill += 1) {
    const { child, lines } = start(writer, path)
    const closed = once(child, 'close')
    while (lines.length === 0 && child.exitCode === null) await pause(1)
    await pause(Math.random() * 12)
    child.kill('SIGKILL')
    await closed
    expect(lines.filter((line) => !/^\d+$/.test(line))).toEqual([])
    seen.written = Math.max(seen.written, Number(lines.at(-1) ?? 0))
    // Read as it lies there: not through the store, which could fall back on the version before.
    const rotation = rotationIn(path)
    if (rotation === undefined) seen.unreadable += 1
    else if (rotation < seen.written) seen.lost += 1
  }
  return seen
}

describe('a process that is killed while it writes', () => {
  test(`${KILLS} times: no unreadable file, no acknowledged rotation lost`, { timeout: 20 * MINUTE_MS }, async () => {
    const paths = [1, 2, 3, 4].map((number) => join(home.path, `killed-${number}`, 'tokens.json'))
    const results = await Promise.all(paths.map((path) => killWriters(path, KILLS / paths.length)))
    for (const { unreadable, lost, written } of results) {
      expect({ unreadable, lost }).toEqual({ unreadable: 0, lost: 0 })
      expect(written).toBeGreaterThan(KILLS / paths.length)
    }
  })
})

describe('several processes and one single-use refresh token', () => {
  test(`${PROCESSES} processes, ${ROTATIONS} rotations: exactly ${ROTATIONS} token calls, no reuse`, {
    timeout: 5 * MINUTE_MS,
  }, async () => {
    const oidc = await startOidcServer()
    const tokenFile = join(home.path, 'race', 'tokens.json')
    const opened = await openOAuth(
      { ...oidc.settings, tokenFile },
      { publicUrl: 'http://127.0.0.1:9090', log: () => undefined },
    )
    if (!opened.ok) throw new Error(opened.error.join())
    const started = await opened.value.logins.start({ redirect: 'loopback' })
    await fetch(await oidc.signIn(started.url, 'ada'))
    await opened.value.close()
    const before = oidc.counts.tokenCalls
    const workers = Array.from({ length: PROCESSES }, () =>
      start(worker, tokenFile, JSON.stringify(oidc.settings), String(ROTATIONS)),
    )
    await Promise.all(workers.map(({ child }) => once(child, 'close')))
    expect(workers.map(({ lines }) => lines)).toEqual(workers.map(() => [`done ${ROTATIONS + 1}`]))
    expect(oidc.counts.tokenCalls - before).toBe(ROTATIONS)
    expect(oidc.counts).toMatchObject({ revokedLogins: 0, refused: 0 })
    await oidc.close()
  })
})

describe('a process that is stopped while it holds the lock', () => {
  test('is taken for dead, and what it writes when it wakes up does not undo what others did', {
    timeout: 2 * MINUTE_MS,
  }, async () => {
    const ttlMs = 500
    const path = join(home.path, 'stopped', 'tokens.json')
    const store = await open(path, ttlMs)
    await store.update((file) => ok(putLogin(file, someLogin('a@x.com'))))
    const { child, lines } = start(writer, path, String(ttlMs))
    let takenOver = 0
    // Whether it held the lock is chance.
    for (let round = 1; round <= 12 || (takenOver === 0 && round <= 200); round += 1) {
      const heard = lines.length
      while (lines.length < heard + 5) await pause(1)
      // At any moment of a write; now and then that is between its last look at the lock and its rename.
      child.kill('SIGSTOP')
      await pause(20)
      const before = Number(lines.at(-1))
      const startedMs = performance.now()
      const jump = round * 1_000_000
      const ours = await store.update((file) => {
        const account = file.accounts[0]
        if (account === undefined) return ok(file)
        return putTokens(
          file,
          rotated({ ...account, rotation: jump }, someLogin('a@x.com', 2).grant, someLogin('a').at),
        )
      })
      expect(ours.ok).toBe(true)
      if (performance.now() - startedMs >= ttlMs) takenOver += 1
      child.kill('SIGCONT')
      while (!lines.some((line) => Number(line) > jump + 1)) await pause(2)
      // One may have been kept just before it was stopped, and said only now; none may be kept after ours.
      const between = lines.map(Number).filter((number) => number > before + 1 && number < jump)
      expect(between).toEqual([])
    }
    child.kill('SIGKILL')
    await once(child, 'close')
    await store.close()
    expect(takenOver).toBeGreaterThan(0)
  })
})

describe('a full disk', () => {
  test('keeps the old file whole, keeps new tokens in memory with an alarm, and saves them when there is room', {
    timeout: MINUTE_MS,
  }, async ({ skip }) => {
    const mount = join(home.path, 'small')
    mkdirSync(mount)
    // A file system of 64 KB. Not every machine lets one make it; file-store.test.ts plays ENOSPC at every step there, too.
    const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'tmpfs', mount], { encoding: 'utf8' })
    if (mounted.status !== 0) skip(`no full disk can be made here: ${mounted.stderr ?? mounted.error?.message}`)
    try {
      await fullDisk(mount)
    } finally {
      execFileSync('umount', [mount])
    }
  })
})

async function fullDisk(mount: string): Promise<void> {
  const oidc = await startOidcServer()
  const tokenFile = join(mount, 'oauth', 'tokens.json')
  const lines: string[] = []
  const opened = await openOAuth(
    { ...oidc.settings, tokenFile },
    { publicUrl: 'http://127.0.0.1:9090', log: (level, event) => lines.push(`${level} ${event}`) },
  )
  if (!opened.ok) throw new Error(opened.error.join())
  const { accounts, logins, close } = opened.value
  await fetch(await oidc.signIn((await logins.start({ redirect: 'loopback' })).url, 'ada'))
  const before = readFileSync(tokenFile, 'utf8')
  execFileSync('sh', ['-c', `dd if=/dev/zero of=${mount}/filler bs=1k 2>/dev/null || true`])
  const old = await accounts.credentialFor({})
  if (old.kind !== 'credential') throw new Error(old.kind)
  const renewed = await accounts.refresh(old.credential)
  expect(renewed.kind).toBe('renewed')
  expect(lines).toContain('error not-saved')
  expect(readFileSync(tokenFile, 'utf8')).toBe(before)
  expect((await accounts.list()).accounts[0]?.unsaved).toBe(true)
  execFileSync('rm', [`${mount}/filler`])
  while ((await accounts.list()).accounts[0]?.unsaved) await pause(50)
  expect(rotationIn(tokenFile)).toBe(2)
  expect(statSync(tokenFile).mode & 0o777).toBe(0o600)
  await close()
  await oidc.close()
}

function rotationIn(path: string): number | undefined {
  try {
    return JSON.parse(readFileSync(path, 'utf8')).tokens[0].rotation
  } catch {
    return undefined
  }
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}

import { spawnSync } from 'node:child_process'
import { readdirSync, writeFileSync } from 'node:fs'
import { Agent } from 'node:http'
import { connect, type Socket } from 'node:net'
import { join } from 'node:path'
import { type MockProvider, type MockScript, startMockProvider } from '@lb/mock-provider'
import { expect, onTestFinished, test } from 'vitest'
import { temporaryFolder } from './testing/folders.ts'
import { configFor, type LbProcess, startLb } from './testing/lb-process.ts'
import { namesOf, openStream, type Streamed, type Streaming } from './testing/stream-client.ts'

/** What happens to a whole process: its files, its time; its disk is in disk.test.ts. Numbers: docs of the fault catalogue. */

const hello: MockScript = { default: { reply: { text: 'hello' } } }
const slow: MockScript = {
  default: { reply: { text: 'one two three four five six seven eight nine ten' }, paceMs: 100 },
}

async function upstream(script: MockScript): Promise<MockProvider> {
  const mock = await startMockProvider({ script })
  onTestFinished(() => mock.close())
  return mock
}

function freshAgent(): Agent {
  const agent = new Agent({ keepAlive: false })
  onTestFinished(() => agent.destroy())
  return agent
}

const ask = (lb: LbProcess): Promise<Streamed> => openStream(lb.url, freshAgent()).done

function isComplete(stream: Streamed): boolean {
  return stream.isWhole && namesOf(stream).at(-1) === 'message_stop'
}

/** Files that the process has open. */
function openFiles(lb: LbProcess): number {
  return readdirSync(`/proc/${lb.pid}/fd`).length
}

function setOpenFilesLimit(lb: LbProcess, limit: number): void {
  const { status, stderr } = spawnSync('prlimit', [`--pid=${lb.pid}`, `--nofile=${limit}:`], {
    encoding: 'utf8',
  })
  expect(status, `prlimit (package util-linux): ${stderr}`).toBe(0)
}

test('65: without files left, running streams go on, and when there are some again everybody gets in', async () => {
  const mock = await upstream(slow)
  const lb = await startLb({ config: configFor([mock.url]) })
  expect(isComplete(await ask(lb))).toBe(true)
  const running = Array.from({ length: 5 }, () => openStream(lb.url, freshAgent()))
  await Promise.all(running.map(({ begun }) => begun))
  setOpenFilesLimit(lb, openFiles(lb) + 3)
  const crowd = await openCrowd(lb, 60)
  expect((await Promise.all(running.map(({ done }) => done))).every(isComplete)).toBe(true)
  for (const socket of crowd) socket.destroy()
  setOpenFilesLimit(lb, 4096)
  await expect.poll(async () => isComplete(await ask(lb)), { timeout: 20_000, interval: 500 }).toBe(true)
  lb.signal('SIGTERM')
  expect(await lb.ended).toBe(0)
}, 60_000)

/** Connections of clients that say nothing. */
async function openCrowd(lb: LbProcess, count: number): Promise<Socket[]> {
  const sockets = Array.from({ length: count }, () => connect(Number(new URL(lb.url).port), '127.0.0.1'))
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy()
  })
  await Promise.all(
    sockets.map(
      (socket) =>
        new Promise<void>((resolve) => {
          socket.on('error', () => resolve())
          socket.on('close', () => resolve())
          socket.on('connect', () => setTimeout(resolve, 200))
        }),
    ),
  )
  return sockets
}

test('65: a process that may open few files takes only as many clients as it can serve', async () => {
  const mock = await upstream(hello)
  const lb = await startLb({ config: configFor([mock.url]), shell: 'ulimit -n 128' })
  await expect.poll(() => lb.output()).toContain('32 connections are taken')
  const crowd = await openCrowd(lb, 100)
  const isTurnedAway = (socket: Socket): boolean => socket.destroyed || socket.readableEnded
  expect(crowd.filter((socket) => !isTurnedAway(socket)).length).toBeLessThanOrEqual(32)
  for (const socket of crowd) socket.destroy()
  await expect.poll(async () => isComplete(await ask(lb))).toBe(true)
  expect(await (await fetch(`${lb.url}/metrics`)).text()).toMatch(/^lb_connections_dropped_total [1-9]/m)
}, 60_000)

test('nobody reads its output any more: it goes on', async () => {
  const mock = await upstream(hello)
  const lb = await startLb({ config: configFor([mock.url]) })
  lb.closeOutput()
  for (let index = 0; index < 3; index += 1) expect(isComplete(await ask(lb))).toBe(true)
  lb.signal('SIGTERM')
  expect(await lb.ended).toBe(0)
}, 60_000)

/** A module that is loaded before lb, and misbehaves on a signal. */
function misbehaviour(source: string): string[] {
  const file = join(temporaryFolder(), 'misbehaviour.mjs')
  writeFileSync(file, source)
  return ['--import', file]
}

test('78: an event loop that stands still for two seconds: new requests get 529, streams live, then all is well', async () => {
  const mock = await upstream(slow)
  // Two seconds of its own work, however much the machine lets it have.
  const burn = `process.on('SIGUSR2', () => {
    const before = process.cpuUsage()
    for (let sum = 0, worked = 0; worked < 2_000_000; ) {
      for (let index = 0; index < 5_000_000; index += 1) sum += index
      const { user, system } = process.cpuUsage(before)
      worked = user + system
    }
  })`
  const lb = await startLb({ config: configFor([mock.url]), nodeArgs: misbehaviour(burn) })
  const running: Streaming = openStream(lb.url, freshAgent())
  await running.begun
  lb.signal('SIGUSR2')
  // Asked while it stands still: it is read as soon as it moves again.
  await new Promise((resolve) => setTimeout(resolve, 200))
  const refused = await ask(lb)
  expect(refused.status).toBe(529)
  expect(isComplete(await running.done)).toBe(true)
  await expect.poll(async () => isComplete(await ask(lb)), { timeout: 20_000 }).toBe(true)
}, 60_000)

test('69: a rejection that nobody handles, and an exception that nobody catches, end nothing', async () => {
  const mock = await upstream(slow)
  const throwing = `
    process.on('SIGUSR2', () => {
      Promise.reject(new Error('nobody handles this'))
      setTimeout(() => { throw new Error('nobody catches this') }, 1)
    })`
  const lb = await startLb({ config: configFor([mock.url]), nodeArgs: misbehaviour(throwing) })
  const running = openStream(lb.url, freshAgent())
  await running.begun
  lb.signal('SIGUSR2')
  expect(isComplete(await running.done)).toBe(true)
  expect(isComplete(await ask(lb))).toBe(true)
  await expect.poll(() => lb.output()).toContain('nobody handles this')
  await expect.poll(() => lb.output()).toContain('nobody catches this')
  expect(await (await fetch(`${lb.url}/metrics`)).text()).toContain('\nlb_internal_errors_total 2\n')
}, 60_000)

test('68: a process that was stopped for longer than its timeouts does not take them for silence of the upstream', async () => {
  const mock = await upstream(slow)
  const settings = ['timeouts: { streaming: { read_timeout: 2, first_byte_timeout: 2 } }']
  const lb = await startLb({ config: configFor([mock.url], settings) })
  const running = Array.from({ length: 20 }, () => openStream(lb.url, freshAgent()))
  await Promise.all(running.map(({ begun }) => begun))
  lb.signal('SIGSTOP')
  await new Promise((resolve) => setTimeout(resolve, 5000))
  lb.signal('SIGCONT')
  expect((await Promise.all(running.map(({ done }) => done))).filter((stream) => !isComplete(stream))).toHaveLength(0)
  expect(isComplete(await ask(lb))).toBe(true)
}, 60_000)

import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { emptyHealth, type HealthState, nodesOf, stepHealth } from '@lb/health'
import pino from 'pino'
import { beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest'
import type { ProviderList } from '../admin/provider-shape.ts'
import { type RunningServer, startServer } from '../server.ts'
import { hello, noThread, testConfig } from '../testing/world.ts'
import { compileConfig } from './compiled-config.ts'
import { createHealthFile } from './health-file.ts'

let folder = ''
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'lb-health-'))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
})

const settings = ['health_state_path: data/health.json', 'failure_cooldown: 600', 'unhealthy_threshold: 1']
const nowhere = ['http://127.0.0.1:1', 'http://127.0.0.1:1']
const file = () => join(folder, 'data', 'health.json')

/** One process after another, on the same folder. */
async function start(urls: readonly string[] = nowhere, provider?: string): Promise<RunningServer> {
  const config = testConfig(
    urls.map((url) => ({ url })),
    { settings: [...settings, 'hold: 0'], ...(provider === undefined ? {} : { provider }) },
  )
  const lb = await startServer({ config, folder, log: pino({ enabled: false }), startThread: noThread })
  onTestFinished(() => lb.close(0).then(() => {}))
  return lb
}

async function providersOf({ url }: RunningServer): Promise<ProviderList['providers']> {
  return ((await (await fetch(`${url}/providers`)).json()) as ProviderList).providers
}

const ask = ({ url }: RunningServer, body: object = hello) =>
  fetch(`${url}/v1/messages`, { method: 'POST', body: JSON.stringify(body) }).then((response) => response.text())

describe('with health_state_path, a restart', () => {
  test('keeps cooldowns to the moment, and an operator’s switch', async () => {
    const first = await start()
    await ask(first, { ...hello, provider: 'a' })
    await fetch(`${first.url}/providers/b/disable`, { method: 'POST' })
    const [before] = await providersOf(first)
    expect(before?.cooldown_seconds_left).toBeGreaterThan(200)
    await first.close(0)
    const [a, b] = await providersOf(await start())
    expect(a).toMatchObject({ name: 'a', healthy: false, health: [{ reason: 'ejected' }] })
    expect(a?.cooldown_until).toBeCloseTo(before?.cooldown_until ?? 0, 1)
    expect(b).toMatchObject({ name: 'b', status: 'disabled' })
  })

  test('forgets what a name meant before it got another address or key', async () => {
    const first = await start()
    await ask(first, { ...hello, provider: 'a' })
    await first.close(0)
    const moved = await start(['http://127.0.0.1:2', 'http://127.0.0.1:1'])
    expect(await providersOf(moved)).toMatchObject([{ healthy: true }, { healthy: true }])
  })

  test('is in the file soon after it happened, for a process that is killed', async () => {
    const lb = await start()
    await ask(lb, { ...hello, provider: 'a' })
    await vi.waitFor(async () => expect(await readFile(file(), 'utf8')).toContain('"reason": "ejected"'), 5_000)
    expect(await readFile(file(), 'utf8')).not.toContain('key-a')
  })
})

/** Two processes, one after the other, whose clocks can be set. */
async function onClock() {
  const { compiled } = await compileConfig(testConfig([{ url: 'http://127.0.0.1:1' }], { settings }))
  const clock = { nowMs: 5_000, epochMs: 1_800_000_000_000 }
  const warned: string[] = []
  const open = (state: HealthState = emptyHealth) =>
    createHealthFile({
      clock: { nowMs: () => clock.nowMs, epochMs: () => clock.epochMs },
      log: pino({ level: 'warn' }, { write: (line: string) => void warned.push(line) }),
      current: () => compiled,
      folder,
      health: () => state,
    })
  const target = { provider: 'a', credential: 'key-1', model: 'm' }
  const failure = { kind: 'connect-failed', message: '' } as const
  const failed = { type: 'attempt-failed', target, attempt: 'x', startedMs: 0, failure } as const
  const { state: ejected } = stepHealth(emptyHealth, failed, { nowMs: clock.nowMs, roll: 0 }, compiled.healthPolicy)
  return { clock, warned, open, ejected }
}

const untilOf = (state: HealthState): number | undefined => {
  const bar = nodesOf(state)[0]?.node.state
  return bar?.kind === 'barred' ? bar.bar.untilMs : undefined
}

describe('the file', () => {
  test('speaks wall clock: another process reads the same moment on its own clock', async () => {
    const { clock, open, ejected } = await onClock()
    const until = untilOf(ejected) ?? Number.NaN
    await open(ejected).close()
    clock.nowMs = 77
    clock.epochMs += 60_000
    expect(untilOf(await open().load())).toBeCloseTo(until - 5_000 - 60_000 + 77, 0)
  })

  test('says nothing any more when its time is over', async () => {
    const { clock, open, ejected } = await onClock()
    await open(ejected).close()
    clock.epochMs += 3_600_000
    expect(await open().load()).toEqual(emptyHealth)
  })

  test('after a clock that jumped bars nobody for longer than the rule allows', async () => {
    const { clock, open, ejected } = await onClock()
    await open(ejected).close()
    clock.epochMs -= 10 * 24 * 3_600_000
    expect(untilOf(await open().load()) ?? Number.NaN).toBeLessThanOrEqual(5_000 + 600_000)
  })

  test('is written only when there is something new in it', async () => {
    const { open, ejected } = await onClock()
    const one = open(ejected)
    await one.close()
    await rm(file())
    await one.close()
    await expect(stat(file())).rejects.toThrow('ENOENT')
  })

  test('is nobody else’s to read', async () => {
    const { open, ejected } = await onClock()
    await open(ejected).close()
    expect((await stat(file())).mode & 0o777).toBe(0o600)
  })

  const broken: readonly [string, string][] = [
    ['is empty', ''],
    ['is cut', '{"version":1,"nodes":[{"provider":"a"'],
    ['is of another version', '{"version":9,"nodes":[]}'],
    ['is something else', '[1,2,3]'],
  ]
  test.each(broken)('that %s is left aside with a line in the log', async (_, text) => {
    const { open, warned } = await onClock()
    await mkdir(join(folder, 'data'))
    await writeFile(file(), text)
    expect(await open().load()).toEqual(emptyHealth)
    expect(warned.join()).toContain('health_not_read')
  })

  test('that is a folder is left aside, and told once that it cannot be written', async () => {
    const { open, warned, ejected } = await onClock()
    await mkdir(join(file(), 'x'), { recursive: true })
    const one = open(ejected)
    expect(await one.load()).toEqual(emptyHealth)
    await one.close()
    await one.close()
    expect(warned.filter((line) => line.includes('health_not_written'))).toHaveLength(1)
    expect(await readdir(join(folder, 'data'))).toEqual(['health.json'])
  })

  test('that is missing is no news', async () => {
    const { open, warned } = await onClock()
    expect(await open().load()).toEqual(emptyHealth)
    expect(warned).toEqual([])
  })
})

import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { isMissing } from '../testing/parts.ts'
import { openOAuth } from './oauth.ts'
import type { OAuthSettings } from './settings.ts'
import { type OidcServer, startOidcServer } from './testing/oidc-server.ts'
import { buildWorker } from './testing/worker-build.ts'
import { testFolder } from './testing/world.ts'

/** Debian's `faketime` package: nothing else sets the clock of a whole process. */
const FAKETIME = [
  '/usr/lib/x86_64-linux-gnu/faketime/libfaketimeMT.so.1',
  '/usr/lib/aarch64-linux-gnu/faketime/libfaketimeMT.so.1',
]
const DAY_MS = 86_400_000
const home = testFolder()
const asker = join(home.path, 'asker.cjs')
const clockFile = join(home.path, 'clock')
let oidc: OidcServer
let settings: OAuthSettings

beforeAll(async () => {
  await buildWorker('asker', asker)
  oidc = await startOidcServer()
  settings = { ...oidc.settings, tokenFile: join(home.path, 'oauth', 'tokens.json') }
  const opened = await openOAuth(settings, { publicUrl: 'http://127.0.0.1:9090', log: () => undefined })
  if (!opened.ok) throw new Error(opened.error.join())
  for (const name of ['ada', 'bob', 'cy']) {
    const started = await opened.value.logins.start({ redirect: 'loopback' })
    await fetch(await oidc.signIn(started.url, name))
  }
  await opened.value.close()
})
afterAll(async () => {
  await oidc.close()
  home.remove()
})

function setClock(to: string): void {
  // Replaced in one step: the library reads it at any moment.
  writeFileSync(`${clockFile}.new`, `${to}\n`)
  renameSync(`${clockFile}.new`, clockFile)
}

function start(): {
  readonly child: ChildProcess
  readonly ask: () => Promise<{ kind: string; rotation: number; day: number }>
} {
  const library = FAKETIME.find((path) => existsSync(path)) ?? ''
  const env = {
    ...process.env,
    LD_PRELOAD: library,
    FAKETIME_TIMESTAMP_FILE: clockFile,
    FAKETIME_NO_CACHE: '1',
    // Setting the wall clock does not move the monotonic one.
    FAKETIME_DONT_FAKE_MONOTONIC: '1',
  }
  const child = spawn(process.execPath, [asker, JSON.stringify(settings)], { env, stdio: ['pipe', 'pipe', 'inherit'] })
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  const ask = async (): Promise<{ kind: string; rotation: number; day: number }> => {
    child.stdin.write('\n')
    const [kind = '', rotation = '', day = ''] = String((await lines.next()).value).split(' ')
    return { kind, rotation: Number(rotation), day: Number(day) }
  }
  return { child, ask }
}

const today = (): number => Math.round(Date.now() / DAY_MS)

test.skipIf(isMissing('faketime', FAKETIME))(
  'the clock of a running process jumps ten days ahead and then two hours back: nothing expires, nothing is stuck',
  {
    timeout: 60_000,
  },
  async () => {
    const calls = oidc.counts.tokenCalls
    setClock('+0')
    const { child, ask } = start()
    expect(await ask()).toEqual({ kind: 'credential', rotation: 1, day: today() })
    for (const [jump, days] of [
      ['+10d', 10],
      ['-2h', 0],
      ['+0', 0],
    ] as const) {
      setClock(jump)
      // Longer than the process takes to look after its accounts by itself.
      await new Promise((resolve) => setTimeout(resolve, 3_000))
      for (const _account of [1, 2, 3]) {
        const answer = await ask()
        expect([answer.kind, answer.rotation]).toEqual(['credential', 1])
        expect(Math.abs(answer.day - today() - days)).toBeLessThanOrEqual(1)
      }
    }
    child.stdin?.end()
    await once(child, 'close')
    expect(oidc.counts.tokenCalls).toBe(calls)
  },
)

test.each(['+10d', '-2h'])(
  'a process that starts with its clock at %s under the same boot believes the boot, not the clock',
  { timeout: 60_000 },
  async (jump) => {
    const calls = oidc.counts.tokenCalls
    setClock(jump)
    const { child, ask } = start()
    for (const _account of [1, 2, 3]) expect(await ask()).toMatchObject({ kind: 'credential', rotation: 1 })
    child.stdin?.end()
    await once(child, 'close')
    expect(oidc.counts.tokenCalls).toBe(calls)
  },
)

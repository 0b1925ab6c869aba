import { spawnSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { inspect } from 'node:util'
import { claudeAuthority } from '@lb/oauth'
import { describe, expect, test } from 'vitest'
import { createFileStore } from './file-store.ts'
import type { RequestFacts } from './http.ts'
import { createLogins } from './logins.ts'
import { oauthRoutes } from './routes.ts'
import { createFaultyDisk, systemError } from './testing/faulty-disk.ts'
import type { FakeMode } from './testing/token-server.ts'
import { buildWorker } from './testing/worker-build.ts'
import { createWorld, testFolder } from './testing/world.ts'

/** Every secret of these tests holds this word. */
const CANARY = /canary/i

const MODES: readonly FakeMode[] = [
  'down',
  'answer-lost',
  'garbage',
  { status: 400, body: '{"error":"invalid_grant","error_description":"rt-canary is used up"}' },
  { status: 400, body: '{"error":"rt-canary","error_description":"rt-canary"}' },
  { status: 401, body: '{"error":{"type":"authentication_error","message":"rt-canary"}}' },
  { status: 500, body: '<h1>rt-canary</h1>' },
  { status: 200, body: '{"access_token":"at-canary' },
  { status: 200, body: '{"access_token":"at-canary\\nsplit: header"}' },
  { status: 302, body: 'at-canary' },
]

describe('a secret', () => {
  test('is in no log line, answer, page or printed value, whatever goes wrong', async () => {
    const folder = testFolder()
    const disk = createFaultyDisk()
    const path = join(folder.path, 'oauth', 'tokens.json')
    const seen: string[] = []
    const opened = await createFileStore({
      path,
      disk,
      nowMs: () => performance.now(),
      epochMs: () => Date.now(),
      warn: (message) => seen.push(message),
    })
    if (!opened.ok) throw new Error(opened.error.message)
    const world = await createWorld({ store: opened.value })
    const { accounts, server, time } = world
    const log = (...line: unknown[]): void => {
      seen.push(JSON.stringify(line))
    }
    const logins = createLogins({ authority: claudeAuthority, accounts, client: server, clock: time, log })
    const routes = oauthRoutes({
      authority: claudeAuthority,
      accounts,
      clock: time,
      logins,
      publicUrl: 'http://127.0.0.1:9090',
    })
    const askAll = async (): Promise<void> => {
      const { url } = await logins.start({ redirect: { uri: 'http://127.0.0.1:9090/oauth/callback' } })
      const state = new URL(url).searchParams.get('state') ?? ''
      const pasted = JSON.stringify({ code: `code-canary:a@x.com#${state}`, account_email: 'a@x.com' })
      const wrong = JSON.stringify({ code: 'code-canary#state-canary', account_email: 'a@x.com' })
      for (const [method, target, body] of [
        ['GET', '/oauth/status', ''],
        ['GET', '/oauth/callback?code=code-canary&state=state-canary', ''],
        ['GET', '/oauth/callback?error=canary&error_description=canary', ''],
        ['POST', '/oauth/exchange-code', wrong],
        ['POST', '/oauth/exchange-code', pasted],
        ['POST', '/oauth/refresh/a@x.com', ''],
        ['GET', '/oauth/status', ''],
      ] as const) {
        const pattern = target.split('?')[0]?.replace('a@x.com', ':email')
        const route = routes.find((candidate) => candidate.method === method && candidate.path === pattern)
        const facts: RequestFacts = { method, url: target, headers: { 'content-type': 'application/json' }, body }
        seen.push(JSON.stringify(await route?.answer(facts)))
      }
    }
    for (const mode of MODES) {
      server.mode = 'ok'
      await world.signIn('a@x.com')
      server.mode = mode
      const answer = await accounts.credentialFor({})
      seen.push(inspect(answer, { depth: 9, showHidden: true }), JSON.stringify(answer), String(answer))
      if (answer.kind === 'credential') seen.push(inspect(await accounts.refresh(answer.credential), { depth: 9 }))
      await askAll()
      await time.advance(9 * 3_600_000)
      seen.push(inspect(accounts, { depth: 9 }), inspect(logins, { depth: 9 }), inspect(routes, { depth: 9 }))
    }
    server.mode = 'ok'
    disk.before = (step) => {
      if (step === 'writeFile') throw systemError('ENOSPC')
    }
    await world.signIn('b@x.com')
    await askAll()
    seen.push(...world.lines)
    expect(seen.length).toBeGreaterThan(100)
    expect(seen.filter((text) => CANARY.test(text))).toEqual([])
    await accounts.close()
    folder.remove()
  })

  test('is in nothing that a crashing process leaves: its output, its report', { timeout: 60_000 }, async () => {
    const folder = testFolder()
    const program = join(folder.path, 'crash.cjs')
    await buildWorker('crash', program)
    const tokenFile = join(folder.path, 'oauth', 'tokens.json')
    const report = ['--report-uncaught-exception', `--report-directory=${folder.path}`]
    const { stdout, stderr, status } = spawnSync(process.execPath, [...report, program, tokenFile], {
      encoding: 'utf8',
    })
    expect(status).not.toBe(0)
    expect(stderr).toContain('crash with')
    const reports = readdirSync(folder.path).filter((name) => name.startsWith('report.'))
    expect(reports.length).toBe(1)
    const left = [stdout, stderr, ...reports.map((name) => readFileSync(join(folder.path, name), 'utf8'))]
    expect(left.filter((text) => CANARY.test(text))).toEqual([])
    expect(readFileSync(tokenFile, 'utf8')).toContain('rt-canary')
    folder.remove()
  })
})

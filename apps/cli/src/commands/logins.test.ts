import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type OidcServer, startOidcServer } from '@lb/server/testing/oidc-server'
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest'
import { run, type Terminal } from '../run.ts'

let oidc: OidcServer
let folder = ''
beforeAll(async () => {
  oidc = await startOidcServer()
})
afterAll(() => oidc.close())
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'lb-cli-'))
})
afterEach(() => rm(folder, { recursive: true, force: true }))

/** A person at a terminal who does this with the address that is printed, and types what it gives. */
function person(type: (url: string) => Promise<string | undefined>): Terminal & { readonly said: string[] } {
  const said: string[] = []
  return {
    env: { LB_CONFIG: 'config.yaml' },
    cwd: folder,
    color: false,
    said,
    out: (text) => void said.push(text),
    error: (text) => void said.push(text),
    onStop: () => undefined,
    onReload: () => undefined,
    prompt: () => ({
      ask: () => type(said.map((line) => line.trim()).find((line) => line.startsWith('http')) ?? ''),
      close: () => undefined,
    }),
  }
}

const nobody = (): ReturnType<typeof person> => person(async () => undefined)

async function writeConfig(enabled: boolean): Promise<void> {
  const { authorizeUrl, tokenUrl, issuer } = oidc.settings
  const lines = [
    'providers:',
    '  - { name: mine, type: anthropic, base_url: "http://127.0.0.1:9", auth_type: oauth }',
    'model_routes: { "*": [{ provider: mine }] }',
    'settings:',
    `  oauth: { enabled: ${enabled}, authorize_url: "${authorizeUrl}", token_url: "${tokenUrl}", issuer: "${issuer}",`,
    '    client_id: lb, scopes: [openid, email], token_body: form, token_file: logins/tokens.json }',
  ]
  await writeFile(join(folder, 'config.yaml'), lines.join('\n'))
}

test('lb login waits for the browser, lb accounts shows the account, lb logout removes it', async () => {
  await writeConfig(true)
  const ada = person(async (url) => {
    await fetch(await oidc.signIn(url, 'ada'))
    return undefined
  })
  expect(await run(['login'], ada)).toBe(0)
  expect(ada.said.at(-1)).toBe('ada@example.com is signed in.')
  expect(await readFile(join(folder, 'logins', 'tokens.json'), 'utf8')).toContain('ada@example.com')

  const listed = nobody()
  expect(await run(['accounts'], listed)).toBe(0)
  expect(listed.said.join('\n')).toMatch(/^ACCOUNT +EXPIRES +HEALTH/m)
  expect(listed.said.join('\n')).toMatch(/^ada@example\.com +(1h|59m|60m)/m)

  const leaving = nobody()
  expect(await run(['logout', 'ADA@example.com'], leaving)).toBe(0)
  expect(await run(['logout', 'ada@example.com'], leaving)).toBe(1)
  expect(leaving.said.at(-1)).toBe('ada@example.com was not signed in.')
})

test('the address at which the browser ended can be pasted', async () => {
  await writeConfig(true)
  const bob = person((url) => oidc.signIn(url, 'bob'))
  expect(await run(['login'], bob)).toBe(0)
  expect(bob.said.at(-1)).toBe('bob@example.com is signed in.')
})

test('somebody else than --account named is not kept', async () => {
  await writeConfig(true)
  const eve = person((url) => oidc.signIn(url, 'eve'))
  expect(await run(['login', '--account', 'ada@example.com'], eve)).toBe(1)
  const listed = nobody()
  await run(['accounts'], listed)
  expect(listed.said.join()).toContain('Nobody is signed in')
})

test('while stored logins are off, each command says how to turn them on', async () => {
  await writeConfig(false)
  for (const args of [['login'], ['accounts'], ['logout', 'ada@example.com']]) {
    const terminal = nobody()
    expect(await run(args, terminal)).toBe(1)
    expect(terminal.said.join()).toContain('enabled: true')
  }
})

test('lb logout wants to know who', async () => {
  const terminal = nobody()
  expect(await run(['logout'], terminal)).toBe(2)
  expect(terminal.said.join()).toContain('say which account')
})

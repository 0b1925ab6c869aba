import { type Dirent, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { startMockProvider } from '@lb/mock-provider'
import { expect, onTestFinished, test } from 'vitest'
import { run } from './run.ts'
import { temporaryFolder } from './testing/folders.ts'
import { configFor, type LbProcess, startLb } from './testing/lb-process.ts'
import { saidTerminal } from './testing/said-terminal.ts'

// The whole command with everything switched on that writes: what it prints, answers and leaves on disk holds no secret.
// Every single fault is tried beside the front door, in apps/server.

const canary = {
  clientKey: 'canary-client-key-0123456789abc',
  adminKey: 'canary-admin-key-0123456789abcd',
  providerKey: 'canary-provider-key-0123456789a',
  ownHeader: 'canary-own-header-0123456789abc',
  proxyPassword: 'canary-proxy-password-0123456',
  credential: 'canary-client-credential-01234',
  cookie: 'canary-cookie-0123456789abcdef0',
  header: 'canary-header-0123456789abcdef0',
  query: 'canary-query-0123456789abcdef01',
  prompt: 'canary-prompt-0123456789abcdef0',
  answer: 'canary-answer-0123456789abcdef0',
}
const env = { LB_TEST_PROVIDER_KEY: canary.providerKey, LB_TEST_ADMIN_KEY: canary.adminKey }

/** The names of the canaries that are in a text. */
function found(text: string, but: readonly string[] = []): string[] {
  return Object.entries(canary).flatMap(([name, secret]) =>
    text.includes(secret) && !but.includes(name) ? [name] : [],
  )
}

/** Three providers: one that answers, one that sends back what it was sent, one behind a proxy that is not there. */
function configuration(good: string, echo: string, folder: string): string {
  const proxy = `proxy: "http://user:${canary.proxyPassword}@127.0.0.1:9"`
  const names = `  - { name: k, key: ${canary.clientKey} }`
  return configFor(
    [good, echo, good],
    [
      'log_level: DEBUG',
      'hold: 0',
      `health_state_path: "${join(folder, 'health.json')}"`,
      `usage: { path: "${join(folder, 'books', 'usage.db')}" }`,
      `auth: { enabled: true, admin_key: "\${LB_TEST_ADMIN_KEY}", keys: [${names.trim().slice(2)}] }`,
    ],
  )
    .replaceAll('auth_value: k ', 'auth_value: "${LB_TEST_PROVIDER_KEY}" ')
    .replace('name: a,', `name: a, headers: { x-own: ${canary.ownHeader} },`)
    .replace('name: c,', `name: c, ${proxy},`)
    .replace('log_file_path: ""', `log_file_path: "${join(folder, 'logs', 'logs.jsonl')}"`)
}

async function ask(lb: LbProcess, path: string, body: object, key = canary.clientKey): Promise<string> {
  const response = await fetch(`${lb.url}${path}?token=${canary.query}`, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      'x-api-key': key,
      authorization: `Bearer ${canary.credential}`,
      cookie: `session=${canary.cookie}`,
      'x-secret': canary.header,
      'x-claude-code-session-id': 'session-1',
    },
    body: JSON.stringify(body),
  })
  return said(response)
}

async function said(response: Response): Promise<string> {
  return [response.status, JSON.stringify([...response.headers]), await response.text()].join('\n')
}

/** Everything in a folder, but the configuration that the test has written itself. */
function filesIn(folder: string): Readonly<Record<string, string>> {
  const isFile = (entry: Dirent): boolean => entry.isFile() && entry.name !== 'config.yaml'
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter(isFile)
  return Object.fromEntries(
    files.map((entry) => [entry.name, readFileSync(join(entry.parentPath, entry.name), 'latin1')]),
  )
}

const adminPaths = [
  '/',
  '/health',
  '/providers',
  '/metrics',
  '/openapi.json',
  '/docs',
  '/redoc',
  '/oauth/status',
  '/v1/models',
  '/requests?limit=1000',
  '/usage',
  '/usage?by=key,session,provider,model,day',
  '/usage?by=key,session,provider,model,hour&format=csv',
  '/usage?by=nonsense',
]

/** What lb says to whoever manages it, the record of every request included. */
async function administered(lb: LbProcess): Promise<Readonly<Record<string, string>>> {
  const headers = { 'x-api-key': canary.adminKey }
  const get = async (path: string): Promise<string> => said(await fetch(lb.url + path, { headers }))
  const pages: Record<string, string> = {}
  for (const path of adminPaths) pages[path] = await get(path)
  const ids = [...(pages['/requests?limit=1000'] ?? '').matchAll(/"id":"(req_\w+)"/g)].map(([, id]) => id ?? '')
  expect(ids.length).toBeGreaterThan(10)
  for (const id of ids) pages[id] = await get(`/requests/${id}`)
  return pages
}

/** Configurations that are wrong just where a secret stands. */
const broken: readonly [string, (text: string) => string][] = [
  ['a key that there is not', (text) => text.replace('auth_value:', 'auth_valu:')],
  [
    'a list where a text is wanted',
    (text) => text.replace(/auth_value: "[^"]*"/, `auth_value: [${canary.providerKey}]`),
  ],
  ['a quote that is not closed', (text) => text.replace(/auth_value: "[^"]*"/, `auth_value: "${canary.providerKey}`)],
  ['a proxy of an unknown kind', (text) => text.replace('"http://user', '"gopher://user')],
  ['one key for two names', (text) => text.replace('keys: [', `keys: [{ name: other, key: ${canary.clientKey} }, `)],
  [
    'a key that stands twice',
    (text) => text.replace('auth_type: api_key', `auth_value: ${canary.providerKey}, auth_type: api_key`),
  ],
  ['a variable that is not set', (text) => text.replace('LB_TEST_ADMIN_KEY', 'LB_TEST_NOT_SET')],
  [
    'a limit on the wrong level',
    (text) => text.replace(`key: ${canary.clientKey}`, `key: ${canary.clientKey}, concurrency: 1`),
  ],
]

/** What the commands beside a running lb say. */
async function commanded(lb: LbProcess, config: string): Promise<Readonly<Record<string, string>>> {
  const spoken: Record<string, string> = {}
  const command = async (name: string, ...args: string[]): Promise<void> => {
    const terminal = saidTerminal(dirname(lb.configFile), env)
    await run(args, terminal)
    spoken[name] = [...terminal.outLines, ...terminal.errorLines].join('\n')
  }
  const where = ['--config', lb.configFile, '--url', lb.url]
  await command('check', 'check', lb.configFile)
  await command('providers', 'providers', ...where)
  await command('disable', 'providers', 'disable', 'c', ...where)
  await command('reload', 'reload', ...where)
  for (const [name, breakIt] of broken) {
    const wrong = breakIt(config)
    expect(wrong, name).not.toBe(config)
    writeFileSync(lb.configFile, wrong)
    await command(`check: ${name}`, 'check', lb.configFile)
    expect(spoken[`check: ${name}`], name).not.toContain('is fine')
    const reloading = { method: 'POST', headers: { 'x-api-key': canary.adminKey } }
    spoken[`reload: ${name}`] = await said(await fetch(`${lb.url}/providers/reload`, reloading))
    expect(spoken[`reload: ${name}`], name).toMatch(/^400\n/)
    spoken[`health: ${name}`] = await said(
      await fetch(`${lb.url}/health`, { headers: { 'x-api-key': canary.adminKey } }),
    )
  }
  return spoken
}

test('files, output, admin pages, usage as CSV, records, documentation and commands hold no secret', async () => {
  const good = await startMockProvider({ script: { default: { reply: { text: canary.answer } } } })
  const echo = await startMockProvider({
    script: { rules: [{ answer: ({ headers }) => ({ error: { status: 401, message: JSON.stringify(headers) } }) }] },
  })
  onTestFinished(async () => {
    await good.close()
    await echo.close()
  })
  const folder = temporaryFolder()
  const config = configuration(good.url, echo.url, folder)
  const lb = await startLb({ config, env })
  const answers: string[] = []
  for (const provider of ['a', 'b', 'c', undefined]) {
    for (const stream of [true, false]) {
      // Long enough for lb to learn a ratio of tokens from it.
      const content = `${canary.prompt} ${'a few words more '.repeat(300)} ${provider} ${stream}`
      const body = { model: 'claude-test-1', max_tokens: 9, messages: [{ role: 'user', content }], provider, stream }
      answers.push(await ask(lb, '/v1/messages', body), await ask(lb, '/v1/messages/count_tokens', body))
    }
  }
  answers.push(await ask(lb, '/v1/messages', {}), await ask(lb, '/v1/messages', {}, 'canary-wrong-key'))

  const pages = await administered(lb)
  const spoken = await commanded(lb, config)
  lb.signal('SIGTERM')
  expect(await lb.ended).toBe(0)
  const files = { ...filesIn(folder), ...filesIn(dirname(lb.configFile)) }
  expect(Object.keys(files)).toEqual(
    expect.arrayContaining(['logs.jsonl', 'usage.db', 'health.json', 'token-ratios.json']),
  )
  expect(pages['/usage?by=key,session,provider,model,hour&format=csv']).toContain('k,session-1,a,')
  expect(files['logs.jsonl']).toContain('"level":"DEBUG"')

  const leaks = Object.entries({ ...pages, ...spoken, ...files, output: lb.output() }).flatMap(([name, text]) =>
    found(text).map((secret) => `${secret} in ${name}`),
  )
  expect(leaks).toEqual([])
  // The model's answer is the client's, and the echo of a header that is its own it knows.
  expect(found(answers.join('\n'), ['answer', 'header'])).toEqual([])
}, 90_000)

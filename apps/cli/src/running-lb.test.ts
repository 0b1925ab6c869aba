import { writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { startMockProvider } from '@lb/mock-provider'
import { configSource, openLog, type RunningServer, startServer } from '@lb/server'
import { describe, expect, onTestFinished, test } from 'vitest'
import { run } from './run.ts'
import { temporaryFolder } from './testing/folders.ts'
import { type SaidTerminal, saidTerminal } from './testing/said-terminal.ts'

const admin = 'admin-key-0123456789abcdef01234'

interface Ran {
  readonly code: number
  readonly out: string
  readonly error: string
}

/** A running lb beside a command line in the same folder. */
interface Beside {
  readonly lb: RunningServer
  readonly folder: string
  write(text: string): Promise<void>
  /** Runs a command that is told the address, since the tests' port is drawn. */
  lbCommand(args: readonly string[], env?: Readonly<Record<string, string>>): Promise<Ran>
}

function configOf(names: readonly string[], settings: readonly string[] = []): string {
  return [
    'providers:',
    ...names.map((name) => `  - { name: ${name}, type: anthropic, base_url: "http://127.0.0.1:1", auth_value: k }`),
    `model_routes: { "*": [${names.map((name) => `{ provider: ${name}, model: passthrough, priority: 1 }`).join(', ')}] }`,
    'settings:',
    ...['port: 0', 'log_file_path: ""', 'reload: false', 'usage: { enabled: false }', ...settings].map(
      (line) => `  ${line}`,
    ),
  ].join('\n')
}

async function ranOn(terminal: SaidTerminal, args: readonly string[]): Promise<Ran> {
  const code = await run(args, terminal)
  return { code, out: terminal.outLines.join('\n'), error: terminal.errorLines.join('\n') }
}

async function beside(text: string): Promise<Beside> {
  const folder = temporaryFolder()
  const path = join(folder, 'config.yaml')
  await writeFile(path, text)
  const source = configSource(path, { env: {}, flags: {}, shownAs: 'config.yaml' })
  const loaded = await source.load()
  if (!loaded.ok) throw new Error(loaded.error.text)
  const { log, close } = await openLog({
    level: 'fatal',
    filePath: '',
    maxBytes: 1,
    maxFiles: 1,
    color: false,
    console: process.stdout,
  })
  const lb = await startServer({ config: loaded.value.config, log, source, folder })
  onTestFinished(async () => {
    await lb.close(0)
    await close()
  })
  return {
    lb,
    folder,
    write: (next) => writeFile(path, next),
    lbCommand: (args, env = {}) => ranOn(saidTerminal(folder, { LB_CONFIG: path, LB_URL: lb.url, ...env }), args),
  }
}

describe('lb reload', () => {
  test('makes the running lb take up its file, and says what has changed', async () => {
    const { write, lbCommand } = await beside(configOf(['a']))
    await write(configOf(['a', 'b'], ['max_attempts: 3']))
    const { code, out } = await lbCommand(['reload'])
    expect(code).toBe(0)
    expect(out.split('\n')).toEqual([
      'Provider configuration reloaded successfully',
      '  + provider b',
      '  + route * → b (passthrough)',
      expect.stringMatching(/^ {2}~ max_attempts: .* → 3$/),
    ])
    expect((await lbCommand(['reload'])).out).toContain('nothing has changed')
  })

  test('shows what is wrong with a bad file, with its place, and ends with 1', async () => {
    const { write, lbCommand } = await beside(configOf(['a']))
    await write(configOf(['a']).replace('base_url', 'base_ulr'))
    expect(await lbCommand(['reload'])).toMatchObject({ code: 1, error: expect.stringContaining('config.yaml:2:') })
    const withoutUrl = await lbCommand(['reload'], { LB_URL: '' })
    expect(withoutUrl).toMatchObject({ code: 1, error: expect.stringContaining('keeps the configuration that it has') })
  })
})

describe('lb providers', () => {
  test('lists them', async () => {
    const { lbCommand } = await beside(configOf(['alpha', 'b']))
    const { code, out } = await lbCommand(['providers'])
    expect(code).toBe(0)
    expect(out.split('\n').map((line) => line.split(/ {2,}/))).toEqual([
      ['PROVIDER', 'STATUS', 'COUNT', 'IN FLIGHT', 'TTFT', 'SUCCESS', 'LAST FAILURE'],
      ['alpha', 'healthy', '0/2', '0', '-', '-', '-'],
      ['b', 'healthy', '0/2', '0', '-', '-', '-'],
    ])
  })

  test('lists keys and models that are out under their provider', async () => {
    const upstream = await startMockProvider({
      script: { rules: [{ when: { model: 'm-1' }, answer: { fault: 'rate-limit' } }], fault: 'bad-key' },
    })
    onTestFinished(() => upstream.close())
    const { lb, lbCommand } = await beside(configOf(['a'], ['hold: 0']).replace('http://127.0.0.1:1', upstream.url))
    for (const model of ['m-1', 'm-2'])
      await fetch(`${lb.url}/v1/messages`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ model, max_tokens: 1, messages: [{ role: 'user', content: 'x' }] }),
      })
    const lines = (await lbCommand(['providers'])).out.split('\n').map((line) => line.split(/ {2,}/))
    expect(lines[1]?.slice(0, 2)).toEqual(['a', 'unhealthy'])
    expect(lines.slice(2)).toEqual([
      ['- key-1', expect.stringMatching(/^down for \d+ s$/)],
      ['- key-1 · m-1', expect.stringMatching(/^paused for \d+ s$/)],
    ])
  })

  test('says of one whose cooldown is over that the next request tries it', async () => {
    const upstream = await startMockProvider({ script: { fault: 'error-500' } })
    onTestFinished(() => upstream.close())
    const { lb, lbCommand } = await beside(
      configOf(['a'], ['hold: 0', 'failure_cooldown: 0.05']).replace('http://127.0.0.1:1', upstream.url),
    )
    for (let times = 0; times < 2; times += 1)
      await fetch(`${lb.url}/v1/messages`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ model: 'm', max_tokens: 1, messages: [{ role: 'user', content: 'x' }] }),
      })
    const line = async (): Promise<string[] | undefined> =>
      (await lbCommand(['providers'])).out.split('\n')[1]?.split(/ {2,}/)
    await expect.poll(line).toEqual(['a', 'healthy, on probation', '2/2', '0', '-', '0 %', 'server-error'])
  })

  test('switches one off and on again, and forgets its failures', async () => {
    const { lbCommand } = await beside(configOf(['"my / own"']))
    expect(await lbCommand(['providers', 'disable', 'my / own'])).toMatchObject({
      code: 0,
      out: 'my / own is disabled (disable)',
    })
    expect((await lbCommand(['providers'])).out).toContain('disabled')
    expect(await lbCommand(['providers', 'enable', 'my / own'])).toMatchObject({
      code: 0,
      out: 'my / own is healthy (enable)',
    })
    expect(await lbCommand(['providers', 'reset', 'my / own'])).toMatchObject({ code: 0 })
    expect(await lbCommand(['providers', 'reset', 'x'])).toMatchObject({
      code: 1,
      error: 'There is no provider x. There are: my / own.',
    })
  })

  test.each([[['explode', 'a']], [['reset']], [['reset', 'a', 'b']]])('does not understand %j', async (args) => {
    const terminal = saidTerminal(temporaryFolder())
    expect(await run(['providers', ...args], terminal)).toBe(2)
  })
})

describe('the running lb', () => {
  test('is found by its configuration, and its admin key is there, too', async () => {
    const auth = `auth: { enabled: true, api_key: client-key-0123456789abcdef0123, admin_key: ${admin} }`
    const { lb, write, lbCommand } = await beside(configOf(['a'], [auth]))
    expect(await lbCommand(['providers'])).toMatchObject({ code: 0 })
    await write(configOf(['a'], [auth]).replace('port: 0', `port: ${new URL(lb.url).port}`))
    expect(await lbCommand(['providers'], { LB_URL: '' })).toMatchObject({ code: 0 })
    await write(configOf(['a']))
    expect(await lbCommand(['providers'])).toMatchObject({ code: 1, error: expect.stringContaining('LB_ADMIN_KEY') })
    expect(await lbCommand(['providers'], { LB_ADMIN_KEY: admin })).toMatchObject({ code: 0 })
  })

  test('is said not to run, or not to be one, where that is so', async () => {
    const folder = temporaryFolder()
    const other = createServer((_, response) => response.setHeader('connection', 'close').end('<html>'))
    await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve))
    const url = `http://127.0.0.1:${(other.address() as AddressInfo).port}`
    expect(await ranOn(saidTerminal(folder), ['reload', '--url', url])).toMatchObject({
      code: 1,
      error: `${url} answered 200, and not as lb does.`,
    })
    await new Promise((resolve) => other.close(resolve))
    expect(await ranOn(saidTerminal(folder), ['providers', '--url', url])).toMatchObject({
      code: 1,
      error: expect.stringContaining(`No lb listens on ${url}.`),
    })
    expect(await ranOn(saidTerminal(folder), ['reload'])).toMatchObject({
      code: 1,
      error: expect.stringContaining('Which lb?'),
    })
    expect(await run(['reload', '--url', 'nonsense'], saidTerminal(folder))).toBe(2)
  })
})

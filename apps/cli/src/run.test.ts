import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { run } from './run.ts'
import type { Terminal } from './terminal.ts'

let folder = ''
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'lb-run-'))
})
afterAll(() => rmSync(folder, { recursive: true }))

/** Runs `lb` in an empty folder: exit code, and what was said where. */
async function lb(...args: string[]): Promise<{ code: number; out: string; error: string }> {
  const out: string[] = []
  const error: string[] = []
  const terminal: Terminal = {
    env: {},
    cwd: folder,
    color: false,
    out: (text) => void out.push(text),
    error: (text) => void error.push(text),
    onStop: () => undefined,
    onReload: () => undefined,
    prompt: () => ({ ask: async () => undefined, close: () => undefined }),
  }
  const code = await run(args, terminal)
  return { code, out: out.join('\n'), error: error.join('\n') }
}

function configFile(name: string, ...lines: string[]): string {
  writeFileSync(join(folder, name), lines.join('\n'))
  return name
}

const provider = '  - { name: a, type: anthropic, base_url: "http://127.0.0.1:9", auth_value: key }'
const routes = 'model_routes: { "*": [{ provider: a }] }'

test.each([['--help'], ['-h'], ['help'], []])('lb %s lists every command', async (...args) => {
  const { code, out } = await lb(...args)
  expect(code).toBe(0)
  for (const name of ['start', 'check', 'mock', 'login', 'accounts', 'logout']) expect(out).toContain(`  lb ${name}`)
})

test('lb --version is a version', async () => {
  expect(await lb('--version')).toMatchObject({ code: 0, out: expect.stringMatching(/^\d+\.\d+\.\d+/) })
})

test('a command has help of its own', async () => {
  expect(await lb('start', '--help')).toMatchObject({ code: 0, out: expect.stringContaining('[--port PORT]') })
  expect((await lb('start', '--help')).out).toMatch(/-p, --port PORT {4}the port, .*\n {2}--log-level LEVEL {2}DEBUG/)
})

test('a command that there is not is a wrong call', async () => {
  expect(await lb('stat')).toMatchObject({ code: 2, error: expect.stringContaining('no command "stat"') })
})

test.each([
  [['stat'], 'Did you mean "start"?'],
  [['provider'], 'Did you mean "providers"?'],
  [['start', '--prot', '1'], 'there is no option --prot; did you mean --port?'],
  [['reload', '--confg=x'], 'there is no option --confg; did you mean --config?'],
  [['check', '--strict', 'a.yaml'], 'there is no option --strict\n'],
  [['start', '-x'], 'there is no option -x\n'],
])('lb %j is told what was probably meant', async (args, hint) => {
  expect(await lb(...args)).toMatchObject({ code: 2, error: expect.stringContaining(hint) })
})

test('lb mock --help explains its options', async () => {
  expect(await lb('mock', '--help')).toMatchObject({ code: 0, out: expect.stringContaining('milliseconds between') })
})

test('an empty name of a configuration leads to no other one', async () => {
  for (const args of [
    ['check', ''],
    ['start', '--config='],
    ['reload', '--config', ''],
  ])
    expect(await lb(...args)).toMatchObject({ code: 2, error: expect.stringContaining('file is empty') })
})

test('an option that there is not is a wrong call, also where start is left out', async () => {
  expect(await lb('start', '--prot', '1')).toMatchObject({ code: 2, error: expect.stringContaining('--prot') })
  expect(await lb('--prot', '1')).toMatchObject({ code: 2, error: expect.stringContaining('lb start:') })
})

test.each([
  [['start', '--port', 'abc'], '--port: settings.port: must be a number, not "abc"'],
  [['--port', '99999', '--config', 'no-such.yaml'], '--port: settings.port: must not be above 65535'],
  [['start', '--log-level', 'LOUD'], '--log-level: settings.log_level: must be one of DEBUG'],
  [['start', '--port='], '--port: settings.port: is empty'],
  [['start', '--host', ''], '--host: settings.host: is empty'],
  [['login', '--account', ''], 'the name of the account is empty'],
])('lb %j: a wrong value of an option is a wrong call', async (args, message) => {
  expect(await lb(...args)).toMatchObject({ code: 2, error: expect.stringContaining(message) })
})

test('lb check says that a configuration is fine', async () => {
  const file = configFile('good.yaml', 'providers:', provider, routes)
  expect(await lb('check', file)).toMatchObject({ code: 0, out: expect.stringContaining('is fine: 1 route') })
})

test.each([['check'], ['check', '--config'], ['start', '--config']])(
  'lb %s says what is wrong with one, where, and the fix',
  async (...args) => {
    const file = configFile('bad.yaml', 'providers:', provider.replace('type', 'tpye'), routes)
    const { code, error } = await lb(...args, file)
    expect(code).toBe(1)
    expect(error).toMatch(/^bad\.yaml:2:\d+: .*tpye.*did you mean "type"/)
  },
)

test('a file that is not there is said to be so', async () => {
  expect(await lb('check', 'gone.yaml')).toMatchObject({ code: 1, error: expect.stringContaining('gone.yaml') })
})

test('a config.yaml in the working directory is not read by itself', async () => {
  configFile('config.yaml', 'providers:', provider, routes)
  const { out, error } = await lb('check')
  expect(`${out}${error}`).not.toContain(folder)
})

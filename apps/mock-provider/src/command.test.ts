import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { runMockCommand } from './command.ts'

const folder = mkdtempSync(join(tmpdir(), 'mock-command-'))

/** Runs the command until it serves or ends; `serving` gets its URL. */
async function run(args: readonly string[], serving: (url: string) => Promise<void> = async () => undefined) {
  const stop = new AbortController()
  let out = ''
  let err = ''
  let greeted = (): void => undefined
  const started = new Promise<void>((resolve) => {
    greeted = resolve
  })
  const running = runMockCommand(args, {
    out(text) {
      out += text
      greeted()
    },
    err(text) {
      err += text
      greeted()
    },
    until: stop.signal,
  })
  await started
  const url = /http:\/\/\S+/.exec(out)?.[0]
  if (url !== undefined) await serving(url)
  stop.abort()
  return { code: await running, out, err }
}

function file(name: string, text: string): string {
  const path = join(folder, name)
  writeFileSync(path, text)
  return path
}

test('it prints its URL, serves, and stops when it is told to', async () => {
  const { code, out } = await run(['--port', '0', '--pace', '0', '--name', 'shown'], async (url) => {
    const response = await fetch(`${url}/v1/messages`, { method: 'POST', body: '{"model":"m"}' })
    expect(response.headers.get('x-mock-provider')).toBe('shown')
    expect(Date.parse(response.headers.get('date') ?? '')).toBeGreaterThan(Date.now() - 60_000)
    expect((await fetch(`${url}/__mock/requests`)).status).toBe(200)
  })
  expect(code).toBe(0)
  expect(out).toMatch(/^mock provider at http:\/\/127\.0\.0\.1:\d+\n/)
})

test('a script, a dialect and a fault come from the command line', async () => {
  const script = file('good.yaml', 'rules:\n  - when: { model: special }\n    answer: { status: 201, body: "" }\n')
  await run(['--port', '0', '--script', script, '--fault', 'error-529', '--dialect', 'anthropic'], async (url) => {
    const status = async (path: string, model: string) =>
      (await fetch(url + path, { method: 'POST', body: JSON.stringify({ model }) })).status
    expect(await status('/v1/messages', 'special')).toBe(201)
    expect(await status('/v1/messages', 'other')).toBe(529)
    expect(await status('/v1/chat/completions', 'other')).toBe(404)
  })
})

test('a bad script is refused with file, line and column', async () => {
  const path = file('bad.yaml', 'rules:\n  - answer: { falt: error-529 }\n')
  const { code, err } = await run(['--script', path])
  expect(code).toBe(1)
  expect(err).toBe(`${path}:2:15: rules[0].answer.falt: unknown field \`falt\`; did you mean \`fault\`?\n`)
  expect((await run(['--script', join(folder, 'missing.yaml')])).err).toContain('missing.yaml: ENOENT')
})

test.each([
  [['--nonsense'], "Unknown option '--nonsense'"],
  [['--port', 'x'], '--port x is no port: 0 to 65535'],
  [['--port', '70000'], '--port 70000 is no port'],
  [['--pace', 'slow'], '--pace slow is no number of milliseconds'],
  [['--dialect', 'gemini'], '--dialect gemini: known are anthropic, openai-chat, openai-responses'],
  [['--fault', 'eror-529'], 'there is no fault "eror-529"; did you mean "error-529"?'],
  [['--fault', 'zzzzzzzzzzzzz'], '--faults lists them'],
])('%j is refused with the usage', async (args, expected) => {
  const { code, err } = await run(args)
  expect(code).toBe(2)
  expect(err).toContain(expected)
  expect(err).toContain('Usage: lb mock')
})

test('help and the list of faults go to standard output', async () => {
  expect(await run(['--help'])).toMatchObject({ code: 0, out: expect.stringContaining('Usage: lb mock') })
  expect((await run(['--faults'])).out).toMatch(/^error-529 +529, overloaded$/m)
})

test('a busy port is an error', async () => {
  await run(['--port', '0'], async (url) => {
    const { code, err } = await run(['--port', new URL(url).port])
    expect(code).toBe(1)
    expect(err).toMatch(/^lb mock: port (\d+) is taken\. Choose another: --port \d+\n$/)
  })
})

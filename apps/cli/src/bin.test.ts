import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { runInShell, startLb } from './testing/lb-process.ts'

const config = [
  'providers:',
  '  - { name: a, type: anthropic, base_url: "http://127.0.0.1:9", auth_value: key }',
  'model_routes: { "*": [{ provider: a }] }',
  'settings: { log_file_path: "", usage: { enabled: false } }',
].join('\n')

test.each(['SIGINT', 'SIGTERM'] as const)(
  'the program says where it listens, serves, and ends well at %s',
  async (name) => {
    const lb = await startLb({ config })
    expect(lb.output()).toContain(`lb listens on ${lb.url}`)
    expect(await (await fetch(lb.url)).json()).toMatchObject({ service: 'lb' })
    lb.signal(name)
    expect(await lb.ended).toBe(0)
  },
)

test.each([
  ['--help', '| true'],
  ['check nothing.yaml', '2>/dev/full'],
  ['--help', '>/dev/full'],
  ['check nothing.yaml', '2>&-'],
])('lb %s %s: that nobody reads on is no error of the command', async (args, reader) => {
  const { errors } = await runInShell(`${args} ${reader}`)
  expect(errors).toBe('')
})

test('the exit code is that of the command, whether anybody reads or not', async () => {
  expect((await runInShell('check nothing.yaml 2>/dev/full; echo $?')).output).toBe('1\n')
  expect((await runInShell('--version >/dev/full; echo $?')).output).toBe('0\n')
})

describe('logins without a terminal', () => {
  const yaml = [
    'providers: [{ name: me, type: anthropic, base_url: "http://127.0.0.1:9", auth_type: oauth }]',
    'settings: { oauth: { enabled: true, token_file: logins/tokens.json, token_url: "http://127.0.0.1:9/token" } }',
  ].join('\n')
  const make = `<<'END' >c.yaml\n${yaml}\nEND\n`

  test.each(['</dev/null', '<c.yaml', '| cat'])('lb accounts %s', async (input) => {
    const { output, errors } = await runInShell(`accounts --config c.yaml ${input}; echo "code $?"`, `cat ${make}`)
    expect(output).toMatch(/^Nobody is signed in\. Run "lb login"\.\nKept in: .*\n(?:code 0\n)$/)
    expect(errors).not.toContain('Error')
  })

  test('lb login waits for the browser, though nobody can type', async () => {
    const said = 'until grep -q redirect_uri said || ! kill -0 $P; do sleep 0.1; done'
    const words = `login --config c.yaml </dev/null >said & P=$!; ${said}; sleep 0.5; kill $P && echo waits`
    expect((await runInShell(words, `cat ${make}`)).output).toBe('waits\n')
  })
})

test('a working directory that has been deleted is no reason to end', async () => {
  const first = 'mkdir gone && cd gone && rmdir "$PWD"'
  expect((await runInShell('--version', first)).output).toMatch(/^\d+\.\d+\.\d+/)
  const { output, errors } = await runInShell('check x.yaml; echo "code $?"', first)
  expect(errors).toContain('x.yaml:1:1: there is no such file\n')
  expect(output).toBe('code 1\n')
})

test('~ in the paths of a configuration is the home folder', async () => {
  const paths =
    '{ log_file_path: ~/logs/lb.jsonl, health_state_path: ~/health.json, usage: { path: ~/books/usage.db } }'
  const lb = await startLb({ config: config.replace(/settings: .*/, `settings: ${paths}`) })
  const home = dirname(lb.configFile)
  expect((await fetch(`${lb.url}/usage`)).status).toBe(200)
  expect(existsSync(join(home, 'books', 'usage.db'))).toBe(true)
  lb.signal('SIGTERM')
  expect(await lb.ended).toBe(0)
  expect(readdirSync(home).sort()).toEqual(['books', 'config.yaml', 'health.json', 'logs'])
  expect(readFileSync(join(home, 'logs', 'lb.jsonl'), 'utf8')).toContain('"event":"stopped"')
})

import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { connectionFaultNames, connectionFaults, faultNames, faults } from './fault/presets.ts'
import { parseScript } from './script/parse-script.ts'
import { startMockProvider } from './server/mock-provider.ts'

const GUIDE = readFileSync(new URL('../../../docs/guides/mock-provider.md', import.meta.url), 'utf8')
const SCRIPTS = [...GUIDE.matchAll(/^```yaml\n([\s\S]*?)^```/gm)].map(([, source = '']) => source)

test.each(SCRIPTS)('script %# of the guide can be played', async (source) => {
  const script = parseScript(source)
  if (!script.ok) expect.fail(JSON.stringify(script.error))
  const mock = await startMockProvider({ script: { ...script.value, paceMs: 0 } })
  // Each of its answers is given once; whether the client gets something out of it is not asked here.
  for (let asked = 0; asked <= (script.value.rules ?? []).length; asked++) {
    await fetch(`${mock.url}/v1/messages`, {
      method: 'POST',
      headers: { 'x-api-key': 'k', 'anthropic-version': '2023-06-01' },
      body: '{"model":"claude-haiku-5-5","max_tokens":9,"messages":[{"role":"user","content":"hi"}],"stream":true}',
      signal: AbortSignal.timeout(300),
    })
      .then((response) => response.text())
      .catch(() => undefined)
  }
  expect(mock.requests.map((record) => record.problem)).not.toContainEqual(expect.any(String))
  await mock.close()
})

test('the guide lists every fault, with its rows and what it does', () => {
  const row = (name: string, rows: readonly number[], about: string) =>
    `| \`${name}\` | ${rows.join(', ')} | ${about} |`
  const table = [
    '| fault | rows | what happens |',
    '|---|---|---|',
    ...connectionFaultNames.map((name) =>
      row(`${name}`, connectionFaults[name].rows, `${connectionFaults[name].about} (whole script only)`),
    ),
    ...faultNames.map((name) => row(name, faults[name].rows, faults[name].about)),
  ]
  expect(GUIDE.slice(GUIDE.indexOf('| fault | rows |')).split('\n').slice(0, table.length)).toEqual(table)
})

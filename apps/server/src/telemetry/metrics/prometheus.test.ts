import { spawn, spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { member } from '@lb/protocol'
import { describe, expect, onTestFinished, test } from 'vitest'
import { hello, startWorld } from '../../testing/world.ts'
import type { Instrument } from './instruments.ts'
import { createMetricSet, instrumentsOf } from './metric-set.ts'

// What stands in deploy/ for Prometheus and Grafana, judged by Prometheus itself (Debian package prometheus).

const root = fileURLToPath(new URL('../../../../..', import.meta.url))
const read = (path: string): string => readFileSync(join(root, path), 'utf8')
const instruments = instrumentsOf(createMetricSet())
const alerts = read('deploy/prometheus/alerts.yaml')
const dashboard: { panels: Panel[] } = JSON.parse(read('deploy/grafana/dashboards/lb.json'))

interface Panel {
  readonly title: string
  readonly description?: string
  readonly targets?: readonly { readonly expr: string }[]
}

/** The dashboard's expressions, as Grafana would fill them in. */
const shown = dashboard.panels.flatMap(({ targets }) => (targets ?? []).map(({ expr }) => filledIn(expr)))

function filledIn(expr: string): string {
  return expr.replaceAll('$instance', '.*').replaceAll('$__rate_interval', '1m').replaceAll('$__range', '1h')
}

/** The names under which a metric can be asked for. */
function namesOf({ name, kind }: Instrument): string[] {
  return kind === 'histogram' ? [`${name}_bucket`, `${name}_sum`, `${name}_count`] : [name]
}

function namesIn(text: string): string[] {
  return [...new Set(text.match(/\blb_[a-z0-9_]+/g))]
}

const byName = new Map(instruments.flatMap((instrument) => namesOf(instrument).map((name) => [name, instrument])))

test('dashboard and alert rules ask only for what is there', () => {
  const unknown = namesIn(`${alerts}\n${shown.join('\n')}`).filter((name) => !byName.has(name))
  expect(unknown).toEqual([])
})

test('nothing is counted that neither the dashboard nor an alert looks at', () => {
  const asked = new Set(namesIn(`${alerts}\n${shown.join('\n')}`))
  const forgotten = instruments.filter((instrument) => !namesOf(instrument).some((name) => asked.has(name)))
  expect(forgotten.map(({ name }) => name)).toEqual([])
})

test('they sum and select by labels that are there', () => {
  const wrong: string[] = []
  for (const expr of [...shown, ...alerts.split(/^ {6}- alert:/m)]) {
    const names = namesIn(expr)
    const labels = new Set(names.flatMap((name) => [...(byName.get(name)?.labels ?? [])]))
    const used = [...expr.matchAll(/\b(?:by) \(([^)]*)\)/g)].flatMap(([, list = '']) => list.split(/,\s*/))
    const selected = [...expr.matchAll(/([a-z_]+)=~?"/g)].map(([, name = '']) => name)
    for (const label of [...used, ...selected])
      if (label !== '' && !labels.has(label) && !['instance', 'job', 'le'].includes(label))
        wrong.push(`${label} in ${expr}`)
  }
  expect(wrong).toEqual([])
})

test('the guide says of each metric what its help says', () => {
  const guide = read('docs/guides/metrics.md')
  const rows = instruments.map(
    ({ name, kind, labels, help }) =>
      `| \`${name}\` | ${kind} | ${labels.map((label) => `\`${label}\``).join(', ')} | ${help} |`,
  )
  expect(rows.filter((row) => !guide.includes(`${row}\n`))).toEqual([])
  expect(namesIn(guide).filter((name) => !byName.has(name) && !instruments.some((one) => one.name === name))).toEqual(
    [],
  )
})

function promtool(...args: string[]): string {
  const { error, status, stdout, stderr } = spawnSync('promtool', args, {
    cwd: join(root, 'deploy/prometheus'),
    encoding: 'utf8',
  })
  expect(error, 'promtool is missing: apt-get install prometheus').toBeUndefined()
  expect(status, `${stdout}${stderr}`).toBe(0)
  return stdout
}

test('promtool accepts the alert rules, and their own tests pass', () => {
  expect(promtool('check', 'rules', 'alerts.yaml')).toContain('SUCCESS')
  expect(promtool('test', 'rules', 'alerts.test.yaml')).toContain('SUCCESS')
})

/** Prometheus with the files of deploy/, in front of this lb. */
async function startPrometheus(target: string, key: string): Promise<(path: string) => Promise<unknown>> {
  const folder = mkdtempSync(join(tmpdir(), 'lb-prometheus-'))
  const keyFile = join(folder, 'admin-key')
  writeFileSync(keyFile, key)
  writeFileSync(join(folder, 'alerts.yaml'), alerts)
  const config = read('deploy/prometheus/prometheus.yaml')
    .replace('/run/secrets/lb-admin-key', keyFile)
    .replace('lb:9090', target)
    .replaceAll('15s', '1s')
  writeFileSync(join(folder, 'prometheus.yaml'), config)
  const address = `127.0.0.1:${await freePort()}`
  const child = spawn(
    'prometheus',
    [
      `--config.file=${folder}/prometheus.yaml`,
      `--storage.tsdb.path=${folder}/data`,
      `--web.listen-address=${address}`,
    ],
    { stdio: 'ignore' },
  )
  const ended = new Promise((resolve) => {
    child.on('exit', resolve)
    child.on('error', resolve)
  })
  onTestFinished(async () => {
    child.kill('SIGKILL')
    await ended
    rmSync(folder, { recursive: true, force: true })
  })
  return async (path) => {
    const response = await fetch(`http://${address}/api/v1/${path}`).catch(() => undefined)
    return response?.json()
  }
}

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const address = server.address()
      server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0))
    })
  })
}

function list(value: unknown, ...path: string[]): unknown[] {
  const found = path.reduce<unknown>(member, value)
  return Array.isArray(found) ? found : []
}

describe('a real Prometheus', () => {
  test('scrapes lb with its key, evaluates every rule, and answers what the dashboard asks', async () => {
    const key = 'the-admin-key-0123456789abcdef'
    const answering = { default: { reply: { usage: { inputTokens: 11, outputTokens: 7 } } } }
    const world = await startWorld({
      scripts: [{ fault: 'error-529' }, answering],
      settings: [`auth: { enabled: true, admin_key: ${key}, api_key: client-key-0123456789abcdef }`],
    })
    const headers = { 'x-api-key': 'client-key-0123456789abcdef' }
    await (await world.post({ ...hello, stream: true }, { headers })).text()
    const ask = await startPrometheus(new URL(world.lb.url).host, key)
    const value = async (expr: string): Promise<unknown> =>
      member(list(await ask(`query?query=${encodeURIComponent(expr)}`), 'data', 'result')[0], 'value')
    await expect
      .poll(() => value('lb_requests_total{end="completed"}'), { timeout: 15_000, interval: 300 })
      .toEqual([expect.any(Number), '1'])
    expect(await value('lb_attempt_failures_total{provider="a",kind="overloaded"}')).toEqual([expect.any(Number), '1'])
    const targets = list(await ask('targets'), 'data', 'activeTargets')
    expect(targets.map((target) => [member(target, 'health'), member(target, 'lastError')])).toEqual([['up', '']])
    const answers = await Promise.all(shown.map((expr) => ask(`query?query=${encodeURIComponent(expr)}`)))
    expect(answers.filter((answer) => member(answer, 'status') !== 'success')).toEqual([])
    const health = async (): Promise<unknown[]> =>
      list(await ask('rules'), 'data', 'groups').flatMap((group) =>
        list(group, 'rules').map((rule) => member(rule, 'health')),
      )
    await expect
      .poll(health, { timeout: 10_000, interval: 300 })
      .toEqual(Array(alerts.match(/- alert:/g)?.length).fill('ok'))
  }, 40_000)
})

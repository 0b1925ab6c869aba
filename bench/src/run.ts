/**
 * Measures lb against a bare node:http pipe: CPU time per request of the whole process, in one run, in turn (pipe, lb, pipe,
 * lb, …), so that a machine whose speed drifts does both the same. What counts is the ratio of each pair.
 *
 *   pnpm bench [--rounds 7] [--only W1] [--write]     --write puts the table into docs/performance.md
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { availableParallelism, cpus, tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { load } from './load.ts'
import { startTarget, stayOn, type Target } from './target.ts'
import { type Workload, workloads } from './workloads.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))
const { values: options } = parseArgs({
  options: {
    rounds: { type: 'string', default: '7' },
    only: { type: 'string' },
    write: { type: 'boolean', default: false },
  },
})
const rounds = Number(options.rounds)
/** With two processors or more the process under measurement has one for itself: who asks it and who answers it share another. */
const processors = availableParallelism()
const targetCore = processors > 1 ? 1 : undefined
const otherCore = targetCore === undefined ? undefined : 0
if (otherCore !== undefined) stayOn(otherCore)

interface Row {
  readonly workload: Workload
  readonly pipeUs: number[]
  readonly lbUs: number[]
  readonly lbRssMb: number
}

async function measure(target: Target, workload: Workload): Promise<number> {
  const before = target.cpuUs()
  await load(target.url, workload, workload.requests)
  return (target.cpuUs() - before) / workload.requests
}

async function compare(workload: Workload, pipe: Target, lb: Target): Promise<Row> {
  for (const target of [pipe, lb]) await load(target.url, workload, workload.warmup)
  const row: Row = { workload, pipeUs: [], lbUs: [], lbRssMb: 0 }
  for (let round = 0; round < rounds; round += 1) {
    row.pipeUs.push(await measure(pipe, workload))
    row.lbUs.push(await measure(lb, workload))
  }
  return { ...row, lbRssMb: lb.rssMb() }
}

function lbConfig(upstreamUrl: string): string {
  return [
    'providers:',
    `  - { name: bench, type: anthropic, base_url: "${upstreamUrl}", auth_type: api_key, auth_value: bench }`,
    `  - { name: spare, type: anthropic, base_url: "${upstreamUrl}", auth_type: api_key, auth_value: bench }`,
    'model_routes:',
    '  "claude-*": [{ provider: bench, model: passthrough, priority: 1 }, { provider: spare, model: passthrough, priority: 2 }]',
    'settings: { port: 0, deduplication: { enabled: true } }',
  ].join('\n')
}

const median = (samples: readonly number[]): number => [...samples].sort((a, b) => a - b)[samples.length >> 1] ?? 0
const span = (samples: readonly number[], digits: number): string =>
  `${median(samples).toFixed(digits)} (${Math.min(...samples).toFixed(digits)}–${Math.max(...samples).toFixed(digits)})`

function table(rows: readonly Row[]): string {
  const lines = rows.map(({ workload, pipeUs, lbUs, lbRssMb }) => {
    const ratios = lbUs.map((us, index) => us / (pipeUs[index] ?? us))
    return `| ${workload.name} | ${workload.what} | ${span(pipeUs, 0)} | ${span(lbUs, 0)} | **${span(ratios, 2)}** | ${lbRssMb} |`
  })
  return [
    `Node ${process.version}, ${cpus()[0]?.model.trim()}, ${processors} processors, ${rounds} pairs; median (min–max).`,
    '',
    '| workload | what | bare pipe, CPU µs per request | lb, CPU µs per request | lb / bare pipe | lb RSS MB |',
    '|---|---|---|---|---|---|',
    ...lines,
  ].join('\n')
}

const folder = mkdtempSync(join(tmpdir(), 'lb-bench-'))
const targets: Target[] = []
const start = async (name: string, command: readonly string[], core?: number): Promise<Target> => {
  const target = await startTarget(name, command, core)
  targets.push(target)
  return target
}
try {
  const script = (name: string): string => fileURLToPath(new URL(name, import.meta.url))
  const tsx = [process.execPath, '--import', 'tsx']
  const upstream = await start('upstream', [...tsx, script('upstream.ts')], otherCore)
  const pipe = await start('bare pipe', [...tsx, script('bare-pipe.ts'), upstream.url], targetCore)
  const config = join(folder, 'config.yaml')
  writeFileSync(config, lbConfig(upstream.url))
  const lb = await start(
    'lb',
    [process.execPath, join(root, 'apps/cli/dist/bin.js'), 'start', '--config', config],
    targetCore,
  )
  const rows: Row[] = []
  for (const workload of Object.values(workloads)) {
    if (options.only === undefined || options.only === workload.name) rows.push(await compare(workload, pipe, lb))
  }
  console.log(table(rows))
  if (options.write) writeTable(table(rows))
} finally {
  for (const target of targets) target.stop()
  rmSync(folder, { recursive: true, force: true })
}

function writeTable(text: string): void {
  const page = join(root, 'docs/performance.md')
  const before = readFileSync(page, 'utf8')
  const written = before.replace(
    /(<!-- bench -->\n)[\s\S]*?(\n<!-- \/bench -->)/,
    (_, open: string, close: string) => open + text + close,
  )
  if (written === before) throw new Error('docs/performance.md has no <!-- bench --> section, or nothing changed')
  writeFileSync(page, written)
}

/**
 * What each of lb's features costs a small request (W1): lb as it is, beside lb with one of them switched off, beside the bare
 * pipe, all in turn in one run. Each stands for two processes, since one and the same program differs by a tenth from process
 * to process: by what the engine chose to compile, and when.
 *
 *   pnpm --filter @lb/bench features [--rounds 9] [--write]     --write puts the table into docs/performance.md
 */
import { cpus } from 'node:os'
import { parseArgs } from 'node:util'
import { measure, processors, startBench } from './lb.ts'
import { load } from './load.ts'
import { median, span, writeSection } from './page.ts'
import type { Target } from './target.ts'
import { workloads } from './workloads.ts'

const { values: options } = parseArgs({
  options: { rounds: { type: 'string', default: '9' }, write: { type: 'boolean', default: false } },
})
const rounds = Number(options.rounds)
const PROCESSES = 2
const { W1 } = workloads

const usage = 'usage: { enabled: false }'
const records = 'decision_records: { enabled: false }'
const coalescing = 'deduplication: { enabled: false }'
const log = 'log_level: WARNING'

/** By what is said of them in the table: settings. */
const variants: Readonly<Record<string, string>> = {
  'everything, as by default': '',
  'without the books of usage': usage,
  'without decision records': records,
  'without coalescing': coalescing,
  'without a line of log for each request': log,
  'without the first three': [usage, records, coalescing].join(', '),
  'without all four': [usage, records, coalescing, log].join(', '),
}

interface Row {
  readonly name: string
  readonly targets: readonly Target[]
  /** Of each round, the mean of its processes. */
  readonly us: number[]
}

const bench = await startBench()
try {
  const rows: Row[] = [{ name: 'bare pipe', targets: [bench.pipe], us: [] }]
  for (const [name, settings] of Object.entries(variants)) {
    const targets: Target[] = []
    for (let process = 0; process < PROCESSES; process += 1) targets.push(await bench.startLb(name, settings))
    rows.push({ name, targets, us: [] })
  }
  for (const { targets } of rows) for (const target of targets) await load(target.url, W1, W1.warmup)
  for (let round = 0; round < rounds; round += 1) for (const row of rows) row.us.push(await meanOf(row.targets))
  console.log(table(rows))
  if (options.write) writeSection('features', table(rows))
} finally {
  bench.stop()
}

async function meanOf(targets: readonly Target[]): Promise<number> {
  let sum = 0
  for (const target of targets) sum += await measure(target, W1)
  return sum / targets.length
}

function table(rows: readonly Row[]): string {
  const pipe = rows[0]?.us ?? []
  return [
    `Node ${process.version}, ${cpus()[0]?.model.trim()}, ${processors} processors, W1, ${rounds} rounds, ${PROCESSES} processes each; median (min–max).`,
    '',
    '| lb | CPU µs per request | lb / bare pipe |',
    '|---|---|---|',
    ...rows.map(({ name, us }) => {
      const ratio = median(us.map((one, round) => one / (pipe[round] ?? one)))
      return `| ${name} | ${span(us, 0)} | ${ratio.toFixed(2)} |`
    }),
  ].join('\n')
}

/**
 * Measures lb against a bare node:http pipe: CPU time per request of the whole process, in one run, in turn (pipe, lb, pipe,
 * lb, …), so that a machine whose speed drifts does both the same. What counts is the ratio of each pair.
 *
 *   pnpm bench [--rounds 7] [--only W1] [--write]     --write puts the table into docs/performance.md
 */
import { cpus } from 'node:os'
import { parseArgs } from 'node:util'
import { measure, processors, startBench } from './lb.ts'
import { load } from './load.ts'
import { span, writeSection } from './page.ts'
import type { Target } from './target.ts'
import { type Workload, workloads } from './workloads.ts'

const { values: options } = parseArgs({
  options: {
    rounds: { type: 'string', default: '7' },
    only: { type: 'string' },
    write: { type: 'boolean', default: false },
  },
})
const rounds = Number(options.rounds)

interface Row {
  readonly workload: Workload
  readonly pipeUs: number[]
  readonly lbUs: number[]
  readonly lbRssMb: number
}

const bench = await startBench()
try {
  const lb = await bench.startLb('lb', '')
  const rows: Row[] = []
  for (const workload of Object.values(workloads)) {
    if (options.only === undefined || options.only === workload.name) rows.push(await compare(workload, bench.pipe, lb))
  }
  console.log(table(rows))
  if (options.write) writeSection('bench', table(rows))
} finally {
  bench.stop()
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

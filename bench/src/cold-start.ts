/**
 * How long lb takes until it listens, beside the least that a server in Node is (`listening.mjs`), in turn; and how much memory
 * each has a second later, before the first request.
 *
 *   pnpm --filter @lb/bench cold-start [--rounds 9] [--write]     --write puts the table into docs/performance.md
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { cpus, tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { span, writeSection } from './page.ts'
import { startTarget } from './target.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))
const { values: options } = parseArgs({
  options: { rounds: { type: 'string', default: '9' }, write: { type: 'boolean', default: false } },
})
const rounds = Number(options.rounds)
/** Until memory has settled. */
const IDLE_MS = 1000

/** What one start took. */
interface Start {
  readonly wallMs: number
  /** Of all threads until it listened. */
  readonly cpuMs: number
  readonly rssMb: number
}

async function start(name: string, args: readonly string[]): Promise<Start> {
  const beganMs = performance.now()
  const target = await startTarget(name, [process.execPath, ...args])
  try {
    const wallMs = performance.now() - beganMs
    const cpuMs = target.cpuUs() / 1000
    await setTimeout(IDLE_MS)
    return { wallMs, cpuMs, rssMb: target.rssMb() }
  } finally {
    target.stop()
  }
}

const folder = mkdtempSync(join(tmpdir(), 'lb-cold-start-'))
try {
  const least = fileURLToPath(new URL('listening.mjs', import.meta.url))
  const config = join(folder, 'config.yaml')
  writeFileSync(
    config,
    [
      'providers:',
      '  - { name: one, type: anthropic, base_url: "http://127.0.0.1:1", auth_type: api_key, auth_value: bench }',
      'model_routes:',
      '  "claude-*": [{ provider: one, model: passthrough, priority: 1 }]',
      'settings: { port: 0 }',
    ].join('\n'),
  )
  const bin = join(root, 'apps/cli/dist/bin.js')
  const bare: Start[] = []
  const lb: Start[] = []
  for (let round = 0; round < rounds; round += 1) {
    bare.push(await start('bare server', [least]))
    lb.push(await start('lb', [bin, 'start', '--config', config]))
  }
  const text = table(bare, lb)
  console.log(text)
  if (options.write) writeSection('start', text)
} finally {
  rmSync(folder, { recursive: true, force: true })
}

function table(bare: readonly Start[], lb: readonly Start[]): string {
  const row = (name: string, starts: readonly Start[]): string => {
    const cells = [
      starts.map(({ wallMs }) => wallMs),
      starts.map(({ cpuMs }) => cpuMs),
      starts.map(({ rssMb }) => rssMb),
    ]
    return `| ${name} | ${cells.map((cell) => span(cell, 0)).join(' | ')} |`
  }
  return [
    `Node ${process.version}, ${cpus()[0]?.model.trim()}, ${rounds} pairs; median (min–max).`,
    '',
    '| server | until it listens, ms | CPU until then, ms | RSS a second later, MB |',
    '|---|---|---|---|',
    row('`node:http` alone', bare),
    row('lb', lb),
  ].join('\n')
}

/**
 * What failover costs in time: the first byte of a stream whose first provider fails, beyond what that provider itself took, and the
 * first byte of a healthy provider through lb beyond asking it directly. One request at a time, the kinds in turn, so that a
 * machine whose speed drifts does all of them the same.
 *
 *   pnpm proof:failover [--requests 1000] [--write]     --write puts the table into docs/proofs/failover-latency.md
 */
import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { request } from 'node:http'
import { availableParallelism, cpus, loadavg, tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { startTarget, type Target } from './target.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))
const { values: options } = parseArgs({
  options: { requests: { type: 'string', default: '1000' }, write: { type: 'boolean', default: false } },
})
const requests = Number(options.requests)
/** Each this many requests long; the quietest one is the least disturbed by whatever else the machine does. */
const ROUND = 100

/** Each is a path prefix of the upstream: how it fails. The failures come at once, so that all time beyond is lb's. */
const kinds = ['fine', 'status-500', 'status-529', 'reset', 'error-event'] as const
type Kind = (typeof kinds)[number]

const body = (kind: string): string =>
  JSON.stringify({ model: `${kind}-1`, max_tokens: 9, stream: true, messages: [{ role: 'user', content: 'hi' }] })

/** Milliseconds from sending to the first byte of content. */
function firstContentMs(url: string, path: string, kind: string): Promise<number> {
  return new Promise((resolve, reject) => {
    const text = body(kind)
    const startedMs = performance.now()
    let received = ''
    let atMs: number | undefined
    const sent = request(`${url}${path}/v1/messages`, {
      method: 'POST',
      agent: false,
      headers: {
        'content-type': 'application/json',
        'anthropic-version': '2023-06-01',
        'x-api-key': 'k',
        'content-length': text.length,
      },
    })
    sent.on('response', (response) => {
      response.on('data', (bytes: Buffer) => {
        received += bytes.toString()
        if (atMs === undefined && received.includes('content_block_delta')) atMs = performance.now() - startedMs
      })
      response.on('end', () =>
        atMs === undefined ? reject(new Error(`${kind}: ${received.slice(0, 200)}`)) : resolve(atMs),
      )
    })
    sent.on('error', reject)
    sent.end(text)
  })
}

/** One provider per kind of failure in front of a good one. */
function config(upstreamUrl: string): string {
  const provider = (kind: string): string =>
    `  - { name: ${kind}, type: anthropic, base_url: "${upstreamUrl}/${kind}", auth_type: api_key, auth_value: k }`
  const route = (kind: Kind): string =>
    `  "${kind}-*": [{ provider: ${kind}, model: passthrough, priority: 1 }, { provider: good, model: passthrough, priority: 2 }]`
  return [
    'providers:',
    ...kinds.map(provider),
    provider('good'),
    'model_routes:',
    ...kinds.map(route),
    'settings: { port: 0, log_file_path: "", deduplication: { enabled: false }, usage: { enabled: false }}',
  ].join('\n')
}

const folder = mkdtempSync(join(tmpdir(), 'lb-failover-'))
const targets: Target[] = []
try {
  const upstream = await startTarget('upstream', [
    process.execPath,
    '--import',
    'tsx',
    fileURLToPath(new URL('failing-upstream.ts', import.meta.url)),
  ])
  targets.push(upstream)
  const file = join(folder, 'config.yaml')
  writeFileSync(file, config(upstream.url))
  const lb = await startTarget('lb', [process.execPath, join(root, 'apps/cli/dist/bin.js'), 'start', '--config', file])
  targets.push(lb)
  const samples = new Map<string, number[]>()
  const note = (name: string, ms: number): void => void (samples.get(name)?.push(ms) ?? samples.set(name, [ms]))
  const warmup = Math.min(200, requests)
  for (let round = -warmup; round < requests; round += 1) {
    const direct = await firstContentMs(upstream.url, '/good', 'fine')
    if (round >= 0) note('straight to a good provider', direct)
    for (const kind of kinds) {
      // Otherwise it would be asked once, and then left alone.
      await fetch(`${lb.url}/providers/${kind}/reset`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
      })
      const ms = await firstContentMs(lb.url, '', kind)
      if (round >= 0) note(kind, ms)
    }
  }
  const asked = (await (await fetch(`${upstream.url}/asked`)).json()) as Record<string, number>
  const text = table(samples, asked)
  console.log(text)
  if (options.write) write(text)
} finally {
  for (const target of targets) target.stop()
  rmSync(folder, { recursive: true, force: true })
}

/** The lowest 99th percentile of any round. */
function quietest(samples: readonly number[]): number {
  const rounds: number[] = []
  for (let start = 0; start + ROUND <= samples.length; start += ROUND) {
    const round = samples.slice(start, start + ROUND).sort((one, other) => one - other)
    rounds.push(at(round, 0.98))
  }
  return Math.min(...rounds)
}

function at(sorted: readonly number[], share: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN
}

function table(samples: ReadonlyMap<string, readonly number[]>, asked: Readonly<Record<string, number>>): string {
  const sorted = (name: string): number[] => [...(samples.get(name) ?? [])].sort((one, other) => one - other)
  const direct = sorted('straight to a good provider')
  const fine = sorted('fine')
  const rows = [...samples.keys()].map((name) => {
    const own = sorted(name)
    const base = name === 'fine' ? direct : fine
    const beyond = name.startsWith('straight')
      ? ''
      : `${(at(own, 0.5) - at(base, 0.5)).toFixed(2)} / ${(at(own, 0.9) - at(base, 0.9)).toFixed(2)} / ${(quietest(samples.get(name) ?? []) - quietest(samples.get(name === 'fine' ? 'straight to a good provider' : 'fine') ?? [])).toFixed(2)}`
    const what =
      name === 'fine' ? 'through lb, healthy' : name.startsWith('straight') ? name : `through lb, first fails: ${name}`
    return `| ${what} | ${at(own, 0.5).toFixed(2)} | ${at(own, 0.9).toFixed(2)} | ${at(own, 0.99).toFixed(2)} | ${quietest(samples.get(name) ?? []).toFixed(2)} | ${beyond} | ${asked[name] ?? ''} |`
  })
  return [
    `Node ${process.version}, ${cpus()[0]?.model.trim()}, ${availableParallelism()} processors, load ${loadavg()[0]?.toFixed(1)}; ${requests} requests of each kind, in turn.`,
    '',
    '| | first content, ms, p50 | p90 | p99 | p99, quietest round | beyond (p50 / p90 / p99 of the quietest rounds) | times the failing provider was asked |',
    '|---|---|---|---|---|---|---|',
    ...rows,
    '',
    '*beyond*: a healthy provider through lb against the same one asked directly; a failover against a healthy one through lb. A round is a hundred requests of a',
    'kind; on a machine that does other work the quietest one tells more about lb than the whole.',
  ].join('\n')
}

function write(text: string): void {
  const commit = spawnSync('git', ['rev-parse', '--short=12', 'HEAD'], { encoding: 'utf8', cwd: root }).stdout.trim()
  mkdirSync(join(root, 'docs/proofs'), { recursive: true })
  const head = `# failover-latency\n\n\`pnpm proof:failover --write\` at commit ${commit}.\n\n`
  writeFileSync(join(root, 'docs/proofs/failover-latency.md'), `${head}${text}\n`)
}

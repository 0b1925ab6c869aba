import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { load } from './load.ts'
import { startTarget, type Target } from './target.ts'
import { workloads } from './workloads.ts'
const root = fileURLToPath(new URL('../..', import.meta.url))
const folder = mkdtempSync(join(tmpdir(), 'lb-zz-'))
const cfg = (u: string, on: boolean) => [
    'providers:',
    `  - { name: bench, type: anthropic, base_url: "${u}", auth_type: api_key, auth_value: bench }`,
    `  - { name: spare, type: anthropic, base_url: "${u}", auth_type: api_key, auth_value: bench }`,
    'model_routes:',
    '  "claude-*": [{ provider: bench, model: passthrough, priority: 1 }, { provider: spare, model: passthrough, priority: 2 }]',
    `settings: { port: 0, log_file_path: "", log_level: ERROR, decision_records: { enabled: ${on}, max_count: ${process.env.CNT ?? 1000} } }`,
  ].join('\n')
const upstream = await startTarget('up', [process.execPath, '--conditions=@lb/source', '--import', 'tsx', join(root, 'bench/src/upstream.ts')])
const mk = async (on: boolean): Promise<Target> => { const p = join(folder, `${on}.yaml`); writeFileSync(p, cfg(upstream.url, on)); return startTarget(String(on), [process.execPath, join(root, 'apps/cli/dist/bin.js'), 'start', '--config', p], 1) }
const a = await mk(false), b = await mk(true)
for (const w of [workloads.W1]) {
for (const t of [a, b]) await load(t.url, w, w.warmup)
const m = async (t: Target) => { const s = t.cpuUs(); await load(t.url, w, w.requests); return (t.cpuUs() - s) / w.requests }
const offs: number[] = [], ons: number[] = []
for (let i = 0; i < 25; i++) { offs.push(await m(a)); ons.push(await m(b)) }
const med = (x: number[]) => [...x].sort((p, q) => p - q)[x.length >> 1]
console.log(w.name, 'off', med(offs)?.toFixed(1), 'on', med(ons)?.toFixed(1), 'diffs', ons.map((v, i) => (v - offs[i]!).toFixed(1)).join(' '), 'rss', a.rssMb(), b.rssMb())
}
for (const t of [a, b, upstream]) t.stop()
process.exit(0)

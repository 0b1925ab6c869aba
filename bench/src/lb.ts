import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { availableParallelism, tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { load } from './load.ts'
import { startTarget, stayOn, type Target } from './target.ts'
import type { Workload } from './workloads.ts'

/** With two processors or more the process under measurement has one for itself: who asks it and who answers it share another. */
export const processors: number = availableParallelism()
const targetCore = processors > 1 ? 1 : undefined
const otherCore = targetCore === undefined ? undefined : 0
const tsx = [process.execPath, '--import', 'tsx']
const script = (name: string): string => fileURLToPath(new URL(name, import.meta.url))

/** The scripted upstream, the bare pipe before it, and as many lbs as are wanted. */
export interface Bench {
  readonly pipe: Target
  /** lb as it is built. @param settings what is not by default, as members of a YAML map. */
  startLb(name: string, settings: string): Promise<Target>
  stop(): void
}

export async function startBench(): Promise<Bench> {
  if (otherCore !== undefined) stayOn(otherCore)
  const targets: Target[] = []
  const folders: string[] = []
  const start = async (...what: Parameters<typeof startTarget>): Promise<Target> => {
    const target = await startTarget(...what)
    targets.push(target)
    return target
  }
  const upstream = await start('upstream', [...tsx, script('upstream.ts')], { core: otherCore })
  const pipe = await start('bare pipe', [...tsx, script('bare-pipe.ts'), upstream.url], { core: targetCore })
  return {
    pipe,
    startLb(name, settings) {
      const folder = mkdtempSync(join(tmpdir(), 'lb-bench-'))
      folders.push(folder)
      const config = join(folder, 'config.yaml')
      writeFileSync(config, lbConfig(upstream.url, settings))
      const bin = script('../../apps/cli/dist/bin.js')
      return start(name, [process.execPath, bin, 'start', '--config', config], { core: targetCore, folder })
    },
    stop() {
      for (const target of targets) target.stop()
      for (const folder of folders) rmSync(folder, { recursive: true, force: true })
    },
  }
}

/** CPU microseconds per request. */
export async function measure(target: Target, workload: Workload): Promise<number> {
  const before = target.cpuUs()
  await load(target.url, workload, workload.requests)
  return (target.cpuUs() - before) / workload.requests
}

function lbConfig(upstreamUrl: string, settings: string): string {
  return [
    'providers:',
    `  - { name: bench, type: anthropic, base_url: "${upstreamUrl}", auth_type: api_key, auth_value: bench }`,
    `  - { name: spare, type: anthropic, base_url: "${upstreamUrl}", auth_type: api_key, auth_value: bench }`,
    'model_routes:',
    '  "claude-*": [{ provider: bench, model: passthrough, priority: 1 }, { provider: spare, model: passthrough, priority: 2 }]',
    `settings: { port: 0${settings === '' ? '' : `, ${settings}`} }`,
  ].join('\n')
}

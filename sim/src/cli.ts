import { execFileSync } from 'node:child_process'
import { cpus } from 'node:os'
import { parseArgs } from 'node:util'
import { Worker } from 'node:worker_threads'
import { type Figure, figures } from './figures.ts'
import { Scribe } from './scribe.ts'
import { swarmWorld } from './swarm.ts'
import { added, emptySwarm, type SwarmSum, type SwarmTask } from './swarm-run.ts'
import { runWorld } from './world.ts'

const USAGE = `pnpm sim                             the figures, and a swarm of 100 worlds
  --seed N                           the first seed (default 1)
  --requests M                       requests per figure, and in all worlds together (default 100000)
  --per-world K                      client requests in each world of the swarm (default 1000)
  --workers W                        threads for the swarm (default: one per core)
  --only figures | swarm
  --digest                           prints a hash of every decision with all its members too: several times slower
  --replay SEED [--trace r17]        one world again, written down line by line
`

/** Worlds after which a long run says how far it is. */
const PROGRESS_EVERY = 5_000

const { values } = parseArgs({
  options: {
    seed: { type: 'string', default: '1' },
    requests: { type: 'string', default: '100000' },
    'per-world': { type: 'string', default: '1000' },
    workers: { type: 'string', default: `${cpus().length}` },
    only: { type: 'string' },
    digest: { type: 'boolean', default: false },
    replay: { type: 'string' },
    trace: { type: 'string' },
    help: { type: 'boolean', default: false },
  },
})

const perWorld = Number(values['per-world'])
if (values.help) process.stdout.write(USAGE)
else if (values.replay !== undefined) replay(Number(values.replay), values.trace)
else await report()

async function report(): Promise<void> {
  const seed = Number(values.seed)
  const requests = Number(values.requests)
  // Before the run: the tree may be another one when a long run ends.
  const tree = commit()
  const lines = values.only === 'swarm' ? [] : figures(seed, requests)
  if (values.only !== 'figures') lines.push(await swarm(seed, requests, tree))
  process.stdout.write(`commit ${tree}, seed ${seed}, Node ${process.versions.node}\n\n${table(lines)}`)
  if (lines.some(({ holds }) => !holds)) process.exitCode = 1
}

async function swarm(firstSeed: number, requests: number, tree: string): Promise<Figure> {
  const seeds = Math.ceil(requests / perWorld)
  const beganMs = performance.now()
  const sum = await spread({ firstSeed, seeds, requests: perWorld, isWitnessed: values.digest }, Number(values.workers))
  const seconds = (performance.now() - beganMs) / 1000
  const { user } = process.cpuUsage()
  for (const { seed, violations } of sum.broken.slice(0, 10)) {
    const [first] = violations
    process.stdout.write(
      `seed ${seed}: ${violations.length} violations, first ${first?.invariant} ${first?.what}\n` +
        `  again: pnpm sim --replay ${seed} --per-world ${perWorld} --trace ${first?.what.split(':')[0]}   (commit ${tree})\n`,
    )
  }
  const { sums } = sum
  return {
    id: 'R16',
    what:
      `${sums.requests.toLocaleString('en')} requests in ${sum.seeds.toLocaleString('en')} worlds with swarm faults: ` +
      `${sums.attempts.toLocaleString('en')} attempts, ${sums.completed.toLocaleString('en')} answers, ` +
      `${sums.refused.toLocaleString('en')} refused, ${sums.broken.toLocaleString('en')} broken off; ` +
      `${Math.round(seconds)} s, ${Math.round(sums.requests / seconds).toLocaleString('en')}/s, ` +
      `${Math.round(user / 1e6)} s of processor time, hash ${sum.hash.toString(16)}${values.digest ? `, digest ${sum.digest.toString(16)}` : ''}`,
    goal: '0 violations of I1–I11, I17',
    measured: `${sum.broken.length} worlds with violations`,
    holds: sum.broken.length === 0,
  }
}

function progress({ seeds, sums, broken }: SwarmSum, all: number): void {
  const minutes = Math.round(performance.now() / 60_000)
  process.stderr.write(
    `${seeds} of ${all} worlds, ${sums.requests} requests, ${broken.length} with violations, ${minutes} min\n`,
  )
}

/** Small stretches, so that no thread waits long for the slowest world. */
async function spread(task: SwarmTask, threads: number): Promise<SwarmSum> {
  const stretch = Math.max(1, Math.min(50, Math.ceil(task.seeds / threads)))
  let next = task.firstSeed
  const end = task.firstSeed + task.seeds
  let sum = emptySwarm
  const work = (worker: Worker): Promise<void> =>
    new Promise((resolve, reject) => {
      const more = (): void => {
        if (next >= end) {
          void worker.terminate().then(() => resolve())
          return
        }
        worker.postMessage({ ...task, firstSeed: next, seeds: Math.min(stretch, end - next) })
        next += stretch
      }
      worker.on('message', (part: SwarmSum) => {
        sum = added(sum, part)
        if (sum.seeds % PROGRESS_EVERY < part.seeds) progress(sum, task.seeds)
        more()
      })
      worker.on('error', reject)
      more()
    })
  const limits = { maxYoungGenerationSizeMb: 64 }
  await Promise.all(
    Array.from({ length: threads }, () =>
      work(new Worker(new URL('./worker.js', import.meta.url), { resourceLimits: limits })),
    ),
  )
  return sum
}

function replay(seed: number, request: string | undefined): void {
  const plan = swarmWorld(seed, perWorld)
  let scribe: Scribe | undefined
  const end = runWorld(plan, (agenda) => {
    scribe = new Scribe(agenda, plan.upstreams, true)
    return scribe
  })
  const isWanted = (line: string): boolean =>
    request === undefined || line.includes(' health') || new RegExp(` ${request}(@\\d+)? `).test(line)
  process.stdout.write(`${JSON.stringify(plan, null, 1)}\n\n${scribe?.lines.filter(isWanted).join('\n')}\n\n`)
  process.stdout.write(`hash ${end.hash.toString(16)}, ${end.violations.length} violations\n`)
  for (const { invariant, atMs, what } of end.violations) process.stdout.write(`${invariant} at ${atMs} ms: ${what}\n`)
}

function table(lines: readonly Figure[]): string {
  const rows = lines.map(
    ({ id, what, goal, measured, holds }) =>
      `| ${id} | ${what} | ${goal} | ${measured} | ${holds ? 'yes' : '**no**'} |`,
  )
  return ['| | figure | goal | measured | holds |', '|---|---|---|---|---|', ...rows, ''].join('\n')
}

function commit(): string {
  try {
    return execFileSync('git', ['describe', '--always', '--dirty'], { encoding: 'utf8' }).trim()
  } catch {
    return 'unknown'
  }
}

import { swarmWorld } from './swarm.ts'
import { runWorld, traceWorld } from './world.ts'

const n = Number(process.argv[2] ?? 100),
  m = Number(process.argv[3] ?? 1000),
  from = Number(process.argv[4] ?? 0)
if (process.argv[5]) {
  const { end, lines } = traceWorld(swarmWorld(from, m))
  console.log(
    JSON.stringify(swarmWorld(from, m).gateway.loop),
    JSON.stringify(swarmWorld(from, m).upstreams),
    JSON.stringify(swarmWorld(from, m).gateway.targets.map((t) => [t.id, t.passThrough])),
  )
  console.log(
    lines
      .filter((l) => process.argv[5] === 'all' || l.includes(` ${process.argv[5]} `) || l.includes(' health '))
      .join('\n'),
  )
  console.log(end.violations.slice(0, 5))
  process.exit()
}
const t0 = performance.now()
let req = 0,
  att = 0,
  bad = 0
const kinds: Record<string, number> = {}
for (let seed = from; seed < from + n; seed++) {
  const end = runWorld(swarmWorld(seed, m))
  req += end.sums.requests
  att += end.sums.attempts
  if (end.violations.length) {
    bad++
    for (const v of end.violations) kinds[v.invariant] = (kinds[v.invariant] ?? 0) + 1
    if (bad < 12) console.log(seed, end.violations[0], end.violations.length)
  }
}
const s = (performance.now() - t0) / 1000
console.log({
  req,
  att,
  bad,
  kinds,
  perS: Math.round(req / s),
  perCpuS: Math.round(req / (process.cpuUsage().user / 1e6)),
  s,
})

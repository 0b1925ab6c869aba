import type { Sums, Violation } from './guard.ts'
import { swarmWorld } from './swarm.ts'
import { Witness } from './witness.ts'
import { runWorld, type WorldPlan } from './world.ts'

/** A stretch of seeds. */
export interface SwarmTask {
  readonly firstSeed: number
  readonly seeds: number
  /** Client requests in each world; their own retries come on top. */
  readonly requests: number
  /** Whether a witness looks on, which takes several times as long. */
  readonly isWitnessed: boolean
}

/** What a stretch of seeds added up to. */
export interface SwarmSum {
  readonly seeds: number
  readonly sums: Sums
  /** Over the hashes of all worlds: the same seeds must give the same. */
  readonly hash: number
  /** The same over all that was decided, with every member; 0 without a witness. */
  readonly digest: number
  readonly broken: readonly BrokenSeed[]
}

/** A world in which something happened that must not. */
export interface BrokenSeed {
  readonly seed: number
  readonly violations: readonly Violation[]
}

/** Nothing yet. */
export const emptySwarm: SwarmSum = {
  seeds: 0,
  sums: { requests: 0, attempts: 0, completed: 0, refused: 0, broken: 0, gone: 0, facts: 0 },
  hash: 0,
  digest: 0,
  broken: [],
}

/** Runs the worlds of a stretch of seeds, one after the other. */
export function runSwarm(
  { firstSeed, seeds, requests, isWitnessed }: SwarmTask,
  worldOf: (seed: number, requests: number) => WorldPlan = swarmWorld,
): SwarmSum {
  let sum = emptySwarm
  for (let seed = firstSeed; seed < firstSeed + seeds; seed++) {
    const witness = isWitnessed ? new Witness() : undefined
    const end = runWorld(worldOf(seed, requests), witness && (() => witness))
    const broken = end.violations.length === 0 ? [] : [{ seed, violations: end.violations }]
    sum = added(sum, { seeds: 1, sums: end.sums, hash: end.hash, digest: witness?.digest ?? 0, broken })
  }
  return sum
}

/** Two stretches together. Hashes are added, so the order does not matter. */
export function added(a: SwarmSum, b: SwarmSum): SwarmSum {
  return {
    seeds: a.seeds + b.seeds,
    sums: {
      requests: a.sums.requests + b.sums.requests,
      attempts: a.sums.attempts + b.sums.attempts,
      completed: a.sums.completed + b.sums.completed,
      refused: a.sums.refused + b.sums.refused,
      broken: a.sums.broken + b.sums.broken,
      gone: a.sums.gone + b.sums.gone,
      facts: a.sums.facts + b.sums.facts,
    },
    hash: (a.hash + b.hash) >>> 0,
    digest: (a.digest + b.digest) >>> 0,
    broken: [...a.broken, ...b.broken],
  }
}

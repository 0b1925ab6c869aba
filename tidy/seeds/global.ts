import type { TestProject } from 'vitest/node'

declare module 'vitest' {
  interface ProvidedContext {
    propertySeed: number
  }
}

/**
 * One seed for all property tests of a run, printed in the first line, so that any run can be had again. `LB_SEED`
 * chooses it, `LB_PROPERTY_RUNS` makes each property run more often (nightly, or before a release).
 */
export default function chooseSeed(project: TestProject): void {
  const seed = Number(process.env['LB_SEED'] ?? Math.floor(Math.random() * 2 ** 31))
  if (!Number.isSafeInteger(seed)) throw new Error(`LB_SEED must be an integer, not ${process.env['LB_SEED']}`)
  project.provide('propertySeed', seed)
  process.stdout.write(`property tests (${project.name}): LB_SEED=${seed} runs them again\n`)
}

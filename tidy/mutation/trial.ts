/**
 * Runs mutants of a package and prints what became of them. A process of its own: the collector of tests cannot be asked
 * from inside a test.
 *
 *   tsx tidy/mutation/trial.ts FOLDER '[{"activeMutant":{"id":"1"}}]'
 */
import type { MutantRunOptions } from '@stryker-mutator/api/test-runner'
import { type Instruments, oneProcessRunner } from './one-process.ts'

const [, , folder = '', wanted = '[]'] = process.argv
const instruments: Instruments = {}
Object.assign(globalThis, { lbTestMutants: instruments })
const runner = oneProcessRunner({ folder, except: ['.corpus.test.ts'], propertyRuns: 2 }, instruments)
const dry = await runner.dryRun({ timeout: 1000, coverageAnalysis: 'perTest', disableBail: false })
const runs: readonly MutantRunOptions[] = JSON.parse(wanted)
const statuses: string[] = []
for (const run of runs) statuses.push((await runner.mutantRun(run)).status)
const tests = dry.status === 'complete' ? dry.tests.map(({ id, status }) => `${id}: ${status}`) : []
console.log(JSON.stringify({ tests, statuses }))

import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'

/** A package of one function and one table, instrumented by hand as Stryker does it. */
function packageWith(tests: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'lb-mutation-'))
  mkdirSync(join(folder, 'src'))
  const isActive = (id: string): string => `(globalThis.lbTestMutants.activeMutant === '${id}')`
  const code = `export const table = [${isActive('table')} ? 0 : 7]
export function double(n) { return ${isActive('sum')} ? n + 2 : n * 2 }`
  writeFileSync(join(folder, 'src/double.ts'), code)
  const imports = "import { expect, test } from 'vitest'\nimport { double, table } from './double.ts'\n"
  writeFileSync(join(folder, 'src/double.test.ts'), imports + tests)
  writeFileSync(join(folder, 'src/other.corpus.test.ts'), "throw new Error('left out')")
  return folder
}

interface Tried {
  readonly tests: readonly string[]
  readonly statuses: readonly string[]
}

function tried(tests: string, ...runs: readonly object[]): Tried {
  const trial = [join(import.meta.dirname, 'trial.ts'), packageWith(tests), JSON.stringify(runs)]
  return JSON.parse(execFileSync(process.execPath, ['--import', 'tsx', ...trial], { encoding: 'utf8' }))
}

const mutant = (id: string, mutantActivation = 'runtime'): object => ({ activeMutant: { id }, mutantActivation })
const two = "test('2 doubled is 4', () => { expect(double(2)).toBe(4) })\n"
const five = "test('5 doubled is 10', () => { expect(double(5)).toBe(10) })\n"
const seven = "test('the table has a seven', () => { expect(table).toEqual([7]) })\n"

test('the tests of a package are found, run, and named by their file and their words', () => {
  const { tests } = tried(`${two}test.each([1])('one of %i', () => {})\ntest('wrong', () => { expect(1).toBe(2) })`)
  const at = 'src/double.test.ts:'
  expect(tests).toEqual([`${at} 2 doubled is 4: 0`, `${at} one of 1: 0`, `${at} wrong: 1`])
})

test('a mutant that no test notices survives; one that a test notices is killed, and is off again after it', () => {
  expect(tried(two, mutant('sum')).statuses).toEqual(['survived'])
  expect(tried(two + five, mutant('sum'), mutant('none'), mutant('sum')).statuses).toEqual([
    'killed',
    'survived',
    'killed',
  ])
})

test('a mutant in a table is switched on before the modules are loaded', () => {
  const runs = [mutant('table'), mutant('table', 'static'), mutant('none', 'static')]
  expect(tried(seven, ...runs).statuses).toEqual(['survived', 'killed', 'survived'])
})

test('only the tests that reach a mutant are run', () => {
  const reach = (name: string): object => ({ ...mutant('sum'), testFilter: [`src/double.test.ts: ${name}`] })
  expect(tried(two + five, reach('2 doubled is 4'), reach('5 doubled is 10')).statuses).toEqual(['survived', 'killed'])
})

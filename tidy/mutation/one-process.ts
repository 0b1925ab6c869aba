import type { MutantCoverage } from '@stryker-mutator/api/core'
import {
  type DryRunResult,
  DryRunStatus,
  determineHitLimitReached,
  type MutantRunOptions,
  type TestResult,
  type TestRunner,
  TestStatus,
  toMutantRunResult,
} from '@stryker-mutator/api/test-runner'
import { bundleSuite, type LoadedTest, type SuiteScript, type SuiteSource } from './suite.ts'

/** What instrumented code reads and writes while it runs. */
export interface Instruments {
  activeMutant?: string | undefined
  currentTestId?: string | undefined
  hitCount?: number | undefined
  hitLimit?: number | undefined
  mutantCoverage?: MutantCoverage | undefined
}

/**
 * Runs the tests of a pure package for Stryker in this very process. Pure code has nothing to keep apart, so a mutant
 * costs the milliseconds of its tests, and not a worker that loads every module again.
 */
export function oneProcessRunner(source: SuiteSource, instruments: Instruments): TestRunner {
  let script: SuiteScript | undefined
  let tests: Promise<readonly LoadedTest[]> | undefined

  async function load(): Promise<readonly LoadedTest[]> {
    script ??= await bundleSuite(source)
    return script.load()
  }

  async function runMutant(options: MutantRunOptions): Promise<DryRunResult> {
    const isStatic = options.mutantActivation === 'static'
    instruments.activeMutant = isStatic ? options.activeMutant.id : undefined
    instruments.hitCount = 0
    instruments.hitLimit = options.hitLimit
    // A module that its mutant keeps from loading says so by throwing: nothing would pass, so the mutant is found out.
    const loading = isStatic ? load() : (tests ?? load())
    if (!isStatic) tests = loading
    const here = await loading.catch((thrown: unknown) => [broken(thrown)])
    instruments.activeMutant = options.activeMutant.id
    const wanted = new Set(options.testFilter)
    const results = await run(
      here.filter((test) => isStatic || wanted.size === 0 || wanted.has(test.id)),
      true,
    )
    instruments.activeMutant = undefined
    return (
      determineHitLimitReached(instruments.hitCount, options.hitLimit) ?? {
        status: DryRunStatus.Complete,
        tests: results,
      }
    )
  }

  async function dryRun(): Promise<DryRunResult> {
    instruments.activeMutant = undefined
    tests = load()
    const results = await run(await tests, false, (test) => {
      instruments.currentTestId = test?.id
    })
    const coverage = instruments.mutantCoverage
    return { status: DryRunStatus.Complete, tests: results, ...(coverage && { mutantCoverage: coverage }) }
  }

  return {
    capabilities: () => ({ reloadEnvironment: true }),
    dryRun,
    mutantRun: async (options) => toMutantRunResult(await runMutant(options)),
  }
}

function broken(thrown: unknown): LoadedTest {
  return { id: 'loading', file: '', run: () => Promise.reject(thrown) }
}

async function run(
  tests: readonly LoadedTest[],
  isFirstFailureEnough: boolean,
  now: (test: LoadedTest | undefined) => void = () => {},
): Promise<TestResult[]> {
  const results: TestResult[] = []
  for (const test of tests) {
    const startMs = performance.now()
    now(test)
    const failure = await test.run().then(
      () => undefined,
      (thrown: unknown) => String(thrown),
    )
    now(undefined)
    const seen = { id: test.id, name: test.id, fileName: test.file, timeSpentMs: performance.now() - startMs }
    if (failure === undefined) results.push({ ...seen, status: TestStatus.Success })
    else results.push({ ...seen, status: TestStatus.Failed, failureMessage: failure })
    if (failure !== undefined && isFirstFailureEnough) return results
  }
  return results
}

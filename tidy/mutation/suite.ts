import { readdirSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { Script } from 'node:vm'
import { collectTests, getFn, type Suite, type Test, type VitestRunner } from '@vitest/runner'
import { build } from 'esbuild'

/** A test that can be run again and again in this process. */
export interface LoadedTest {
  readonly id: string
  readonly file: string
  run(): Promise<void>
}

/** All tests of a package in one script. */
export interface SuiteScript {
  /** Runs the modules anew, tables at their top included, and says which tests they hold. */
  load(): Promise<readonly LoadedTest[]>
}

/** Where tests are, and which of them are left out. */
export interface SuiteSource {
  /** The package's folder. */
  readonly folder: string
  /** Ends of file names under `src` that are not run. */
  readonly except: readonly string[]
  /** How often each property runs; the seed is always the same, so that a score can be had again. */
  readonly propertyRuns: number
}

/** What tests import and nobody mutates: loaded once, by Node itself. */
const outside = ['vitest', 'fast-check']

/** Bundles the tests of a package, each still a module of its own. */
export async function bundleSuite({ folder, except, propertyRuns }: SuiteSource): Promise<SuiteScript> {
  process.env['LB_PROPERTY_RUNS'] = String(propertyRuns)
  const files = readdirSync(join(folder, 'src'), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.test.ts') && !except.some((end) => name.endsWith(end)))
    .sort(slowestLast)
  const entry = files.map((name) => `${JSON.stringify(name)}: () => require(${JSON.stringify(`./src/${name}`)})`)
  const built = await build({
    stdin: { contents: `module.exports = { ${entry.join(',\n')} }`, resolveDir: folder, sourcefile: 'tests.cjs' },
    bundle: true,
    write: false,
    format: 'cjs',
    platform: 'node',
    target: 'node20',
    conditions: ['@lb/source'],
    external: outside,
    define: { 'import.meta.dirname': JSON.stringify(join(folder, 'src')) },
    logLevel: 'error',
  })
  const code = built.outputFiles[0]?.text ?? ''
  const script = new Script(`(function (module, require) {${code}\n})`, { filename: join(folder, 'tests.cjs') })
  const modules = new Map(await Promise.all(outside.map(async (name) => [name, await import(name)] as const)))
  modules.get('fast-check').configureGlobal({ seed: 1, numRuns: propertyRuns })
  const fallback = createRequire(join(folder, 'package.json'))
  const load = (name: string): unknown => modules.get(name) ?? fallback(name)
  return { load: () => collect(script, load, files) }
}

/** A mutant is over with the first test that fails, and properties take the longest. */
function slowestLast(one: string, other: string): number {
  const [isSlow, isOtherSlow] = [one, other].map((name) => Number(name.endsWith('.prop.test.ts')))
  return Number(isSlow) - Number(isOtherSlow) || (one < other ? -1 : 1)
}

async function collect(script: Script, load: (name: string) => unknown, files: string[]): Promise<LoadedTest[]> {
  const module: { exports: Record<string, () => unknown> } = { exports: {} }
  script.runInThisContext()(module, load)
  const collected = await collectTests(files, collector(module.exports))
  const broken = collected.find((file) => file.result?.state === 'fail')
  if (broken !== undefined) throw new Error(`${broken.name}: ${broken.result?.errors?.[0]?.message}`)
  return collected.flatMap((file) => testsOf(file).map((test) => loaded(test, join('src', file.filepath))))
}

function testsOf(suite: Suite): Test[] {
  return suite.tasks.flatMap((task) => (task.type === 'suite' ? testsOf(task) : task.mode === 'run' ? [task] : []))
}

function loaded(test: Test, file: string): LoadedTest {
  const names = [test.name]
  for (let suite = test.suite; suite !== undefined; suite = suite.suite) names.unshift(suite.name)
  return { id: `${file}: ${names.join(' ')}`, file, run: async () => getFn(test)() }
}

/** The least that vitest's collector asks of whoever runs it. */
function collector(exports: Record<string, () => unknown>): VitestRunner {
  return {
    pool: 'one-process',
    viteEnvironment: 'node',
    importFile: (path) => exports[path]?.(),
    config: {
      root: '.',
      setupFiles: [],
      name: undefined,
      passWithNoTests: false,
      testNamePattern: undefined,
      allowOnly: false,
      sequence: { seed: 1, hooks: 'stack', setupFiles: 'list' },
      chaiConfig: undefined,
      maxConcurrency: 1,
      testTimeout: 20_000,
      hookTimeout: 20_000,
      retry: 0,
      includeTaskLocation: false,
      tags: [],
      tagsFilter: undefined,
      strictTags: false,
    },
  }
}

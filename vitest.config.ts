import { availableParallelism } from 'node:os'
import { defineConfig, type TestProjectInlineConfiguration, type ViteUserConfig } from 'vitest/config'
import { examplePages, examplesPlugin } from './tidy/examples/plugin.ts'

// Tests run from TypeScript sources, without a build: the `@lb/source` condition points into `src`.
const conditions = ['@lb/source', 'node', 'development|production', 'import', 'default']
const resolve = { conditions }
const ssr = { resolve: { conditions, externalConditions: ['@lb/source', 'node', 'import', 'default'] } }
const exclude = ['**/node_modules/**', '**/dist/**']
const seeded = { globalSetup: ['tidy/seeds/global.ts'], setupFiles: ['tidy/seeds/setup.ts'] }

// CI adds up the reports of all runs; a person reads the terminal.
const reports = process.env['LB_TEST_REPORTS']
const reporters: ViteUserConfig['test'] = reports
  ? { reporters: ['default', ['json', { outputFile: `${reports}/${process.pid}.json` }]] }
  : {}

type Test = NonNullable<TestProjectInlineConfiguration['test']>

function project(name: string, include: string[], test: Test = {}): TestProjectInlineConfiguration {
  return { resolve, ssr, test: { name, include, exclude, ...test } }
}

const config: ViteUserConfig = defineConfig({
  test: {
    ...reporters,
    // Tests of the server wait more than they work: two at a time also on the smallest machine.
    maxWorkers: Math.max(2, availableParallelism() - 1),
    projects: [
      project('packages', ['packages/*/src/**/*.test.ts'], {
        globalSetup: seeded.globalSetup,
        setupFiles: [...seeded.setupFiles, 'tidy/purity/setup.ts'],
        // Pure code has nothing to keep apart, and a process for each of 185 files takes longer than its tests.
        isolate: false,
        testTimeout: 20_000,
      }),
      // Real sockets and real time: generous, since a busy machine is no failure.
      project('apps', ['apps/*/src/**/*.test.ts'], { ...seeded, testTimeout: 20_000 }),
      project('sim', ['sim/**/*.test.ts'], seeded),
      // The laws of the repository, and the proof that each can fail. Whichever comes first parses every file.
      project('tidy', ['tidy/**/*.test.ts'], {
        isolate: false,
        testTimeout: 60_000,
        exclude: [...exclude, 'tidy/packaging/**'],
      }),
      // The ```ts blocks of the READMEs and guides.
      { ...project('examples', examplePages(), { testTimeout: 30_000 }), plugins: [examplesPlugin()] },
      // What would be published, packed and looked at. Needs a build.
      project('packaging', ['tidy/packaging/*.test.ts'], { testTimeout: 60_000, hookTimeout: 60_000 }),
      // Real clients against a running server. Not part of `pnpm test`: it needs big downloads and network namespaces.
      project('e2e', ['e2e/**/*.test.ts'], { testTimeout: 120_000, hookTimeout: 120_000 }),
    ],
    coverage: {
      provider: 'v8',
      include: ['packages/*/src/**/*.ts'],
      reporter: ['text', 'html'],
      thresholds: { branches: 100 },
    },
  },
})

export default config

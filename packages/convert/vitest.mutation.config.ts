import { defineConfig } from 'vitest/config'

// What Stryker runs: the tests of this package alone, without those that only measure it; the property tests with fewer runs.
export default defineConfig({
  resolve: { conditions: ['@lb/source'] },
  ssr: { resolve: { conditions: ['@lb/source'], externalConditions: ['@lb/source'] } },
  test: {
    include: ['src/**/*.test.ts'],
    exclude: ['src/bundle.test.ts', 'src/official-sdks.test.ts', 'src/**/*.corpus.test.ts'],
    env: { LB_PROPERTY_RUNS: '5' },
  },
})

import { defineConfig } from 'vitest/config'

// What Stryker runs: the tests of this package alone, the property tests with fewer histories.
export default defineConfig({
  resolve: { conditions: ['@lb/source'] },
  ssr: { resolve: { conditions: ['@lb/source'], externalConditions: ['@lb/source'] } },
  test: {
    include: ['src/**/*.test.ts'],
    env: { LB_PAIRS: '60', LB_FLIGHT_RUNS: '6', LB_REPLAY_RUNS: '20' },
  },
})

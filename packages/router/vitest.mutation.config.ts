import { defineConfig } from 'vitest/config'

// What Stryker runs: the tests of this package alone.
export default defineConfig({
  resolve: { conditions: ['@lb/source'] },
  ssr: { resolve: { conditions: ['@lb/source'], externalConditions: ['@lb/source'] } },
  test: { include: ['src/**/*.test.ts'] },
})

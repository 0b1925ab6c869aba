import { defineConfig } from 'vitest/config'

// What Stryker runs: the tests of the failure table and of what names a failure.
export default defineConfig({
  resolve: { conditions: ['@lb/source'] },
  ssr: { resolve: { conditions: ['@lb/source'], externalConditions: ['@lb/source'] } },
  test: { include: ['src/failure/**/*.test.ts'] },
})

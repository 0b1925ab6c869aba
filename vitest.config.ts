import { defineConfig } from 'vitest/config'

// Tests run from TypeScript sources, without a build: the `@lb/source` condition points into `src`.
const conditions = ['@lb/source', 'module', 'node', 'development|production', 'import', 'default']
const resolve = { conditions }
const ssr = { resolve: { conditions, externalConditions: ['@lb/source', 'node', 'import', 'default'] } }
const exclude = ['**/node_modules/**', '**/dist/**']

export default defineConfig({
  test: {
    projects: [
      { resolve, ssr, test: { name: 'packages', include: ['packages/*/src/**/*.test.ts'], exclude } },
      { resolve, ssr, test: { name: 'apps', include: ['apps/*/src/**/*.test.ts'], exclude } },
      { resolve, ssr, test: { name: 'sim', include: ['sim/src/**/*.test.ts'], exclude } },
      { resolve, ssr, test: { name: 'tidy', include: ['tidy/**/*.test.ts'], exclude } },
    ],
  },
})

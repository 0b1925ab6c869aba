import { defineConfig } from 'tsup'

export default defineConfig({
  entry: {
    index: 'src/index.ts',
    // lb's threads, each started by the name of its file; see `startThread`.
    'usage-thread': 'src/usage/usage-thread.ts',
    'token-thread': 'src/counting/token-thread.ts',
  },
  format: 'esm',
  target: 'node20',
  platform: 'node',
  clean: true,
  sourcemap: true,
  silent: true,
  dts: { entry: 'src/index.ts', compilerOptions: { ignoreDeprecations: '6.0' } },
})

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
  // Node's types are its dependency; the reference is what makes a compiler load them that was not told to.
  dts: {
    entry: 'src/index.ts',
    banner: '/// <reference types="node" />',
    compilerOptions: { ignoreDeprecations: '6.0' },
  },
})

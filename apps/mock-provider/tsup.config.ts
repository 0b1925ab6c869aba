import { defineConfig } from 'tsup'

export default defineConfig({
  entry: ['src/index.ts'],
  format: 'esm',
  target: 'node20',
  platform: 'node',
  clean: true,
  sourcemap: true,
  treeshake: true,
  silent: true,
  // Node's types are its dependency; the reference is what makes a compiler load them that was not told to.
  // TypeScript 6 reports tsup's own `baseUrl` use as deprecated.
  dts: { banner: '/// <reference types="node" />', compilerOptions: { ignoreDeprecations: '6.0' } },
})

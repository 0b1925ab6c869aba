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
  // TypeScript 6 reports tsup's own `baseUrl` use as deprecated.
  dts: { compilerOptions: { ignoreDeprecations: '6.0' } },
})

import { defineConfig } from 'tsup'

/** How every publishable package is built: one ESM file with its types, nothing else. */
export const library: ReturnType<typeof defineConfig> = defineConfig({
  entry: ['src/index.ts'],
  format: 'esm',
  target: 'node20',
  platform: 'neutral',
  clean: true,
  sourcemap: true,
  treeshake: true,
  silent: true,
  // TypeScript 6 reports tsup's own `baseUrl` use as deprecated.
  dts: { compilerOptions: { ignoreDeprecations: '6.0' } },
})

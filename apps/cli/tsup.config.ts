import { defineConfig } from 'tsup'

export default defineConfig({
  entry: ['src/index.ts', 'src/bin.ts'],
  format: 'esm',
  target: 'node20',
  platform: 'node',
  clean: true,
  sourcemap: true,
  silent: true,
  // The command is one file with all of lb in it, made straight from the sources: it starts faster, and `pnpm start` does
  // not wait for the other packages to be built. What comes from npm stays outside.
  noExternal: [/^@lb\//],
  esbuildOptions(options) {
    options.conditions = ['@lb/source']
  },
  dts: { entry: 'src/index.ts', compilerOptions: { ignoreDeprecations: '6.0' } },
})

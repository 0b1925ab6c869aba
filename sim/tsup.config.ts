import { defineConfig } from 'tsup'

/** One file with everything in it, from the sources: the simulator measures what is in the tree, built or not. */
const config: ReturnType<typeof defineConfig> = defineConfig({
  entry: ['src/cli.ts', 'src/worker.ts'],
  format: 'esm',
  target: 'node20',
  platform: 'node',
  clean: true,
  silent: true,
  noExternal: [/^@lb\//],
  external: ['re2js'],
  esbuildOptions(options) {
    options.conditions = ['@lb/source']
  },
})

export default config

import { defineConfig } from 'tsup'

const requireForCommonJs =
  "import { createRequire as lbCreateRequire } from 'node:module'; const require = lbCreateRequire(import.meta.url);"

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
  // OpenTelemetry is bundled too, into a file of its own that is loaded when traces are wanted: as a dependency it would be
  // three quarters of what `npm install` brings. It is CommonJS and asks for Node's modules by `require`.
  banner: { js: requireForCommonJs },
  dts: { entry: 'src/index.ts', compilerOptions: { ignoreDeprecations: '6.0' } },
})

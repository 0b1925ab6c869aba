import { defineConfig } from 'tsup'

const requireForCommonJs =
  "import { createRequire as lbCreateRequire } from 'node:module'; const require = lbCreateRequire(import.meta.url);"

export default defineConfig({
  entry: {
    index: 'src/index.ts',
    bin: 'src/bin.ts',
    // lb's threads, each started by the name of its file; see `startThread`.
    'usage-thread': '../server/src/usage/usage-thread.ts',
    'token-thread': '../server/src/counting/token-thread.ts',
  },
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
  // three quarters of what `npm install` brings. It is CommonJS and asks for Node's modules by `require`. The vocabulary of
  // js-tiktoken is bundled for the same reason: of its 21 MB lb needs two.
  banner: { js: requireForCommonJs },
  dts: { entry: 'src/index.ts', compilerOptions: { ignoreDeprecations: '6.0' } },
})

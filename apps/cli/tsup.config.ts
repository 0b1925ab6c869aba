import { defineConfig } from 'tsup'
import { thirdPartyLicenses } from '../../tidy/bundle/third-party-licenses.ts'
import { undiciParts } from '../../tidy/bundle/undici-parts.ts'

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
  // The command is one file with all of lb and of what it is made of, straight from the sources: to find and read hundreds of
  // files takes longer than to run what is in them, and `pnpm start` does not wait for the other packages to be built. What
  // stands in `dependencies` stays outside: binaries, data, and what few need.
  noExternal: [/^@lb\//],
  esbuildOptions(options) {
    options.conditions = ['@lb/source', 'module']
    options.mainFields = ['module', 'main']
  },
  esbuildPlugins: [undiciParts, thirdPartyLicenses('dist/third-party-licenses.txt')],
  // What is CommonJS asks for Node's modules by `require`. OpenTelemetry is a file of its own that is loaded when traces are
  // wanted, and so is the one vocabulary of js-tiktoken, out of 21 MB, that lb needs.
  banner: { js: requireForCommonJs },
  dts: { entry: 'src/index.ts', compilerOptions: { ignoreDeprecations: '6.0' } },
})

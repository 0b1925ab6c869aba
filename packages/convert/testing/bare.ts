import vm from 'node:vm'
import { build } from 'esbuild'

/** One script of `code` and of everything that it imports, for no platform in particular. */
export async function bundle(code: string, minify = false): Promise<string> {
  const result = await build({
    stdin: { contents: code, resolveDir: import.meta.dirname, loader: 'ts', sourcefile: 'entry.ts' },
    conditions: ['@lb/source'],
    bundle: true,
    minify,
    format: 'iife',
    target: 'es2023',
    platform: 'neutral',
    write: false,
    logLevel: 'silent',
  })
  return result.outputFiles[0]?.text ?? ''
}

/** Runs a script where there is nothing but the language, texts as bytes, and URLs. */
export function runBare(script: string): void {
  const context = vm.createContext({ TextDecoder, URL, encodeText: (text: string) => new TextEncoder().encode(text) })
  vm.runInContext(prelude, context)
  vm.runInContext(script, context, { timeout: 20_000 })
}

/** No clock, no chance; and bytes that belong to the context, or `instanceof Uint8Array` would say no. */
const prelude = `
  delete globalThis.Date
  delete Math.random
  delete globalThis.console
  globalThis.TextEncoder = class { encode(text = '') { return Uint8Array.from(encodeText(text)) } }
`

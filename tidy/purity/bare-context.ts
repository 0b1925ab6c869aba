import vm from 'node:vm'
import { build } from 'esbuild'
import { sourcesByName } from '../examples/plugin.ts'

/**
 * Runs the pure packages where there is nothing but the language: no Node, no browser, no clock, no chance. What works
 * here works in every runtime.
 */

/**
 * Bundles `code` with everything that it imports, for no platform in particular.
 *
 * @returns a script that runs in any context.
 * @throws when an import needs a runtime (`node:fs`) or is not there.
 */
export async function bundle(code: string, resolveDir: string): Promise<string> {
  const result = await build({
    stdin: { contents: code, resolveDir, loader: 'ts', sourcefile: 'entry.ts' },
    alias: sourcesByName(),
    bundle: true,
    format: 'iife',
    target: 'es2023',
    platform: 'neutral',
    mainFields: ['module', 'main'],
    write: false,
    logLevel: 'silent',
  })
  return result.outputFiles[0]?.text ?? ''
}

/** What every runtime has and the packages may use, besides the language: see tidy/pure-globals.d.ts. */
const allowed = { TextDecoder, URL, URLSearchParams }

/** Runs `script` in a new bare context. A promise that it leaves in `done` is waited for. */
export async function runBare(script: string): Promise<void> {
  const encoder = new TextEncoder()
  const encodeText = (text: string): Uint8Array => encoder.encode(text)
  const encodeTextInto = (text: string, target: Uint8Array): object => encoder.encodeInto(text, target)
  const context = vm.createContext(
    { ...allowed, encodeText, encodeTextInto, done: undefined },
    { codeGeneration: { strings: false, wasm: false } },
  )
  vm.runInContext(PRELUDE, context)
  vm.runInContext(script, context, { timeout: 20_000 })
  await context['done']
}

/**
 * Takes away what the language itself offers of clock, chance and garbage collection. The encoder is wrapped: its bytes
 * must belong to the context, or `instanceof Uint8Array` would say no.
 */
const PRELUDE = `
  delete globalThis.Date
  delete Math.random
  delete Intl.DateTimeFormat
  delete globalThis.console
  delete globalThis.WebAssembly
  delete globalThis.SharedArrayBuffer
  delete globalThis.Atomics
  delete globalThis.WeakRef
  delete globalThis.FinalizationRegistry
  globalThis.TextEncoder = class TextEncoder {
    encode(text = '') { return Uint8Array.from(encode(text)) }
    encodeInto(text, target) { return encodeInto(text, target) }
  }
  const encode = encodeText
  const encodeInto = encodeTextInto
  delete globalThis.encodeText
  delete globalThis.encodeTextInto
`

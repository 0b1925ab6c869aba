import { spawnSync } from 'node:child_process'
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import ts from 'typescript'
import { describe, expect, test } from 'vitest'
import { checkExample, examplesIn } from '../examples/blocks.ts'
import { examplePages } from '../examples/plugin.ts'
import { readRepository } from '../repository.ts'
import { bundle, runBare } from './bare-context.ts'

// Purity is guarded in three layers: the compiler (no such name), the editor (Biome says what to write instead), and a
// run where there is nothing but the language. The banned words of tidy/laws/words.ts close the gaps of the first.
const root = fileURLToPath(new URL('../..', import.meta.url))
const packages = readRepository(root).workspaces.filter(({ floor }) => floor === 'pure')

describe('layer 1: tsconfig.pure.json', { timeout: 30_000 }, () => {
  const refused = [
    "fetch('a')",
    'process.env',
    'setTimeout(() => {}, 1)',
    "console.log('a')",
    'performance.now()',
    "Buffer.from('a')",
    'crypto.subtle',
    'structuredClone(1)',
    'new AbortController()',
    "import('node:fs')",
  ]
  const allowed = "new TextEncoder().encode(new URL('a:b').href).length + [1].findLastIndex(Boolean)"
  const errors = compile([...refused, allowed].map((code) => `export const sample: unknown = ${code}\n`))

  test.each(refused.map((code, index) => [code, index] as const))('has no %s', (_, index) => {
    expect(errors[index]).not.toEqual([])
  })

  test('has the language, TextEncoder and URL', () => {
    expect(errors.at(-1)).toEqual([])
  })
})

/** What the compiler says about each of `samples` as a source of a pure package. */
function compile(samples: readonly string[]): string[][] {
  const virtual = new Map(samples.map((code, index) => [join(root, `packages/sample/src/s${index}.ts`), code]))
  const { config } = ts.readConfigFile(join(root, 'tsconfig.pure.json'), ts.sys.readFile)
  const { options } = ts.parseJsonConfigFileContent({ ...config, include: [], files: [] }, ts.sys, root)
  const host = ts.createCompilerHost(options)
  const { getSourceFile } = host
  host.getSourceFile = (name, languageVersion) => {
    const code = virtual.get(name)
    return code === undefined ? getSourceFile(name, languageVersion) : ts.createSourceFile(name, code, languageVersion)
  }
  const files = [...virtual.keys(), join(root, 'tidy/pure-globals.d.ts')]
  const program = ts.createProgram(files, { ...options, configFilePath: undefined }, host)
  return [...virtual.keys()].map((name) =>
    program
      .getSemanticDiagnostics(program.getSourceFile(name))
      .map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, '\n')),
  )
}

describe('layer 2: Biome, as in the editor', () => {
  const refused = [
    'Date.now()',
    'new Date()',
    'globalThis',
    'process.env',
    "fetch('a')",
    'setTimeout(() => {}, 1)',
    "console.log('a')",
    "eval('1')",
    "await import('node:fs')",
  ]
  const complaints = lint([...refused, 'Math.max(1, 2)'].map((code) => `export const sample: unknown = ${code}\n`))

  test.each(refused.map((code, index) => [code, index] as const))('refuses %s', (_, index) => {
    expect(complaints[index]).not.toEqual([])
  })

  test('lets the language pass', () => {
    expect(complaints.at(-1)).toEqual([])
  })
})

/** The rules that Biome sees broken in each of `samples`, as sources of a pure package in a folder of their own. */
function lint(samples: readonly string[]): string[][] {
  const folder = mkdtempSync(join(tmpdir(), 'lb-tidy-'))
  try {
    copyFileSync(join(root, 'biome.json'), join(folder, 'biome.json'))
    mkdirSync(join(folder, 'packages/sample/src'), { recursive: true })
    for (const [index, code] of samples.entries()) {
      writeFileSync(join(folder, `packages/sample/src/s${index}.ts`), code)
    }
    const args = ['lint', '--reporter=json', '--max-diagnostics=none', '--vcs-enabled=false']
    const { stdout } = spawnSync(join(root, 'node_modules/.bin/biome'), args, { cwd: folder, encoding: 'utf8' })
    const { diagnostics } = JSON.parse(stdout) as { diagnostics: { category: string; location: { path: string } }[] }
    return samples.map((_, index) =>
      diagnostics.filter(({ location }) => location.path.endsWith(`/s${index}.ts`)).map(({ category }) => category),
    )
  } finally {
    rmSync(folder, { recursive: true })
  }
}

describe('layer 3: a context with nothing in it', () => {
  test.each(packages.map(({ name, dir }) => [name, dir] as const))(
    '%s loads',
    { timeout: 20_000 },
    async (name, dir) => {
      await runBare(await bundle(`import * as all from '${name}'\nObject.values(all)`, join(root, dir)))
    },
  )

  const examples = examplePages()
    .filter((path) => path.startsWith('packages/'))
    .flatMap((path) => examplesIn(path, readFileSync(join(root, path), 'utf8')))
  test.runIf(examples.length > 0).each(examples)('$path:$line runs', { timeout: 20_000 }, async (example) => {
    const checks = JSON.stringify(join(root, 'tidy/examples/check.ts'))
    const code = `import { __check, __rest } from ${checks}\nglobalThis.done = (async () => {\n${checkExample(example).body}\n})()`
    await runBare(await bundle(code, join(root, 'tidy')))
  })

  test.each([
    ['Date.now()'],
    ['new Date()'],
    ['Math.random()'],
    ['new Intl.DateTimeFormat().format()'],
    ['setTimeout(() => {}, 1)'],
    ["new Function('return 1')()"],
    ["(() => 1).constructor('return 1')()"],
    ["console.log('a')"],
    ['process.env'],
  ])('refuses %s', async (code) => {
    await expect(bundle(`export const a = ${code}`, root).then(runBare)).rejects.toThrow()
  })

  test('cannot even bundle a runtime', async () => {
    await expect(bundle("import { readFileSync } from 'node:fs'\nreadFileSync('a')", root)).rejects.toThrow(/node:fs/)
  })

  test('has bytes of its own', async () => {
    await runBare(
      await bundle("if (!(new TextEncoder().encode('é') instanceof Uint8Array)) throw new Error('foreign')", root),
    )
  })
})

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import ts from 'typescript'
import { describe, expect, test } from 'vitest'
import { type Example, examplesIn } from './blocks.ts'
import { examplePages, sourcesByName } from './plugin.ts'

// An example that runs but does not compile would fail in the reader's editor.
const root = fileURLToPath(new URL('../..', import.meta.url))

/** What the compiler says about `examples`, each as a module of its own beside its page: `page:line message`. */
function typeErrors(examples: readonly Example[]): string[] {
  const virtual = new Map(examples.map((example) => [join(root, `${example.path}.${example.line}.ts`), example]))
  const { config } = ts.readConfigFile(join(root, 'tsconfig.json'), ts.sys.readFile)
  const { options } = ts.parseJsonConfigFileContent({ ...config, include: [], files: [] }, ts.sys, root)
  const paths = Object.fromEntries(Object.entries(sourcesByName()).map(([name, path]) => [name, [path]]))
  const host = ts.createCompilerHost(options)
  const { fileExists, getSourceFile } = host
  host.fileExists = (name) => virtual.has(name) || fileExists(name)
  host.getSourceFile = (name, languageVersion) => {
    const example = virtual.get(name)
    if (example === undefined) return getSourceFile(name, languageVersion)
    return ts.createSourceFile(name, `${example.code}\nexport {}\n`, languageVersion)
  }
  const loose = {
    configFilePath: undefined,
    noUnusedLocals: false,
    isolatedDeclarations: false,
    declaration: false,
    paths,
  }
  const program = ts.createProgram([...virtual.keys()], { ...options, ...loose }, host)
  return [...virtual].flatMap(([name, { path, line }]) => {
    const source = program.getSourceFile(name)
    return [...program.getSyntacticDiagnostics(source), ...program.getSemanticDiagnostics(source)].map((diagnostic) => {
      const at = source?.getLineAndCharacterOfPosition(diagnostic.start ?? 0).line ?? 0
      return `${path}:${line + at} ${ts.flattenDiagnosticMessageText(diagnostic.messageText, '\n')}`
    })
  })
}

describe('the examples of the READMEs and guides', { timeout: 60_000 }, () => {
  const code = "import { ok } from '@lb/protocol'\n\nconst wrong: string = ok(1)\n"
  const wrong = { path: 'packages/protocol/WRONG.md', line: 10, code }
  const examples = examplePages().flatMap((path) => examplesIn(path, readFileSync(join(root, path), 'utf8')))
  const errors = typeErrors([...examples, wrong])

  test('compile', () => {
    expect(errors.filter((error) => !error.startsWith(wrong.path))).toEqual([])
  })

  test('would not compile with a mistake in them', () => {
    expect(errors).toContainEqual(expect.stringMatching(/WRONG\.md:12 .*not assignable to type 'string'/))
  })
})

import { readdirSync, readFileSync } from 'node:fs'
import { join, posix, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import ts from 'typescript'
import { checkExample, examplesIn } from './blocks.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))

/** The pages whose examples run: the READMEs of the packages and apps, and the guides, if they have examples. */
export function examplePages(): string[] {
  const readmes = workspaceDirs().map((dir) => `${dir}/README.md`)
  const guides = list('docs/guides')
    .filter((name) => name.endsWith('.md'))
    .map((name) => posix.join('docs/guides', name))
  return [...readmes, ...guides].filter((path) => examplesIn(path, read(path)).length > 0)
}

/** The workspaces of this repository as modules: the name of each, and the source of its public surface. */
export function sourcesByName(): Record<string, string> {
  const named = workspaceDirs().flatMap((dir) => {
    const { name } = JSON.parse(read(`${dir}/package.json`) || '{}') as { name?: string }
    return name === undefined ? [] : [[name, join(root, dir, 'src/index.ts')]]
  })
  return Object.fromEntries(named)
}

interface TransformPlugin {
  readonly name: string
  readonly enforce: 'pre'
  readonly resolveId: (id: string) => string | undefined
  readonly transform: (code: string, id: string) => { code: string; map: string } | undefined
}

/** A Vite plugin that turns a Markdown page into a test file: each example is one test, named by its line. */
export function examplesPlugin(): TransformPlugin {
  const sources = sourcesByName()
  return {
    name: 'tidy-examples',
    enforce: 'pre',
    resolveId: (id) => sources[id],
    transform: (code, id) => {
      const path = id.split('?')[0] ?? ''
      return path.endsWith('.md') ? compile(relative(root, path), code) : undefined
    },
  }
}

function compile(path: string, page: string): { code: string; map: string } {
  const { outputText, sourceMapText = '' } = ts.transpileModule(testFile(path, page), {
    fileName: path,
    compilerOptions: {
      target: ts.ScriptTarget.ES2022,
      module: ts.ModuleKind.ESNext,
      sourceMap: true,
      inlineSources: true,
    },
  })
  return { code: outputText.replace(/\n\/\/# sourceMappingURL.*$/, ''), map: sourceMapText }
}

/** The page as a test file, line for line: prose becomes empty lines, the fence of an example opens and closes a test. */
export function testFile(path: string, page: string): string {
  const lines = page.split('\n').map(() => '')
  for (const example of examplesIn(path, page)) {
    const { body, problems } = checkExample(example)
    const [problem] = problems
    lines[example.line - 2] = `__test('line ${example.line}', async () => {`
    for (const [index, line] of body.split('\n').entries()) lines[example.line - 1 + index] = line
    lines[example.line - 2 + example.code.split('\n').length] = '})'
    if (problem !== undefined) lines[example.line - 2] += ` throw new Error(${JSON.stringify(problem)})`
  }
  const checks = JSON.stringify(join(root, 'tidy/examples/check.ts'))
  return `import { test as __test } from 'vitest'; import { __check, __rest } from ${checks}; ${lines.join('\n')}`
}

function workspaceDirs(): string[] {
  return ['packages', 'apps'].flatMap((folder) => list(folder).map((name) => `${folder}/${name}`))
}

function list(folder: string): string[] {
  try {
    return readdirSync(join(root, folder))
  } catch {
    return []
  }
}

function read(path: string): string {
  try {
    return readFileSync(join(root, path), 'utf8')
  } catch {
    return ''
  }
}

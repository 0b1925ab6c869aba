import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { buildSync } from 'esbuild'
import { afterAll, describe, expect, test } from 'vitest'
import { readRepository } from '../repository.ts'
import { unnamedTypes } from './nameable.ts'
import {
  compileProblems,
  ownProblems,
  type Packed,
  type PackedManifest,
  pack,
  publintProblems,
  typeProblems,
} from './packed.ts'

// What would be published, as its users get it: packed, looked into, and imported by plain Node.
const root = fileURLToPath(new URL('../..', import.meta.url))
const folder = mkdtempSync(join(tmpdir(), 'lb-packed-'))
afterAll(() => rmSync(folder, { recursive: true }))

const published = readRepository(root).workspaces.filter(({ manifest }) => manifest.private !== true)
const packed = published.map(({ name, dir }) => [name, pack(root, dir, folder)] as const)

describe.each(packed)('%s', (_, found) => {
  test('holds what its users need and nothing else', () => {
    expect(ownProblems(found)).toEqual([])
  })

  test('publint has no complaint', async () => {
    expect(await publintProblems(found)).toEqual([])
  })

  test('has types for every way of importing that it promises', async () => {
    expect(await typeProblems(found)).toEqual([])
  })
})

test('whose code the command holds is said in what users get', () => {
  const [, command] = packed.find(([name]) => name === '@lb/cli') ?? []
  const licenses = command?.readFile('dist/third-party-licenses.txt') ?? ''
  const held = (command?.files ?? [])
    .filter((path) => path.endsWith('.js.map'))
    .flatMap((path) => (JSON.parse(command?.readFile(path) ?? '') as { readonly sources: readonly string[] }).sources)
    .flatMap((source) => /.*\/node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(source)?.[1] ?? [])
  expect(held).toContain('undici')
  expect([...new Set(held)].filter((name) => !licenses.includes(`${name} `))).toEqual([])
})

test('every type that a function of a library takes or gives has a name that can be imported', () => {
  const unnamed = packed.flatMap(([name, { dir, readFile }]) =>
    dir.startsWith('packages/') ? unnamedTypes(readFile('dist/index.d.ts')).map((found) => `${name} ${found}`) : [],
  )
  expect(unnamed).toEqual([])
})

test('all of them load in plain Node, from what is packed alone', () => {
  const importable = packed.filter(([, { manifest }]) => manifest.exports !== undefined && manifest.bin === undefined)
  for (const [, found] of packed) install(found)
  const script = importable.map(([name]) => `await import('${name}')`).join('\n')
  expect(() =>
    execFileSync(process.execPath, ['--input-type=module', '-e', script], { cwd: folder, stdio: 'pipe' }),
  ).not.toThrow()
})

test('their types compile for a user who checks what he uses, whatever his compiler knows of a runtime', () => {
  const importable = packed.filter(([, { manifest }]) => manifest.exports !== undefined && manifest.bin === undefined)
  for (const [, found] of packed) install(found)
  const names = importable.map(([name]) => name)
  const pure = importable.filter(([, { dir }]) => dir.startsWith('packages/')).map(([name]) => name)
  // By themselves, for one that brings Node's types along would hide that another needs them.
  for (const some of [pure, ...names.filter((name) => !pure.includes(name)).map((name) => [name])]) {
    expect(compileProblems(folder, some, ['lib.es2023.d.ts'])).toEqual([])
    expect(compileProblems(folder, some, ['lib.es2023.d.ts', 'lib.dom.d.ts'])).toEqual([])
  }
})

test.each([
  ['@lb/protocol', 'ok', 500],
  ['@lb/protocol', 'createSseDecoder', 3_000],
  ['@lb/health', 'availabilityOf', 5_000],
  ['@lb/oauth', 'pkceChallenge', 3_000],
])('whoever takes only one function of %s, %s, bundles at most %i bytes for a browser', (name, member, most) => {
  for (const [, found] of packed) install(found)
  const contents = `export { ${member} } from '${name}'`
  const { outputFiles } = buildSync({
    stdin: { contents, resolveDir: folder },
    bundle: true,
    minify: true,
    write: false,
    format: 'esm',
    platform: 'browser',
  })
  expect(outputFiles[0]?.contents.length).toBeLessThan(most)
})

/** Puts a package where Node finds it: its files from the tarball, its dependencies from this workspace. */
function install({ dir, files, manifest, readFile }: Packed): void {
  const place = join(folder, 'node_modules', manifest.name)
  for (const path of files) {
    mkdirSync(dirname(join(place, path)), { recursive: true })
    writeFileSync(join(place, path), readFile(path))
  }
  for (const name of Object.keys(manifest.dependencies ?? {})) {
    const link = join(place, 'node_modules', name)
    if (published.some((ours) => ours.name === name) || existsSync(link)) continue
    mkdirSync(dirname(link), { recursive: true })
    symlinkSync(realpathSync(join(root, dir, 'node_modules', name)), link)
  }
}

describe('a packed package is refused', () => {
  const manifest: PackedManifest = {
    name: '@lb/sample',
    license: 'MIT',
    type: 'module',
    description: 'A sample that is right in every respect.',
    sideEffects: false,
    exports: { '.': './dist/index.js' },
    engines: { node: '>=20' },
    repository: { directory: 'packages/sample' },
    dependencies: { '@lb/protocol': '^1.0.0' },
  }
  const files = ['package.json', 'README.md', 'LICENSE', 'dist/index.js', 'dist/index.d.ts']
  const problems = (changes: Partial<PackedManifest>, changed: readonly string[] = files): readonly string[] =>
    ownProblems({ dir: 'packages/sample', files: changed, manifest: { ...manifest, ...changes } })

  test('not when it is right', () => {
    expect(problems({})).toEqual([])
  })

  test.each<[string, Partial<PackedManifest>]>([
    ['the source condition', { exports: { '.': { '@lb/source': './src/index.ts' } } }],
    ['a workspace range', { dependencies: { '@lb/protocol': 'workspace:^' } }],
    ['side effects', { sideEffects: true }],
    ['an install script', { scripts: { postinstall: 'node dist/index.js' } }],
    ['CommonJS', { type: 'commonjs' }],
    ['another licence', { license: 'UNLICENSED' }],
    ['no description', { description: '' }],
    ['no Node version', { engines: {} }],
    ['another folder', { repository: { directory: 'packages/other' } }],
  ])('with %s', (_, changes) => {
    expect(problems(changes)).toHaveLength(1)
  })

  test.each(['README.md', 'LICENSE', 'dist/index.d.ts'])('without %s', (path) => {
    expect(
      problems(
        {},
        files.filter((other) => other !== path),
      ),
    ).toHaveLength(1)
  })

  test.each(['src/index.ts', 'dist.tgz', 'tsconfig.tsbuildinfo'])('with the file %s', (path) => {
    expect(problems({}, [...files, path])).toHaveLength(1)
  })
})

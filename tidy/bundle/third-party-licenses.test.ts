import { mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { build } from 'esbuild'
import { expect, test } from 'vitest'
import { licensesOf, packageFolders, thirdPartyLicenses } from './third-party-licenses.ts'

function packageAt(root: string, name: string, manifest: object, files: Readonly<Record<string, string>>): string {
  const folder = join(root, 'node_modules', name)
  mkdirSync(folder, { recursive: true })
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ name, version: '1.0.0', ...manifest }))
  for (const [file, text] of Object.entries(files)) writeFileSync(join(folder, file), text)
  return folder
}

const newFolder = (): string => mkdtempSync(join(tmpdir(), 'lb-licences-'))

test('every package that a bundle holds is named with the text of its licence, and no other', async () => {
  const root = newFolder()
  packageAt(root, 'held', { license: 'MIT', main: 'a.js' }, { 'a.js': 'export const a = 1', LICENSE: 'Held by all.\n' })
  packageAt(root, 'unused', { license: 'MIT' }, { 'index.js': '', LICENSE: 'Not here.' })
  writeFileSync(join(root, 'entry.js'), "import { a } from 'held'\nconsole.log(a)")
  const file = join(root, 'out/licences.txt')
  await build({
    absWorkingDir: root,
    entryPoints: ['entry.js'],
    outdir: 'out',
    bundle: true,
    plugins: [thirdPartyLicenses(file)],
  })
  expect(readFileSync(file, 'utf8')).toBe('held 1.0.0 (MIT)\n\nHeld by all.\n')
})

test('a package is found by its own folder: through folders within it, scopes, and packages within packages', () => {
  const files = [
    'src/own.ts',
    '../../node_modules/.pnpm/lru-cache@11/node_modules/lru-cache/dist/esm/index.js',
    '../../node_modules/.pnpm/a@1/node_modules/@scope/a/index.js',
    '../../node_modules/.pnpm/a@1/node_modules/@scope/a/other.js',
    'node_modules/b/node_modules/c/index.js',
    'parts:undici',
  ]
  expect(packageFolders(files)).toEqual([
    '../../node_modules/.pnpm/a@1/node_modules/@scope/a',
    'node_modules/b/node_modules/c',
    '../../node_modules/.pnpm/lru-cache@11/node_modules/lru-cache',
  ])
})

test('a package without a text is said to have none', () => {
  const folder = packageAt(newFolder(), 'bare', { license: 'MIT', homepage: 'https://bare.example' }, {})
  expect(licensesOf([folder])).toBe('bare 1.0.0 (MIT)\n\nIts package brings no text of it. https://bare.example\n')
})

test('a package that does not say its licence is not bundled', () => {
  const folder = packageAt(newFolder(), 'silent', {}, {})
  expect(() => licensesOf([folder])).toThrow('silent is bundled and does not say its licence')
})

import { posix } from 'node:path'
import ts from 'typescript'
import { importsOf, parse } from '../code.ts'
import type { Law, Violation } from '../law.ts'
import { fileAt, filesUnder, isCode, isTest, type Repository, type TextFile, type Workspace } from '../repository.ts'

const DRAWERS = /(^|[-.])(utils?|helpers?|common|misc|types|managers?|services?|handlers?)([-.]|$)/
const KEBAB = /^[a-z0-9]+(-[a-z0-9]+)*(\.[a-z0-9-]+)*\.[cm]?[jt]sx?$/

/** Where things are, and what they are called. */
export const structureLaws: readonly Law[] = [
  {
    name: 'workspace-files',
    says: 'Every package and every app has README.md, LICENSE and src/index.ts.',
    principle: 14,
    wayOut: 'write it: what this folder is for, in → out, a ten-line example, its invariants.',
    check: (repository) => shipped(repository).flatMap((workspace) => missingFiles(repository, workspace)),
  },
  {
    name: 'test-beside',
    says: 'Every source file with logic is reached by a test in its own folder.',
    principle: 13,
    wayOut:
      'add x.test.ts or x.prop.test.ts in the same folder; a test there that reaches the file by imports will do.',
    check: (repository) => shipped(repository).flatMap((workspace) => untested(repository, workspace)),
  },
  {
    name: 'file-names',
    says: 'A file is called after the idea in it, in kebab-case; no drawers (utils, helpers, common, misc, types, manager, service, handler).',
    principle: 12,
    wayOut: 'name the one idea of the file; if it has several, split it.',
    check: ({ files }) => files.filter(({ path }) => isCode(path)).flatMap(badName),
  },
  {
    name: 'own-accessors',
    says: 'Where requests are served, a member of an object literal is a value or a function. Accessors stand in classes, whose objects share them.',
    principle: 11,
    wayOut:
      'make it a function, or the object a class: each object that is made with an accessor gets a hidden class of its own, and one a request made small requests a third dearer.',
    check: (repository) =>
      shipped(repository)
        .filter(({ floor, dir }) => floor === 'pure' || dir === 'apps/server')
        .flatMap(({ dir }) => filesUnder(repository, `${dir}/src`))
        .filter(({ path }) => isCode(path) && !isTest(path))
        .flatMap(ownAccessors),
  },
]

function shipped(repository: Repository): readonly Workspace[] {
  return repository.workspaces.filter(({ floor }) => floor !== 'tool')
}

function missingFiles(repository: Repository, { dir }: Workspace): Violation[] {
  return ['README.md', 'LICENSE', 'src/index.ts']
    .map((name) => `${dir}/${name}`)
    .filter((path) => fileAt(repository, path) === undefined)
    .map((path) => ({ path, found: 'is missing' }))
}

function untested(repository: Repository, { dir }: Workspace): Violation[] {
  const files = filesUnder(repository, `${dir}/src`).filter(({ path }) => isCode(path) && !path.endsWith('.d.ts'))
  const links = new Map(files.map((file) => [file.path, linksOf(file)]))
  const tested = new Set(files.filter(({ path }) => isTest(path)).flatMap(({ path }) => subjectsOf(path, links)))
  return files
    .filter((file) => !isTest(file.path) && !tested.has(file.path) && hasLogic(file))
    .map(({ path }) => ({ path, found: 'is reached by no test in its folder' }))
}

/**
 * The files that `test` stands beside: those of its own folder that it is named after or reaches through imports. A part
 * may be tested through the door of its folder, but not through the door of the house.
 */
function subjectsOf(test: string, links: ReadonlyMap<string, readonly string[]>): string[] {
  const dir = posix.dirname(test)
  const reached = new Set<string>()
  const visit = (path: string): void => {
    const linked = links.get(path)
    if (linked === undefined || reached.has(path)) return
    reached.add(path)
    linked.forEach(visit)
  }
  visit(test)
  visit(test.replace(/(\.[a-z0-9-]+)?\.test(-d)?\.ts$/, '.ts'))
  return [...reached].filter((path) => posix.dirname(path) === dir)
}

/** The files that `file` imports by a relative path. */
function linksOf(file: TextFile): readonly string[] {
  const near = importsOf(file).filter(({ specifier }) => specifier.startsWith('.'))
  return near.map(({ specifier }) => posix.join(posix.dirname(file.path), specifier))
}

/** Whether anything in `file` runs when it is called: a file of types, constants and re-exports has nothing to test. */
function hasLogic(file: TextFile): boolean {
  const isLogic = (node: ts.Node): boolean =>
    (ts.isFunctionLike(node) && 'body' in node && node.body !== undefined) || ts.forEachChild(node, isLogic) === true
  return isLogic(parse(file))
}

function ownAccessors(file: TextFile): Violation[] {
  const source = parse(file)
  const found: Violation[] = []
  const visit = (node: ts.Node): void => {
    if (ts.isAccessor(node) && ts.isObjectLiteralExpression(node.parent)) {
      const line = source.getLineAndCharacterOfPosition(node.getStart(source)).line + 1
      found.push({ path: file.path, line, found: `${node.name.getText(source)} is an accessor of one object` })
    }
    ts.forEachChild(node, visit)
  }
  visit(source)
  return found
}

function badName({ path }: TextFile): Violation[] {
  const name = posix.basename(path)
  const folders = posix.dirname(path).split('/')
  if (DRAWERS.test(name.replace(/\.d\.ts$/, '.ts'))) return [{ path, found: 'is named after a drawer' }]
  const drawer = folders.find((folder) => DRAWERS.test(folder))
  if (drawer !== undefined) return [{ path, found: `lies in the drawer ${drawer}/` }]
  return KEBAB.test(name) ? [] : [{ path, found: 'is not kebab-case' }]
}

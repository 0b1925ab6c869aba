import { isBuiltin } from 'node:module'
import { posix } from 'node:path'
import { importsOf } from '../code.ts'
import type { Law, Violation } from '../law.ts'
import { filesUnder, isCode, isTest, type Repository, type TextFile, type Workspace } from '../repository.ts'

/** The one package that the other packages may stand on. */
const GROUND = '@lb/protocol'

/** The edges between apps, by folder. Everything else that an app needs from another belongs in a package. */
const APP_EDGES: Readonly<Record<string, readonly string[]>> = {
  'apps/cli': ['apps/server', 'apps/mock-provider'],
}

/** The edges that only tests may have. */
const TEST_EDGES: Readonly<Record<string, readonly string[]>> = {
  'apps/server': ['apps/mock-provider'],
}

/**
 * What the build of an app takes into its own files. It stands in devDependencies, since nothing of it is left for users to
 * install, and is needed all the same.
 */
const BUNDLED: Readonly<Record<string, RegExp>> = {
  'apps/cli': /^@lb\//,
  'apps/server': /^@opentelemetry\//,
}

/** Who may stand on whom. pnpm gives a package only what its `package.json` declares, so these laws close the graph. */
export const floorLaws: readonly Law[] = [
  {
    name: 'floors',
    says: `A package stands on ${GROUND} alone, an app on packages; only the command line composes apps.`,
    principle: 1,
    wayOut: 'siblings do not know each other: pass plain data, and join them in apps/server.',
    check: (repository) => repository.workspaces.flatMap((workspace) => forbiddenEdges(repository, workspace)),
  },
  {
    name: 'imports',
    says: 'A file imports its own package by relative path, others by a name that its package.json declares.',
    principle: 1,
    wayOut: 'declare the dependency, or pass the value in from the app.',
    check: (repository) => repository.workspaces.flatMap((workspace) => strayImports(repository, workspace)),
  },
]

/** One dependency of ours: from folder to folder. */
export interface Edge {
  readonly from: string
  readonly to: string
  /** Declared in devDependencies, and not bundled: only tests use it. */
  readonly testOnly: boolean
}

/** The edges between the workspaces of this repository, by their manifests. */
export function edgesOf(repository: Repository): Edge[] {
  const dirs = new Map(repository.workspaces.map(({ name, dir }) => [name, dir]))
  return repository.workspaces.flatMap(({ dir, manifest }) => {
    const edges = (names: object | undefined, isDev: boolean): Edge[] =>
      Object.keys(names ?? {}).flatMap((name) => {
        const to = dirs.get(name)
        return to === undefined ? [] : [{ from: dir, to, testOnly: isDev && !isBundled(dir, name) }]
      })
    return [...edges(manifest.dependencies, false), ...edges(manifest.devDependencies, true)]
  })
}

function isBundled(dir: string, name: string): boolean {
  return BUNDLED[dir]?.test(name) === true
}

function forbiddenEdges(repository: Repository, { dir, floor }: Workspace): Violation[] {
  const ground = repository.workspaces.find(({ name }) => name === GROUND)?.dir
  const isAllowed = ({ to, testOnly }: Edge): boolean => {
    if (floor === 'tool') return true
    if (floor === 'pure') return to === ground && dir !== ground
    if (to.startsWith('packages/')) return true
    return (APP_EDGES[dir] ?? []).includes(to) || (testOnly && (TEST_EDGES[dir] ?? []).includes(to))
  }
  return edgesOf(repository)
    .filter((edge) => edge.from === dir && !isAllowed(edge))
    .map(({ to }) => ({ path: `${dir}/package.json`, found: `depends on ${to}` }))
}

function strayImports(repository: Repository, workspace: Workspace): Violation[] {
  const files = filesUnder(repository, `${workspace.dir}/src`).filter(({ path }) => isCode(path))
  return files.flatMap((file) =>
    importsOf(file).flatMap(({ specifier, line }) => {
      const problem = problemOf(repository, workspace, file, specifier)
      return problem === undefined ? [] : [{ path: file.path, line, found: `'${specifier}' ${problem}` }]
    }),
  )
}

function problemOf(
  repository: Repository,
  workspace: Workspace,
  file: TextFile,
  specifier: string,
): string | undefined {
  const isPure = workspace.floor === 'pure'
  if (specifier.startsWith('.')) {
    const target = posix.join(posix.dirname(file.path), specifier)
    if (!target.startsWith(`${workspace.dir}/`)) return isTest(file.path) && !isPure ? undefined : 'leaves the package'
    if (isTest(target) && !isTest(file.path)) return 'is for tests only'
    return isPure && !/\.(ts|json)$/.test(specifier) ? 'does not end in .ts' : undefined
  }
  if (isBuiltin(specifier))
    return isPure && !isTest(file.path) ? 'is a runtime, and pure packages have none' : undefined
  const name = specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/')
  const { dependencies = {}, devDependencies = {}, optionalDependencies = {} } = workspace.manifest
  if (name in dependencies || name in optionalDependencies) return undefined
  if (name in devDependencies && isBundled(workspace.dir, name)) return undefined
  if (!isTest(file.path)) return 'is not in the dependencies of its package.json'
  const isTool =
    name in devDependencies || name in (repository.manifest.devDependencies ?? {}) || name === workspace.name
  return isTool ? undefined : 'is declared nowhere'
}

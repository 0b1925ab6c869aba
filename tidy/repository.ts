import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { join, posix } from 'node:path'

/**
 * The repository as the laws see it: its text files and its workspaces, read once. Laws are functions of this value
 * alone, so that a test can hand them a small bad repository and see them fail.
 */
export interface Repository {
  readonly files: readonly TextFile[]
  readonly workspaces: readonly Workspace[]
  /** The manifest of the repository itself, which owns the tools. */
  readonly manifest: Manifest
  /** Folders of the machine that runs this. Nothing committed may name them. */
  readonly machinePaths: readonly string[]
  /** Date of the last commit, `YYYY-MM-DD`: an old commit is judged by its own day, so that it stays green forever. */
  readonly today: string
}

/** One text file. `path` is relative to the root, with `/`. */
export interface TextFile {
  readonly path: string
  readonly text: string
}

/** One folder with a `package.json`. */
export interface Workspace {
  /** Relative to the root, e.g. `packages/router`. */
  readonly dir: string
  readonly name: string
  /** `pure`: `packages/*`. `app`: `apps/*`. `tool`: everything else (simulation, benchmarks, end-to-end tests). */
  readonly floor: 'pure' | 'app' | 'tool'
  readonly manifest: Manifest
}

/** The members of a `package.json` that laws read. */
export interface Manifest {
  readonly name?: string
  readonly private?: boolean
  readonly dependencies?: Readonly<Record<string, string>>
  readonly devDependencies?: Readonly<Record<string, string>>
  readonly optionalDependencies?: Readonly<Record<string, string>>
}

/** Reads the repository at `root`: everything that git tracks or would track. */
export function readRepository(root: string): Repository {
  const listed = git(root, 'ls-files', '-z', '--cached', '--others', '--exclude-standard')
  const files = [...new Set(listed.split('\0'))]
    .filter((path) => isText(path) && existsSync(join(root, path)))
    .map((path) => ({ path, text: readFileSync(join(root, path), 'utf8') }))
  return repositoryOf(files, {
    today: git(root, 'log', '-1', '--format=%cs').trim(),
    machinePaths: machinePaths(root, process.env['HOME'] ?? ''),
  })
}

/** A repository made of `files`. Tests make small bad ones with it. */
export function repositoryOf(
  files: readonly TextFile[],
  { today = '2026-01-01', machinePaths = [] }: Partial<Pick<Repository, 'today' | 'machinePaths'>> = {},
): Repository {
  const manifests = files.filter((file) => posix.basename(file.path) === 'package.json')
  const workspaces = manifests.filter((file) => file.path !== 'package.json').map(workspaceOf)
  const root = manifests.find((file) => file.path === 'package.json')
  return { files, workspaces, manifest: root === undefined ? {} : manifestOf(root), machinePaths, today }
}

/** The files of `dir` and its subfolders. */
export function filesUnder(repository: Repository, dir: string): readonly TextFile[] {
  return repository.files.filter((file) => file.path.startsWith(`${dir}/`))
}

/** The file at `path`, if it is there. */
export function fileAt(repository: Repository, path: string): TextFile | undefined {
  return repository.files.find((file) => file.path === path)
}

/** Whether `path` is a test (an example, a property, a type test) or what only tests use: testing/, testdata/. */
export function isTest(path: string): boolean {
  return /\.test(-d)?\.ts$/.test(path) || /(^|\/)(testdata|fixtures|testing)\//.test(path)
}

/** Whether `path` is code of the pure packages that ships: the strictest laws hold there. */
export function isPureSource(path: string): boolean {
  return /^packages\/[^/]+\/src\/.*\.ts$/.test(path) && !isTest(path)
}

/** Whether `path` is code that this repository wrote. */
export function isCode(path: string): boolean {
  return /\.[cm]?[jt]sx?$/.test(path) && !/(^|\/)testdata\//.test(path)
}

function workspaceOf(file: TextFile): Workspace {
  const manifest = manifestOf(file)
  const dir = posix.dirname(file.path)
  const floor = dir.startsWith('packages/') ? 'pure' : dir.startsWith('apps/') ? 'app' : 'tool'
  return { dir, name: manifest.name ?? dir, floor, manifest }
}

function manifestOf(file: TextFile): Manifest {
  return JSON.parse(file.text) as Manifest
}

function git(root: string, ...args: string[]): string {
  return execFileSync('git', args, { cwd: root, encoding: 'utf8', maxBuffer: 1 << 28 })
}

// The lock file is the package manager's, and its hashes look like anything.
function isText(path: string): boolean {
  return (
    path !== 'pnpm-lock.yaml' &&
    /\.(\w?[jt]sx?|jsonc?|ya?ml|md|txt|sh|css|html|toml|conf|service)$|\/[^.]+$|^[^.]+$|^\.\w+$/.test(path)
  )
}

/** The home folder and the folder of the checkout, unless they are so short that they would be words of a path anywhere. */
function machinePaths(root: string, home: string): string[] {
  const segments = root.split('/').filter((segment) => segment !== '')
  const first = segments[0] ?? ''
  const isPersonal = !['tmp', 'var', 'usr', 'opt', 'mnt', 'srv', 'home', 'Users', 'app'].includes(first)
  const candidates = [root, home, isPersonal ? `/${first}` : root]
  return [...new Set(candidates)].filter((path) => path.length > 2).map((path) => `${path.replace(/\/$/, '')}/`)
}

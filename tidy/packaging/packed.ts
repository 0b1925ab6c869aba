import { execFileSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { checkPackage, createPackageFromTarballData } from '@arethetypeswrong/core'
import { problemKindInfo } from '@arethetypeswrong/core/problems'
import { publint } from 'publint'
import { formatMessage } from 'publint/utils'
import ts from 'typescript'

/** What a user of a package gets: the tarball that would be published, looked into. */
export interface Packed {
  /** The folder it was packed from, e.g. `packages/router`. */
  readonly dir: string
  readonly tarball: Uint8Array
  /** Paths inside the package. */
  readonly files: readonly string[]
  readonly manifest: PackedManifest
  readonly readFile: (path: string) => string
}

/** The members of the packed `package.json` that are looked at. */
export interface PackedManifest {
  readonly name: string
  readonly license?: string
  readonly type?: string
  readonly description?: string
  readonly sideEffects?: boolean
  readonly bin?: unknown
  readonly exports?: unknown
  readonly engines?: { readonly node?: string }
  readonly repository?: { readonly url?: string; readonly directory?: string }
  readonly scripts?: Readonly<Record<string, string>>
  readonly dependencies?: Readonly<Record<string, string>>
}

/** Packs the workspace in `dir` of the repository at `root`, as `pnpm publish` would, into the folder `into`. */
export function pack(root: string, dir: string, into: string): Packed {
  const output = execFileSync('pnpm', ['pack', '--json', '--pack-destination', into], {
    cwd: join(root, dir),
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const { filename } = JSON.parse(output) as { filename: string }
  return unpack(dir, readFileSync(filename))
}

function unpack(dir: string, tarball: Uint8Array): Packed {
  const content = createPackageFromTarballData(tarball)
  const prefix = `/node_modules/${content.packageName}/`
  const readFile = (path: string): string => content.readFile(prefix + path)
  return {
    dir,
    tarball,
    files: content.listFiles().map((path) => path.slice(prefix.length)),
    manifest: JSON.parse(readFile('package.json')) as PackedManifest,
    readFile,
  }
}

const INSTALL_SCRIPTS = ['preinstall', 'install', 'postinstall', 'prepublish', 'prepare', 'preprepare', 'postprepare']

/** What is wrong with a package as its users get it, by rules of our own. */
export function ownProblems({ dir, files, manifest }: Pick<Packed, 'dir' | 'files' | 'manifest'>): string[] {
  const text = JSON.stringify(manifest)
  const strange = files.filter((path) => !/^(package\.json|README\.md|LICENSE|CHANGELOG\.md|dist\/[^ ]+)$/.test(path))
  const scripts = Object.keys(manifest.scripts ?? {}).filter((name) => INSTALL_SCRIPTS.includes(name))
  const isLibrary = manifest.exports !== undefined && manifest.bin === undefined
  const rules: readonly (readonly [boolean, string])[] = [
    [files.includes('LICENSE'), 'has no LICENSE'],
    [files.includes('README.md'), 'has no README.md'],
    [files.some((path) => path.startsWith('dist/')), 'has no dist/: build first'],
    [!isLibrary || files.includes('dist/index.d.ts'), 'has no types'],
    [strange.length === 0, `has files that nobody needs: ${strange.join(', ')}`],
    [!text.includes('@lb/source'), 'still has the source condition: publishConfig.exports must drop it'],
    [!text.includes('workspace:'), 'still has a workspace: range'],
    [!isLibrary || manifest.sideEffects === false, 'does not say "sideEffects": false, so bundlers keep all of it'],
    [scripts.length === 0, `runs code at install time: ${scripts.join(', ')}`],
    [manifest.type === 'module', 'is not "type": "module"'],
    [manifest.license === 'MIT', 'does not say that its licence is MIT'],
    [(manifest.description ?? '').length > 20, 'has no description'],
    [manifest.engines?.node !== undefined, 'does not say which Node it needs'],
    [manifest.repository?.directory === dir, `does not say that it comes from ${dir} (repository.directory)`],
  ]
  return rules.filter(([holds]) => !holds).map(([, problem]) => problem)
}

/** What publint says, warnings and suggestions included. */
export async function publintProblems({ tarball }: Packed): Promise<string[]> {
  const buffer = new Uint8Array(tarball).buffer
  const { messages, pkg } = await publint({ strict: true, pack: { tarball: buffer } })
  return messages.map((message) => formatMessage(message, pkg, { color: false }) ?? message.code)
}

/** Ways of importing that our packages, being ES modules only, do not promise. */
const NOT_PROMISED = ['node10', 'node16-cjs']

/** Ways of importing for which the types are wrong. Empty for a package without an importable surface. */
export async function typeProblems({ tarball, manifest }: Packed): Promise<string[]> {
  if (manifest.exports === undefined) return []
  const result = await checkPackage(createPackageFromTarballData(tarball))
  if (!result.types) return ['has no types at all']
  return result.problems
    .filter((problem) => !('resolutionKind' in problem && NOT_PROMISED.includes(problem.resolutionKind)))
    .filter((problem) => !('resolutionOption' in problem && NOT_PROMISED.includes(problem.resolutionOption)))
    .map((problem) => `${problem.kind}: ${problemKindInfo[problem.kind].shortDescription}`)
}

/** What a strict compiler with these libraries says about a program that imports `names` from the `node_modules` in `folder`. */
export function compileProblems(folder: string, names: readonly string[], lib: string[]): string[] {
  const file = join(folder, 'user.mts')
  writeFileSync(file, names.map((name, index) => `export * as user${index} from '${name}'\n`).join(''))
  const program = ts.createProgram([file], {
    strict: true,
    noEmit: true,
    skipLibCheck: false,
    exactOptionalPropertyTypes: true,
    target: ts.ScriptTarget.ES2022,
    module: ts.ModuleKind.NodeNext,
    moduleResolution: ts.ModuleResolutionKind.NodeNext,
    lib,
    types: [],
  })
  return ts
    .getPreEmitDiagnostics(program)
    .map(({ messageText, file: at }) => `${at?.fileName ?? ''}: ${ts.flattenDiagnosticMessageText(messageText, ' ')}`)
}

import type { Law, Violation } from '../law.ts'
import { fileAt, type Manifest, type Repository } from '../repository.ts'

const PAGE = 'docs/dependencies.md'
const EXACT = /^(npm:[^@]+@|npm:@[^@]+@)?\d+\.\d+\.\d+(-[\w.]+)?$/
/** What pnpm replaces by the version of the sibling when it packs. */
const OURS = /^workspace:[\^~*]$/

/**
 * Types of a runtime that a library's own types need: whichever its user has. They declare globals, and two versions of them in
 * one program contradict each other.
 */
const SHARED = /^>=\d+\.\d+\.\d+$/

/** What we did not write ourselves. */
export const dependencyLaws: readonly Law[] = [
  {
    name: 'exact-versions',
    says: 'Every dependency is pinned to one exact version, and the same one everywhere.',
    principle: 15,
    wayOut: 'write the version without ^ or ~; the newest that suits the oldest Node we support.',
    check: (repository) => [...inexact(repository), ...disagreeing(repository)],
  },
  {
    name: 'dependency-page',
    says: `${PAGE} has exactly one row for every dependency, sorted by name, with a sentence that says what for and why this one.`,
    principle: 15,
    wayOut: 'a dependency needs a sentence: add the row, or take the dependency out.',
    check: (repository) => pageProblems(repository).map((found) => ({ path: PAGE, found })),
  },
]

interface Declared {
  readonly path: string
  readonly name: string
  readonly version: string
  readonly isShared: boolean
}

function declared(repository: Repository): Declared[] {
  const manifests: { readonly path: string; readonly manifest: Manifest }[] = [
    { path: 'package.json', manifest: repository.manifest },
    ...repository.workspaces.map(({ dir, manifest }) => ({ path: `${dir}/package.json`, manifest })),
  ]
  return manifests.flatMap(({ path, manifest: { dependencies, devDependencies, optionalDependencies } }) => {
    const all = { ...dependencies, ...devDependencies, ...optionalDependencies }
    return Object.entries(all).map(([name, version]) => {
      const isShared = name.startsWith('@types/') && dependencies?.[name] === version && SHARED.test(version)
      return { path, name, version, isShared }
    })
  })
}

function isOurs(repository: Repository, name: string): boolean {
  return repository.workspaces.some((workspace) => workspace.name === name)
}

function inexact(repository: Repository): Violation[] {
  return declared(repository)
    .filter(({ name, version, isShared }) => !isShared && !(isOurs(repository, name) ? OURS : EXACT).test(version))
    .map(({ path, name, version }) => ({ path, found: `${name}: "${version}"` }))
}

function disagreeing(repository: Repository): Violation[] {
  const all = declared(repository).filter(({ isShared }) => !isShared)
  const first = new Map<string, string>()
  for (const { name, version } of all) if (!first.has(name)) first.set(name, version)
  return all
    .filter(({ name, version }) => !isOurs(repository, name) && first.get(name) !== version)
    .map(({ path, name, version }) => ({ path, found: `${name} ${version} here, ${first.get(name)} elsewhere` }))
}

function pageProblems(repository: Repository): string[] {
  const rows = rowsOf(fileAt(repository, PAGE)?.text ?? '')
  const names = rows.map(({ name }) => name)
  const external = new Set(
    declared(repository)
      .map(({ name }) => name)
      .filter((name) => !isOurs(repository, name)),
  )
  const unsorted = names.find((name, index) => index > 0 && name < (names[index - 1] ?? ''))
  return [
    ...[...external].filter((name) => !names.includes(name)).map((name) => `lacks a row for ${name}`),
    ...names.filter((name) => !external.has(name)).map((name) => `has a row for ${name}, which nobody depends on`),
    ...names.filter((name, index) => names.indexOf(name) !== index).map((name) => `has two rows for ${name}`),
    ...rows.filter(({ sentence }) => sentence.length < 20).map(({ name }) => `does not say what ${name} is for`),
    ...(unsorted === undefined ? [] : [`is not sorted: ${unsorted} stands too low`]),
  ]
}

/** The rows of all tables on the page: the first cell is a package in backquotes, the rest is the sentence. */
function rowsOf(page: string): { readonly name: string; readonly sentence: string }[] {
  return [...page.matchAll(/^\|\s*`([^`]+)`\s*\|(.*)\|\s*$/gm)].map(({ 1: name = '', 2: rest = '' }) => ({
    name,
    sentence: rest.replace(/\|/g, ' ').trim(),
  }))
}

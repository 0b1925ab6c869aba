import type { Place } from './yaml/place.ts'
import type { Path, Tree } from './yaml/tree.ts'

/**
 * One thing to say about a configuration file.
 *
 * An `error` keeps the file from being used. A `notice` does not: a key without effect any more, a route that is skipped.
 * No message contains a secret, and none repeats a wrong value that came from an environment variable.
 */
export interface ConfigProblem {
  readonly severity: 'error' | 'notice'
  /** The key: `providers[0].auth_value`; empty when the text as a whole is meant. */
  readonly path: string
  /** One-based. */
  readonly line: number
  /** One-based, in UTF-16 units, as editors count. */
  readonly column: number
  /** What is wrong, in lower case and without a full stop. */
  readonly message: string
  /** What to do about it: `did you mean "type"?`. */
  readonly suggestion?: string
  /** Set when the value did not come from the file but from the command line: `--port`. Line and column then say 1. */
  readonly flag?: string
}

/**
 * The problems as lines for people, one each, in the order of the file; `file:line:column` is what editors and terminals
 * make clickable.
 *
 * @example
 *   formatProblems(problems, 'config.yaml')
 *   // config.yaml:12:5: providers[0].tpye: unknown key; did you mean "type"?
 *   // config.yaml:30:3: notice: settings.reload_includes: no effect: lb watches its own configuration file, nothing else
 */
export function formatProblems(problems: readonly ConfigProblem[], fileName: string): string {
  return problems.map((problem) => formatProblem(problem, fileName)).join('\n')
}

function formatProblem(
  { severity, path, line, column, message, suggestion, flag }: ConfigProblem,
  file: string,
): string {
  const where = flag ?? `${file}:${line}:${column}`
  const notice = severity === 'notice' ? 'notice: ' : ''
  const key = path === '' ? '' : `${path}: `
  return `${where}: ${notice}${key}${message}${suggestion === undefined ? '' : `; ${suggestion}`}`
}

/** `['providers', 0, 'auth_value']` → `providers[0].auth_value`; names that are not plain words are quoted. */
export function formatPath(path: Path): string {
  let text = ''
  for (const step of path) {
    if (typeof step === 'number') text += `[${step}]`
    else if (!/^[A-Za-z_][\w-]{0,63}$/.test(step)) text += `[${JSON.stringify(shortened(step))}]`
    else text += text === '' ? step : `.${step}`
  }
  return text
}

function shortened(name: string): string {
  return name.length > 64 ? `${name.slice(0, 64)}…` : name
}

/** What a finding is about: the value at a path, or the key itself. */
type Part = 'value' | 'key'

/** Collects what the reader and the checks find, by path, and knows where each path stands in the text. */
export class Findings {
  readonly #problems: (ConfigProblem & { readonly at: number })[] = []
  /** Every path with an error at or below it. */
  readonly #errorPaths = new Set<string>()
  readonly #tree: Tree
  readonly #place: (offset: number) => Place

  constructor(tree: Tree, place: (offset: number) => Place) {
    this.#tree = tree
    this.#place = place
  }

  /** An error at `path`, unless something at or below it is already wrong: then this one would only be a consequence. */
  error(path: Path, message: string, suggestion?: string, part: Part = 'value'): void {
    if (this.hasErrorUnder(path)) return
    this.#addError(locate(this.#tree, path, part), path, message, suggestion)
  }

  notice(path: Path, message: string, suggestion?: string, part: Part = 'value'): void {
    this.#add('notice', locate(this.#tree, path, part), path, message, suggestion)
  }

  /** An error at a place that the tree does not have (any more): a second key of the same name. */
  errorAt(at: number, path: Path, message: string, suggestion?: string): void {
    this.#addError({ at }, path, message, suggestion)
  }

  noticeAt(at: number, path: Path, message: string, suggestion?: string): void {
    this.#add('notice', { at }, path, message, suggestion)
  }

  /** Whether an error was found at `path` or below it. */
  hasErrorUnder(path: Path): boolean {
    return this.#errorPaths.has(JSON.stringify(path))
  }

  get hasErrors(): boolean {
    return this.#errorPaths.size > 0
  }

  /** Everything found, in the order of the text. */
  sorted(): ConfigProblem[] {
    return [...this.#problems].sort((a, b) => a.at - b.at).map(({ at: _, ...problem }) => problem)
  }

  #addError(spot: Spot, path: Path, message: string, suggestion?: string): void {
    for (let length = 0; length <= path.length; length++) this.#errorPaths.add(JSON.stringify(path.slice(0, length)))
    this.#add('error', spot, path, message, suggestion)
  }

  #add(
    severity: ConfigProblem['severity'],
    { at, flag }: Spot,
    path: Path,
    message: string,
    suggestion?: string,
  ): void {
    this.#problems.push({
      at,
      severity,
      path: formatPath(path),
      ...this.#place(at),
      message,
      ...(suggestion === undefined ? {} : { suggestion }),
      ...(flag === undefined ? {} : { flag }),
    })
  }
}

interface Spot {
  readonly at: number
  readonly flag?: string
}

/** The place of `path` in the tree; of a key that is not there, the place of the key or list entry that lacks it. */
function locate(tree: Tree, path: Path, part: Part): Spot {
  let node = tree
  let keyAt = tree.at
  for (const step of path) {
    const entry = node.kind === 'map' ? node.entries.get(String(step)) : undefined
    const child = entry?.value ?? (node.kind === 'list' ? node.items[Number(step)] : undefined)
    if (child === undefined) return { at: keyAt }
    keyAt = entry?.keyAt ?? child.at
    node = child
  }
  if (node.kind === 'scalar' && node.flag !== undefined) return { at: 0, flag: node.flag }
  return { at: part === 'key' ? keyAt : node.at }
}

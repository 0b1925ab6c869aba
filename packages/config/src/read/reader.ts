import * as v from 'valibot'
import type { Entry, Item, Keys, Obsolete, SectionOf } from '../keys/entry.ts'
import { rootKeys } from '../keys/root-keys.ts'
import type { Findings } from '../problem.ts'
import { isNull, type Path, type Tree, type TreeMap } from '../yaml/tree.ts'
import type { Environment } from './env.ts'
import { namedEntries } from './key-list.ts'
import { configKey } from './key-name.ts'
import { schemaOf, type ValueRule } from './kinds.ts'
import { LeafReader } from './leaf.ts'
import { absent, found, type Reading, wrong } from './reading.ts'
import { bare, nearest } from './suggest.ts'

/** An entry with a value. */
type Live = Exclude<Entry, Obsolete>

/**
 * Walks the tree along the entries and makes the normalized values; what does not fit is reported and replaced by its
 * default, so that one mistake hides no other.
 *
 * Left out, `null` and the empty text are the same: the default. That makes `proxy:` and `proxy: ${PROXY:-}` harmless.
 */
export class Reader {
  readonly #findings: Findings
  readonly #leaves: LeafReader
  /** Where each object that was read stands, for the checks that come later. */
  readonly #paths = new WeakMap<object, Path>()
  /** Off inside of what is disabled: a variable that only a disabled provider names need not be set. */
  #strict = true

  constructor(findings: Findings, env: Environment) {
    this.#findings = findings
    this.#leaves = new LeafReader(findings, env)
  }

  /** The path of an object that this reader made. */
  pathOf(made: object): Path {
    return this.#paths.get(made) ?? []
  }

  /** Reads a group of keys. `undefined`: a required one is missing or wrong, or there is something else in its place. */
  section<K extends Keys>(tree: Tree | undefined, keys: K, path: Path): SectionOf<K> | undefined {
    const entries = this.#entriesOf(tree, keys, path)
    if (entries === undefined) return undefined
    for (const key of entries.keys()) {
      if (!Object.hasOwn(keys, key)) this.#unknownKey(key, keys, path)
    }
    const result: Record<string, unknown> = {}
    const strictOutside = this.#strict
    let complete = true
    for (const [name, entry] of enabledFirst(keys)) {
      const value = this.#entry(entries.get(name)?.value, entry, [...path, name])
      if (value !== undefined) result[configKey(name, entry.kind)] = value
      else if ('required' in entry) complete = false
      if (name === 'enabled' && value === false) this.#strict = false
    }
    this.#strict = strictOutside
    this.#paths.set(result, path)
    // The one cast of the reader: `result` was built along `keys`, entry by entry, as the type is.
    return complete ? (result as SectionOf<K>) : undefined
  }

  /** The value of one key, its default, or `undefined`. */
  #entry(tree: Tree | undefined, entry: Entry, path: Path): unknown {
    if (entry.kind === 'obsolete') {
      if (tree !== undefined) this.#findings.notice(path, `no effect: ${entry.instead}`, undefined, 'key')
      return undefined
    }
    const reading = tree === undefined ? absent : this.#item(tree, entry, path)
    if (reading.kind === 'value') return reading.value
    if (reading.kind === 'absent' && 'required' in entry && this.#strict) this.#findings.error(path, 'missing')
    return this.#default(entry, path)
  }

  #default(entry: Live, path: Path): unknown {
    switch (entry.kind) {
      case 'section':
        return entry.optional ? undefined : this.section(undefined, entry.keys, path)
      case 'dictionary':
        return []
      case 'list':
        return entry.optional ? undefined : (entry.default ?? [])
      default:
        // Defaults are written in the units of the file, and converted like its values.
        return entry.default === undefined ? undefined : v.parse(schemaOf(entry), entry.default)
    }
  }

  #item(tree: Tree, item: Live | Item, path: Path): Reading<unknown> {
    switch (item.kind) {
      case 'section':
        return this.#section(tree, item.keys, path)
      case 'list':
        return this.#list(tree, item.of, path)
      case 'dictionary':
        return this.#dictionary(tree, item.of, path)
      case 'profile':
        return tree.kind === 'map' ? found(this.#leaves.json(tree, path, this.#strict)) : this.#leaf(tree, item, path)
      default:
        return this.#leaf(tree, item, path)
    }
  }

  #leaf(tree: Tree, item: ValueRule, path: Path): Reading<unknown> {
    return this.#leaves.read(tree, item, path, this.#strict)
  }

  #section(tree: Tree, keys: Keys, path: Path): Reading<unknown> {
    if (isNull(tree)) return absent
    const value = this.section(tree, keys, path)
    return value === undefined ? wrong : found(value)
  }

  #list(tree: Tree, of: Item, path: Path): Reading<readonly unknown[]> {
    if (isNull(tree)) return absent
    if (tree.kind !== 'list') {
      const entry = of.kind === 'section' ? `{ ${foremostKey(of.keys)}: … }` : '…'
      const suggestion = tree.kind === 'map' ? 'begin every entry with "- "' : `write [${entry}]`
      return this.#leaves.unexpected(tree, 'a list', path, suggestion)
    }
    const readings = tree.items.map((child, index) => this.#item(child, of, [...path, index]))
    return found(readings.flatMap((reading) => (reading.kind === 'value' ? [reading.value] : [])))
  }

  #dictionary(tree: Tree, of: Item, path: Path): Reading<readonly (readonly [string, unknown])[]> {
    if (isNull(tree)) return absent
    if (tree.kind !== 'map') return this.#leaves.unexpected(tree, 'names with values', path)
    const values: (readonly [string, unknown])[] = []
    for (const [name, { value }] of tree.entries) {
      const reading = this.#item(value, of, [...path, name])
      if (reading.kind === 'value') values.push([name, reading.value])
    }
    return found(values)
  }

  #entriesOf(tree: Tree | undefined, keys: Keys, path: Path): TreeMap['entries'] | undefined {
    if (tree === undefined || isNull(tree)) return new Map()
    if (tree.kind === 'map') return tree.entries
    const suggestion =
      tree.kind === 'list' ? 'write the keys without dashes or brackets' : `write { ${foremostKey(keys)}: … }`
    this.#leaves.unexpected(tree, 'keys with values', path, path.length === 0 ? undefined : suggestion)
    return undefined
  }

  #unknownKey(key: string, keys: Keys, path: Path): void {
    const known = Object.keys(keys).filter((name) => keys[name]?.kind !== 'obsolete')
    const other = otherWords.get(bare(key))
    const near = nearest(key, known) ?? known.find((name) => name === other)
    const meant = near === undefined ? homeOf(key, path) : `"${near}"`
    const suggestion = meant === undefined ? undefined : `did you mean ${meant}?`
    this.#findings.error([...path, key], 'unknown key', suggestion, 'key')
  }
}

/** What comparable tools call keys of lb, by their bare letters. */
const otherWords: ReadonlyMap<string, string> = new Map([
  ['apibase', 'base_url'],
  ['apikey', 'auth_value'],
  ['endpoint', 'base_url'],
  ['host', 'base_url'],
  ['key', 'auth_value'],
  ['keys', 'auth_values'],
  ['routes', 'model_routes'],
  ['secret', 'auth_value'],
  ['strategy', 'selection_strategy'],
  ['token', 'auth_value'],
  ['url', 'base_url'],
])

/**
 * Where else there is a key of this name: `host` → `settings.host`. One below the place where it was written goes first; a
 * key of another entry's list that only has the same name, such as a client key's `models`, is no answer.
 */
function homeOf(name: string, path: Path): string | undefined {
  const homes = [...namedEntries(rootKeys)].filter((key) => key.name === name && key.entry.kind !== 'obsolete')
  const below = `${path.filter((step) => typeof step === 'string').join('.')}.`
  const inside = homes.find((key) => key.path.replaceAll('[]', '').startsWith(below))
  const isInList = path.some((step) => typeof step === 'number')
  const outside = homes.find((key) => !(isInList && key.path.startsWith('settings.')))
  return (inside ?? outside)?.path
}

/** The key that whoever wrote a single value most likely means: the first required one, else the switch. */
function foremostKey(keys: Keys): string | undefined {
  const [first] = Object.entries(keys).toSorted(([a, one], [b, other]) => rank(a, one) - rank(b, other))
  return first?.[0]
}

function rank(name: string, entry: Entry): number {
  return 'required' in entry ? 0 : name === 'enabled' ? 1 : 2
}

/** `enabled` goes first, because it says how strictly the others are read. */
function enabledFirst(keys: Keys): [string, Entry][] {
  const entries = Object.entries(keys)
  return [...entries.filter(([name]) => name === 'enabled'), ...entries.filter(([name]) => name !== 'enabled')]
}

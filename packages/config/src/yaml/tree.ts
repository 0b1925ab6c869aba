import {
  type Alias,
  Composer,
  isAlias,
  isMap,
  isSeq,
  type ParsedNode,
  type Scalar,
  type YAMLMap,
  type YAMLSeq,
} from 'yaml'
import { controlFaults } from './control-characters.ts'
import { type Place, placesIn } from './place.ts'
import { syntaxFaults } from './syntax.ts'
import { limitedTokens, textLimits } from './tokens.ts'

/**
 * A parsed text as lb reads it: three kinds of node, each knowing where it stands. Aliases are resolved (two parents may
 * share a node), every key is a text, and the file is small enough to walk without a second thought.
 */
export type Tree = TreeScalar | TreeList | TreeMap

export interface TreeScalar extends Extent {
  readonly kind: 'scalar'
  /** The text as written, without quotes, escapes resolved. */
  readonly text: string
  /** What the YAML 1.2 core schema makes of it. */
  readonly value: null | boolean | number | string
  /** Written without quotes. */
  readonly plain: boolean
  /** Not from the file but from the command line: how it was called there, `--port`. */
  readonly flag?: string
}

export interface TreeList extends Extent {
  readonly kind: 'list'
  readonly items: readonly Tree[]
}

export interface TreeMap extends Extent {
  readonly kind: 'map'
  /** In the order of the file. */
  readonly entries: ReadonlyMap<string, TreeEntry>
}

export interface TreeEntry {
  readonly keyAt: number
  readonly value: Tree
}

interface Extent {
  /** Offset of its first character in the text. */
  readonly at: number
  /** Nodes in it and levels of it, aliases expanded: what walking it costs. */
  readonly size: number
  readonly depth: number
}

/** Whether nothing is written: an empty value, `null` or `~`. */
export function isNull(tree: Tree): boolean {
  return tree.kind === 'scalar' && tree.value === null
}

/** Something wrong with the text itself, before any key has a meaning. */
export interface Fault {
  readonly at: number
  readonly message: string
  readonly suggestion?: string
  /** Where in the tree; empty while there is none. */
  readonly path: Path
}

/** Keys and positions from the root down. */
export type Path = readonly (string | number)[]

/** What became of a text. `tree` is missing when the text could not be read at all. */
export interface ParsedText {
  readonly tree?: Tree
  readonly faults: readonly Fault[]
  place(offset: number): Place
}

/** Nodes after aliases are expanded: a chain of nine aliases can stand for a billion. */
const sizeLimit = 200_000

/** Reads YAML text into a tree. Never throws, whatever the text. */
export function parseYaml(text: string): ParsedText {
  const place = placesIn(text)
  const faults = controlFaults(text)
  // One of them can end the text for whoever reads it elsewhere, so nothing behind it is judged.
  if (faults.length > 0) return { faults, place }
  const composer = new Composer({
    version: '1.2',
    schema: 'core',
    merge: false,
    uniqueKeys: false,
    resolveKnownTags: false,
    logLevel: 'silent',
  })
  const [document, another] = [...composer.compose(limitedTokens(text, faults), true, text.length)]
  if (faults.length > 0 || document === undefined) return { faults, place }
  faults.push(...syntaxFaults(text, document.errors, place))
  if (another !== undefined) {
    faults.push({
      at: another.range[0],
      path: [],
      message: 'a second YAML document (---)',
      suggestion: 'write one document per file',
    })
  }
  if (faults.length > 0) return { faults, place }
  const builder = new TreeBuilder(faults, place)
  const tree = document.contents === null ? nothing(0) : builder.build(document.contents, [])
  if (tree.size > sizeLimit || tree.depth > textLimits.depth) {
    return {
      faults: [
        { at: 0, path: [], message: 'the aliases (*name) stand for too much', suggestion: 'write the values out' },
      ],
      place,
    }
  }
  return { tree, faults, place }
}

/** A value that was left out. */
function nothing(at: number): TreeScalar {
  return { kind: 'scalar', at, text: '', value: null, plain: true, size: 1, depth: 0 }
}

class TreeBuilder {
  /** The node of each anchor; `undefined` while it is being built, when a use of it would be endless. */
  readonly #anchors = new Map<string, Tree | undefined>()
  readonly #faults: Fault[]
  readonly #place: (offset: number) => Place

  constructor(faults: Fault[], place: (offset: number) => Place) {
    this.#faults = faults
    this.#place = place
  }

  build(node: ParsedNode, path: Path): Tree {
    if (isAlias(node)) return this.#alias(node, path)
    const { anchor } = node
    if (anchor !== undefined) this.#anchors.set(anchor, undefined)
    const tree = isMap(node) ? this.#map(node, path) : isSeq(node) ? this.#list(node, path) : scalar(node)
    if (anchor !== undefined) this.#anchors.set(anchor, tree)
    return tree
  }

  #alias(node: Alias.Parsed, path: Path): Tree {
    const [at] = node.range
    const target = this.#anchors.get(node.source)
    if (target !== undefined) return { ...target, at }
    this.#faults.push({
      at,
      path,
      // Its name is not repeated: it may be a key that begins with a star.
      message: 'the alias (*name) has no anchor before it',
      suggestion: 'put it in quotes if it is a text, or mark the value with &name first',
    })
    return nothing(at)
  }

  #list(node: YAMLSeq.Parsed, path: Path): TreeList {
    const items = node.items.map((item, index) => this.build(item, [...path, index]))
    return { kind: 'list', at: node.range[0], items, ...extent(items) }
  }

  #map(node: YAMLMap.Parsed, path: Path): TreeMap {
    const entries = new Map<string, TreeEntry>()
    for (const pair of node.items) {
      const keyNode = this.build(pair.key, path)
      const key = this.#key(keyNode, path)
      if (key === undefined) continue
      const value = pair.value === null ? nothing(keyNode.at) : this.build(pair.value, [...path, key])
      const first = entries.get(key)
      if (first === undefined) entries.set(key, { keyAt: keyNode.at, value })
      else this.#duplicate(keyNode.at, first.keyAt, [...path, key])
    }
    return { kind: 'map', at: node.range[0], entries, ...extent([...entries.values()].map((entry) => entry.value)) }
  }

  /** The text of a key, or `undefined` for what cannot be one. */
  #key(key: Tree, path: Path): string | undefined {
    if (key.kind !== 'scalar' || key.text === '') {
      this.#faults.push({ at: key.at, path, message: 'a key must be a plain text' })
      return undefined
    }
    if (key.text !== '<<' || !key.plain) return key.text
    const suggestion = 'write the keys out; an alias may stand for a whole value'
    this.#faults.push({ at: key.at, path, message: 'merge keys (<<) are not read', suggestion })
    return undefined
  }

  #duplicate(at: number, firstAt: number, path: Path): void {
    const suggestion = `it is already in line ${this.#place(firstAt).line}; remove one of them`
    this.#faults.push({ at, path, message: 'duplicate key', suggestion })
  }
}

function scalar(node: Scalar.Parsed): TreeScalar {
  const value = node.value
  const plain = node.type === 'PLAIN'
  const known = value === null || typeof value === 'boolean' || typeof value === 'number' ? value : String(value)
  return { kind: 'scalar', at: node.range[0], text: node.source, value: known, plain, size: 1, depth: 0 }
}

function extent(children: readonly Tree[]): { size: number; depth: number } {
  let size = 1
  let depth = 0
  for (const child of children) {
    size += child.size
    depth = Math.max(depth, child.depth)
  }
  return { size, depth: depth + 1 }
}

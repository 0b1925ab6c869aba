import type { Tree, TreeScalar } from '../yaml/tree.ts'

/** A scalar with its variables filled in. */
export interface FilledScalar {
  readonly node: TreeScalar
  readonly text: string
  /** Not written as it stands: from a variable or the command line, where everything is text. */
  readonly computed: boolean
}

type Coercion =
  | { readonly ok: true; readonly value: string | number | boolean }
  | { readonly ok: false; readonly message: string; readonly suggestion?: string }

/**
 * Reads a scalar as what its key wants.
 *
 * Text wanted: what is written, so that `app_version: 1.10` keeps its zero. Number or flag wanted: the plain YAML value,
 * the YAML 1.1 words that the predecessor's parser knew (`yes`, `off`, `1_000`), and texts that were computed from
 * variables or flags. A quoted text is meant as a text, so it is no number.
 */
export function coerce(filled: FilledScalar, shape: 'string' | 'number' | 'boolean'): Coercion {
  const { node, text, computed } = filled
  if (shape === 'string') return { ok: true, value: text }
  const value = shape === 'number' ? asNumber(node, text) : asFlag(text, computed)
  const message = shape === 'number' ? 'must be a number' : 'must be true or false'
  if (value === undefined) return { ok: false, message }
  return node.plain || computed ? { ok: true, value } : { ok: false, message, suggestion: 'remove the quotes' }
}

function asNumber(node: TreeScalar, text: string): number | undefined {
  if (typeof node.value === 'number') return Number.isNaN(node.value) ? undefined : node.value
  return /^\s*[+-]?\d[\d_]*(\.\d*)?(e[+-]?\d+)?\s*$/i.test(text) ? Number(text.replaceAll('_', '')) : undefined
}

const flagWords: { readonly [word: string]: boolean } = {
  true: true,
  yes: true,
  on: true,
  false: false,
  no: false,
  off: false,
}

function asFlag(text: string, computed: boolean): boolean | undefined {
  const word = text.trim().toLowerCase()
  // `ENABLED=1` is how shells say yes; in YAML, 1 is a number.
  if (computed && (word === '1' || word === '0')) return word === '1'
  return Object.hasOwn(flagWords, word) ? flagWords[word] : undefined
}

/** Longest value that a message repeats. A key that cannot be guessed is longer, wherever it got to by mistake. */
const shownUnits = 20

/** What stands at a place, in words for a message. */
export function describe(tree: Tree): string {
  if (tree.kind === 'list') return 'a list'
  if (tree.kind === 'map') return 'keys with values'
  return tree.text.length > shownUnits ? 'a longer text' : `"${tree.text}"`
}

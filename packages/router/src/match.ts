/** Patterns of models, as the keys of `model_routes` are written. */
export interface Patterned {
  /** A model name, or a glob: `*` any text, `?` any one character, everything else is itself. */
  readonly pattern: string
}

/** A longer name is no model's. It matches nothing, so that nobody can make us compare megabytes. */
const MODEL_NAME_MAX = 512

/**
 * The rules that apply to `model`, best first: the one that is written exactly so, then all others that match, in the
 * order of the file and without regard to case.
 */
export function matchRules<T extends Patterned>(rules: readonly T[], model: string): T[] {
  if (model.length > MODEL_NAME_MAX) return []
  const lower = model.toLowerCase()
  const exact = rules.filter(({ pattern }) => pattern === model)
  const others = rules.filter(({ pattern }) => pattern !== model && matchesGlob(pattern.toLowerCase(), lower))
  return [...exact, ...others]
}

/**
 * Whether the whole of `text` is what `glob` says. Two pointers and one place to come back to: the time is at most
 * |glob|·|text|, whatever the user wrote.
 */
export function matchesGlob(glob: string, text: string): boolean {
  let g = 0
  let t = 0
  let star = -1
  let resume = 0
  while (t < text.length) {
    if (glob[g] === '*') {
      star = g
      resume = t
      g += 1
    } else if (glob[g] === '?' || glob[g] === text[t]) {
      g += 1
      t += 1
    } else if (star >= 0) {
      // The last star takes one character more.
      resume += 1
      t = resume
      g = star + 1
    } else {
      return false
    }
  }
  while (glob[g] === '*') g += 1
  return g === glob.length
}

import type { Notes } from '../notes.ts'

/** Members that a part of a request may have: those that are converted, or reported where that is tried. */
export type Members = ReadonlySet<string>

/** The members with these names, and the type. */
// @__NO_SIDE_EFFECTS__
export function members(...names: readonly string[]): Members {
  return new Set(['type', ...names])
}

/** Reports the other members of a part of a request: they stay behind, and nobody looks at them. */
export function reportMembers(part: object, known: Members, path: string, notes: Notes): void {
  for (const [name, value] of Object.entries(part)) {
    if (known.has(name) || value === undefined || value === null || value === false) continue
    notes.loss(withoutTwin.has(name) ? 'feature_dropped' : 'unknown_field', `${path}/${name}`, name)
  }
}

/** These are known to have no twin. */
const withoutTwin: Members = members('toolset_name', 'audio', 'extra_content', 'exclude', 'summary', 'description')

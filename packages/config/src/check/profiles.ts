import type { JsonObject } from '@lb/protocol'
import type { Dialect, ProviderFields } from '../config.ts'
import type { Findings } from '../problem.ts'
import { nearest } from '../read/suggest.ts'
import type { Path } from '../yaml/tree.ts'

/**
 * The vendors' profiles that a provider of a dialect may name. They belong to whoever converts requests, so the caller brings
 * them.
 */
export interface KnownProfiles {
  /** What `profile: name` and `base: name` may say. */
  readonly names: readonly string[]
  /** What `profile: { … }` may change beside `base`. */
  readonly fields: readonly string[]
  /** What is wrong with the values of those that it changes; `field` may lead into them: `models[0].set.images`. */
  problemsWith(changes: JsonObject): readonly { readonly field: string; readonly message: string }[]
}

/** Reports a profile that does not exist, or whose properties make no sense. */
export function checkProfile(
  { profile }: ProviderFields,
  dialect: Dialect,
  profiles: Readonly<Record<Dialect, KnownProfiles>>,
  path: Path,
  findings: Findings,
): void {
  const known = profiles[dialect]
  const { names, fields } = known
  const at = [...path, 'profile']
  if (typeof profile === 'string') checkName(profile, names, dialect, at, findings)
  if (typeof profile !== 'object') return
  const { base, ...changes } = profile
  if (base !== undefined) checkName(base, names, dialect, [...at, 'base'], findings)
  const written = Object.entries(changes)
  for (const [name] of written) {
    if (!fields.includes(name)) findings.error([...at, name], 'unknown property', suggestionFor(name, fields), 'key')
  }
  const values = Object.fromEntries(written.filter(([name]) => fields.includes(name)))
  for (const { field, message } of known.problemsWith(values)) findings.error([...at, ...stepsOf(field)], message)
}

/** `models[0].set.images` as the steps that lead there. */
function stepsOf(field: string): Path {
  const steps = field.split(/[.[\]]+/).filter((step) => step !== '')
  return steps.map((step) => (/^\d+$/.test(step) ? Number(step) : step))
}

function checkName(name: unknown, names: readonly string[], dialect: Dialect, path: Path, findings: Findings): void {
  if (typeof name === 'string' && names.includes(name)) return
  const message = `there is no such profile for the dialect "${dialect}"`
  const all = `there are ${names.join(', ')}`
  findings.error(path, message, (typeof name === 'string' ? suggestionFor(name, names) : undefined) ?? all)
}

function suggestionFor(word: string, known: readonly string[]): string | undefined {
  const meant = nearest(word, known)
  return meant === undefined ? undefined : `did you mean "${meant}"?`
}

import type { Entry, Item, Keys, Obsolete } from '../keys/entry.ts'

/** One key with its full name, as the guide writes it: `providers[].auth_values[].weight`, `usage.prices.*.input`. */
export interface NamedEntry {
  readonly name: string
  readonly path: string
  readonly entry: Entry
}

/** All keys below `keys`, depth first, in the order of the entries. */
export function* namedEntries(keys: Keys, prefix = ''): Generator<NamedEntry> {
  for (const [name, entry] of Object.entries(keys)) {
    const path = prefix === '' ? name : `${prefix}.${name}`
    yield { name, path, entry }
    if (entry.kind !== 'obsolete') yield* insideOf(entry, path)
  }
}

function* insideOf(entry: Exclude<Entry, Obsolete> | Item, path: string): Generator<NamedEntry> {
  if (entry.kind === 'section') yield* namedEntries(entry.keys, path)
  else if (entry.kind === 'list') yield* insideOf(entry.of, `${path}[]`)
  else if (entry.kind === 'dictionary') yield* insideOf(entry.of, `${path}.*`)
}

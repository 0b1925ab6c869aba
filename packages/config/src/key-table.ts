import type { Entry, Item, Keys, Leaf, Obsolete } from './keys/entry.ts'
import { rootKeys } from './keys/root-keys.ts'
import { namedEntries } from './read/key-list.ts'

/**
 * The tables of `docs/guides/configuration.md`, from the same entries as the reader: every key with type, default and
 * meaning, one table per section, and the obsolete keys with what replaces them.
 */
export function keyTables(): string {
  return [...groups()].map(({ title, about, rows }) => `${title}\n\n${about}\n\n${table(rows)}`).join('\n\n')
}

/** The keys that have no effect any more. */
export function obsoleteTable(): string {
  const rows = [...namedEntries(rootKeys)].flatMap(({ path, entry }) =>
    entry.kind === 'obsolete' ? [`| \`${path}\` | ${cell(entry.instead)} |`] : [],
  )
  return ['| key | instead |', '|---|---|', ...rows].join('\n')
}

/** An entry with a value. */
type Live = Exclude<Entry, Obsolete>

interface Group {
  readonly title: string
  readonly about: string
  readonly rows: readonly { readonly path: string; readonly entry: Live }[]
}

function* groups(): Generator<Group> {
  yield* group('providers[]', rootKeys.providers.description, rootKeys.providers.of.keys)
  yield* group('model_routes.<pattern>[]', rootKeys.model_routes.description, rootKeys.model_routes.of.of.keys)
  yield* group('settings', 'General keys; the sections follow.', leavesOf(rootKeys.settings.keys))
  for (const [name, entry] of Object.entries(rootKeys.settings.keys)) {
    const section: Entry = entry
    if (section.kind === 'section') yield* group(`settings.${name}`, section.description, section.keys)
  }
}

function* group(name: string, about: string, keys: Keys): Generator<Group> {
  const rows = [...namedEntries(keys)].flatMap(({ path, entry }) =>
    entry.kind === 'obsolete' ? [] : [{ path, entry }],
  )
  yield { title: `### \`${name}\``, about, rows }
}

function leavesOf(keys: Keys): Keys {
  return Object.fromEntries(Object.entries(keys).filter(([, entry]) => entry.kind !== 'section'))
}

function table(rows: Group['rows']): string {
  const lines = rows.map(({ path, entry }) => {
    const since = entry.since === 'predecessor' ? '' : 'new'
    const cells = [`\`${path}\``, cell(typeName(entry)), defaultText(entry), since, cell(entry.description)]
    return `| ${cells.join(' | ')} |`
  })
  return ['| key | type | default | | meaning |', '|---|---|---|---|---|', ...lines].join('\n')
}

function defaultText(entry: Live): string {
  if ('required' in entry) return '*required*'
  if (!('default' in entry)) return ''
  return Array.isArray(entry.default) ? `\`[${entry.default.join(', ')}]\`` : `\`${entry.default}\``
}

const typeNames: { readonly [Kind in Leaf['kind']]: string } = {
  text: 'text',
  'text-or-empty': 'text',
  host: 'name or address',
  secret: 'secret',
  flag: 'true, false',
  integer: 'whole number',
  number: 'number',
  seconds: 'seconds',
  'seconds-or-off': 'seconds',
  url: 'URL',
  proxy: 'URL',
  pattern: 'pattern',
  sha256: '64 hex digits',
  profile: 'name or keys',
}

function typeName(item: Live | Item): string {
  switch (item.kind) {
    case 'section':
      return 'keys'
    case 'list':
      return `list of ${item.of.kind === 'section' ? 'entries' : typeName(item.of)}`
    case 'dictionary':
      return `${item.names}: ${typeName(item.of)}`
    case 'one-of':
      return item.words.map((word) => `\`${word}\``).join(', ')
    default:
      return `${typeNames[item.kind]}${range(item)}`
  }
}

function range({ min = 0, max }: { readonly min?: number; readonly max?: number }): string {
  if (max !== undefined) return ` ${min}–${max}`
  return min === 0 ? '' : ` ≥ ${min}`
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|')
}

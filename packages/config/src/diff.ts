import type { Json } from '@lb/protocol'
import type { Config } from './config.ts'
import type { Entry, Keys } from './keys/entry.ts'
import { providerKeys } from './keys/provider-keys.ts'
import { routeKeys } from './keys/route-keys.ts'
import { settingsKeys } from './keys/settings-keys.ts'
import { configKey } from './read/key-name.ts'
import { Secret } from './secret.ts'

/** What a reload changes, in the words of the file. Secrets read `***` on both sides. */
export interface ConfigDiff {
  readonly providers: {
    /** {@link Provider.id}s. */
    readonly added: readonly string[]
    readonly removed: readonly string[]
    readonly changed: readonly { readonly provider: string; readonly changes: readonly KeyChange[] }[]
  }
  readonly routes: {
    readonly added: readonly string[]
    readonly removed: readonly string[]
    readonly changed: readonly { readonly route: string; readonly changes: readonly KeyChange[] }[]
    /** The same patterns or routes in another order, which can change which one is used. */
    readonly reordered: boolean
  }
  readonly settings: readonly KeyChange[]
  /** Keys of `settings` that changed but count only after a restart: host and port. */
  readonly restart: readonly string[]
  /** Nothing at all changed. */
  readonly unchanged: boolean
}

/** One key with another value; a side is missing when the key is. */
export interface KeyChange {
  /** As in the file, from the provider, route or `settings` down: `timeouts.streaming.read_timeout`. */
  readonly key: string
  readonly from?: Json
  readonly to?: Json
}

/**
 * Compares two configurations.
 *
 * @example
 *   describeDiff(before, after).settings  // → [{ key: 'timeouts.streaming.read_timeout', from: 120, to: 60 }]
 */
export function describeDiff(before: Config, after: Config): ConfigDiff {
  const providers = compareNamed(providersOf(before), providersOf(after), comparedProviderKeys)
  const routes = compareNamed(routesOf(before), routesOf(after), routeKeys)
  const settings = [...changes(settingsKeys, before.settings, after.settings)]
  const { reordered, ...routeChanges } = routes
  const counted = [
    providers.added,
    providers.removed,
    providers.changed,
    routes.added,
    routes.removed,
    routes.changed,
    settings,
  ]
  return {
    providers: {
      added: providers.added,
      removed: providers.removed,
      changed: providers.changed.map(({ name, changes }) => ({ provider: name, changes })),
    },
    routes: {
      ...routeChanges,
      changed: routes.changed.map(({ name, changes }) => ({ route: name, changes })),
      reordered,
    },
    settings,
    restart: settings.map(({ key }) => key).filter((key) => restartKeys.has(key)),
    unchanged: !reordered && counted.every((list) => list.length === 0),
  }
}

const restartKeys: ReadonlySet<string> = new Set(
  Object.entries(settingsKeys).flatMap(([name, entry]) => ('restart' in entry ? [name] : [])),
)

/** The keys of the file that say how to sign in are one value in a loaded provider. */
const comparedProviderKeys: Keys = {
  ...providerKeys,
  auth: { kind: 'text', since: 'predecessor', description: 'auth_type, auth_value and auth_values together' },
}

function providersOf(config: Config): ReadonlyMap<string, object> {
  return new Map(config.providers.map((provider) => [provider.id, provider]))
}

/** Routes have no names. Pattern, provider and model make one; the same three again get a number. */
function routesOf(config: Config): ReadonlyMap<string, object> {
  const named = new Map<string, object>()
  for (const { pattern, routes } of config.modelRoutes) {
    for (const route of routes) {
      const name = `${pattern} → ${route.providerId} (${route.model})`
      let unique = name
      for (let count = 2; named.has(unique); count++) unique = `${name} #${count}`
      named.set(unique, route)
    }
  }
  return named
}

interface NamedDiff {
  readonly added: readonly string[]
  readonly removed: readonly string[]
  readonly changed: readonly { readonly name: string; readonly changes: readonly KeyChange[] }[]
  readonly reordered: boolean
}

function compareNamed(before: ReadonlyMap<string, object>, after: ReadonlyMap<string, object>, keys: Keys): NamedDiff {
  const kept = [...before.keys()].filter((name) => after.has(name))
  const keptAfter = [...after.keys()].filter((name) => before.has(name))
  const changed = kept.map((name) => ({ name, changes: [...changes(keys, before.get(name), after.get(name))] }))
  return {
    added: [...after.keys()].filter((name) => !before.has(name)),
    removed: [...before.keys()].filter((name) => !after.has(name)),
    changed: changed.filter((entry) => entry.changes.length > 0),
    reordered: kept.some((name, index) => name !== keptAfter[index]),
  }
}

/** The keys whose values differ; lists and dictionaries are compared as a whole. */
function* changes(keys: Keys, before: unknown, after: unknown, prefix = ''): Generator<KeyChange> {
  for (const [name, entry] of Object.entries(keys)) {
    const field = configKey(name, entry.kind)
    const [from, to] = [fieldOf(before, field), fieldOf(after, field)]
    if (entry.kind === 'section') yield* changes(entry.keys, from, to, `${prefix}${name}.`)
    else if (!isSame(from, to)) {
      yield {
        key: prefix + name,
        ...(from === undefined ? {} : { from: shown(from, entry) }),
        ...(to === undefined ? {} : { to: shown(to, entry) }),
      }
    }
  }
}

function fieldOf(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined
}

function isSame(a: unknown, b: unknown): boolean {
  if (a instanceof Secret && b instanceof Secret) return a.equals(b)
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return a === b
  const names = Object.keys(a)
  return names.length === Object.keys(b).length && names.every((name) => isSame(fieldOf(a, name), fieldOf(b, name)))
}

/** A loaded value as the file has it: in seconds, without secrets. */
function shown(value: unknown, entry: Entry): Json {
  if (typeof value === 'number' && entry.kind.startsWith('seconds')) return value / 1000
  return toJson(entry.kind === 'proxy' ? fieldOf(value, 'origin') : value)
}

function toJson(value: unknown): Json {
  if (value instanceof Secret) return value.toJSON()
  if (Array.isArray(value)) return value.map(toJson)
  if (typeof value !== 'object' || value === null) return value as Json
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, toJson(member)]))
}

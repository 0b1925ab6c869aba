import type { Entry } from '../keys/entry.ts'

/**
 * The name of a key in the loaded config: `connect_timeout` of kind seconds → `connectTimeoutMs`. The same rule in the
 * language of types is `ConfigKey`.
 */
export function configKey(name: string, kind: Entry['kind']): string {
  const timed = kind === 'seconds' || kind === 'seconds-or-off'
  const stem = timed ? name.replace(/_seconds$/, '') : name
  const camel = stem.replace(/_([a-z0-9])/g, (_, letter: string) => letter.toUpperCase())
  return timed ? `${camel}Ms` : camel
}

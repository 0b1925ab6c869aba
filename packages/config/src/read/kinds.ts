import * as v from 'valibot'
import type { BodyPattern, Item, Leaf, ProxyUrl } from '../keys/entry.ts'
import { Secret } from '../secret.ts'
import { readPattern } from './pattern.ts'
import { hasCredentials, isUrl, plainUrl } from './url.ts'

/**
 * What each kind of single value accepts and becomes. The valibot schema checks and converts a value; its input side is
 * what the JSON Schema for editors says about the key.
 */
export interface Kind {
  /** What YAML must hold, before the schema sees it. */
  readonly shape: 'string' | 'number' | 'boolean'
  /** The schema for one key; bounds and words are the key's own. */
  schema(entry: Bounds): v.GenericSchema<never, unknown> | v.GenericSchema<unknown, unknown>
}

/** What of an entry a schema depends on. */
export type Bounds = Pick<Extract<Item, { kind: Leaf['kind'] }>, 'min' | 'max' | 'words'>

/** Timers of the runtime hold 31 bits of milliseconds and fire at once beyond that: some 24 days. */
const secondsMax = 2_147_483

export const kinds: { readonly [Name in Leaf['kind']]: Kind } = {
  text: kind('string', () => v.string()),
  'text-or-empty': kind('string', () => v.string()),
  secret: kind('string', () =>
    v.pipe(
      v.string(),
      v.transform((text): Secret => new Secret(text)),
    ),
  ),
  flag: kind('boolean', () => v.boolean()),
  integer: kind('number', (bounds) =>
    v.pipe(v.number(), v.safeInteger('must be a whole number'), least(bounds), most(bounds)),
  ),
  number: kind('number', (bounds) =>
    v.pipe(v.number(), v.finite('must be a finite number'), least(bounds), most(bounds)),
  ),
  seconds: kind('number', (bounds) =>
    v.pipe(v.number(), least({ min: bounds.min ?? 0 }), most({ max: bounds.max ?? secondsMax }), v.transform(toMs)),
  ),
  'seconds-or-off': kind('number', () =>
    v.pipe(
      v.number(),
      most({ max: secondsMax }),
      v.transform((seconds) => Math.max(0, toMs(seconds))),
    ),
  ),
  'one-of': kind('string', ({ words = [] }) => v.picklist(words, `must be one of ${words.join(', ')}`)),
  url: kind('string', () =>
    v.pipe(
      v.string(),
      v.regex(/^https?:\/\//, 'must be a URL that begins with http:// or https://'),
      v.check(isUrl, 'must be a URL with a host name'),
      v.check((text) => !hasCredentials(text), 'must not contain a user name or password'),
      v.check((text) => !/[?#]/.test(text), 'must not have a query (?) or fragment (#)'),
      v.transform(plainUrl),
    ),
  ),
  proxy: kind('string', () =>
    v.pipe(
      v.string(),
      v.regex(/^(https?|socks5):\/\//, 'must be a URL that begins with http://, https:// or socks5://'),
      v.check(isUrl, 'must be a URL with a host name'),
      v.transform(toProxy),
    ),
  ),
  pattern: kind('string', () =>
    v.pipe(
      v.string(),
      v.transform((text): BodyPattern => readPattern(text).pattern),
    ),
  ),
  sha256: kind('string', () =>
    v.pipe(
      v.string(),
      v.regex(/^[0-9a-fA-F]{64}$/, 'must be 64 hexadecimal digits'),
      v.transform((text) => text.toLowerCase()),
    ),
  ),
  profile: kind('string', () => v.string()),
}

function kind(shape: Kind['shape'], schema: Kind['schema']): Kind {
  return { shape, schema }
}

function least({ min: value = Number.MIN_SAFE_INTEGER }: Bounds): v.MinValueAction<number, number, string> {
  return v.minValue(value, `must not be below ${value}`)
}

function most({ max: value = Number.MAX_SAFE_INTEGER }: Bounds): v.MaxValueAction<number, number, string> {
  return v.maxValue(value, `must not be above ${value}`)
}

function toMs(seconds: number): number {
  return Math.round(seconds * 1000)
}

function toProxy(text: string): ProxyUrl {
  const url = new URL(text)
  return Object.freeze({ url: new Secret(text.trim()), origin: `${url.protocol}//${url.host}` })
}

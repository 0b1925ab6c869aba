import * as v from 'valibot'
import type { BodyPattern, Leaf, ProxyUrl } from '../keys/entry.ts'
import { Secret } from '../secret.ts'
import { isHost } from './host.ts'
import { readPattern } from './pattern.ts'
import { hasCredentials, isUrl, plainUrl } from './url.ts'

/** What of an entry the reading of its value depends on. */
export type ValueRule =
  | { readonly kind: Leaf['kind']; readonly min?: number; readonly max?: number }
  | { readonly kind: 'one-of'; readonly words: readonly string[]; readonly fallback?: string }

/** What a YAML value must be before its schema sees it. */
export type Shape = 'string' | 'number' | 'boolean'

/** See {@link Shape}. */
export function shapeOf(rule: ValueRule): Shape {
  return rule.kind === 'one-of' ? 'string' : kinds[rule.kind].shape
}

/** The valibot schema that checks and converts the value of a key. Its input side is what editors are told. */
export function schemaOf(rule: ValueRule): Schema {
  if (rule.kind === 'one-of') return v.picklist(rule.words, `must be one of ${rule.words.join(', ')}`)
  return kinds[rule.kind].schema(boundsOf(rule))
}

/** Smallest and largest number of a key; `undefined` on a side without limit. */
export interface Bounds {
  readonly min: number | undefined
  readonly max: number | undefined
}

/** The bounds of the key, else those of its kind. */
export function boundsOf(rule: { readonly kind: Leaf['kind']; readonly min?: number; readonly max?: number }): Bounds {
  const { min, max } = kinds[rule.kind].bounds ?? {}
  return { min: rule.min ?? min, max: rule.max ?? max }
}

type Schema = v.GenericSchema<never, unknown> | v.GenericSchema<unknown, unknown>

interface Kind {
  readonly shape: Shape
  readonly bounds?: { readonly min?: number; readonly max: number }
  schema(bounds: Bounds): Schema
}

/** Timers of the runtime hold 31 bits of milliseconds and fire at once beyond that: some 24 days. */
const secondsMax = 2_147_483

/** What each kind of single value accepts and becomes. */
const kinds: { readonly [Name in Leaf['kind']]: Kind } = {
  text: { shape: 'string', schema: () => v.string() },
  'text-or-empty': { shape: 'string', schema: () => v.string() },
  host: {
    shape: 'string',
    schema: () => v.pipe(v.string(), v.check(isHost, 'must be a name or an address to listen on, without a port')),
  },
  secret: { shape: 'string', schema: () => v.pipe(v.string(), v.transform(toSecret)) },
  flag: { shape: 'boolean', schema: () => v.boolean() },
  integer: {
    shape: 'number',
    schema: (bounds) => v.pipe(v.number(), v.safeInteger('must be a whole number'), notBelow(bounds), notAbove(bounds)),
  },
  number: {
    shape: 'number',
    schema: (bounds) => v.pipe(v.number(), v.finite('must be a finite number'), notBelow(bounds), notAbove(bounds)),
  },
  seconds: {
    shape: 'number',
    bounds: { min: 0, max: secondsMax },
    schema: (bounds) => v.pipe(v.number(), notBelow(bounds), notAbove(bounds), v.transform(toMs)),
  },
  'seconds-or-off': {
    shape: 'number',
    bounds: { max: secondsMax },
    schema: (bounds) => v.pipe(v.number(), notAbove(bounds), v.transform(toMsOrOff)),
  },
  url: {
    shape: 'string',
    schema: () =>
      v.pipe(
        v.string(),
        v.regex(/^https?:\/\//, 'must be a URL that begins with http:// or https://'),
        v.check(isUrl, 'must be a URL with a host name'),
        v.check((text) => !hasCredentials(text), 'must not contain a user name or password'),
        v.check((text) => !/[?#]/.test(text), 'must not have a query (?) or fragment (#)'),
        v.transform(plainUrl),
      ),
  },
  proxy: {
    shape: 'string',
    schema: () =>
      v.pipe(
        v.string(),
        v.regex(/^(https?|socks5):\/\//, 'must be a URL that begins with http://, https:// or socks5://'),
        v.check(isUrl, 'must be a URL with a host name'),
        v.transform(toProxy),
      ),
  },
  pattern: { shape: 'string', schema: () => v.pipe(v.string(), v.transform(toPattern)) },
  sha256: {
    shape: 'string',
    schema: () =>
      v.pipe(v.string(), v.regex(/^[0-9a-fA-F]{64}$/, 'must be 64 hexadecimal digits'), v.transform(toLowerCase)),
  },
  profile: { shape: 'string', schema: () => v.string() },
}

// valibot's own minValue and maxValue look for the runtime's date class, which a pure context need not have.

function notBelow({ min }: Bounds): v.CheckAction<number, string> {
  return v.check((value) => min === undefined || value >= min, `must not be below ${min}`)
}

function notAbove({ max }: Bounds): v.CheckAction<number, string> {
  return v.check((value) => max === undefined || value <= max, `must not be above ${max}`)
}

function toMs(seconds: number): number {
  return Math.round(seconds * 1000)
}

function toMsOrOff(seconds: number): number {
  return Math.max(0, toMs(seconds))
}

/** A secret comes from a file or a variable as often as not, with the end of its line. No header could carry that. */
function toSecret(text: string): Secret {
  return new Secret(text.trim())
}

function toLowerCase(text: string): string {
  return text.toLowerCase()
}

function toPattern(text: string): BodyPattern {
  return readPattern(text).pattern
}

function toProxy(text: string): ProxyUrl {
  const url = new URL(text)
  return { url: new Secret(text.trim()), origin: `${url.protocol}//${url.host}` }
}

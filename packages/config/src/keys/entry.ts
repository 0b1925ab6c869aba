import type { JsonObject } from '@lb/protocol'
import type { Secret } from '../secret.ts'

/**
 * The language in which the configuration keys are written down.
 *
 * One entry is everything lb knows about one key. The type of the loaded config, the reader, the JSON Schema for editors
 * and the tables of the guide are all derived from the entries, so adding a key is adding an entry, in one place.
 * Entries are plain data (no calls), because then TypeScript can carry their literal types across files.
 */
export type Entry = Leaf | Choice | Section | List | Dictionary | Obsolete

/** Entries by the key's name in the file (snake_case). */
export interface Keys {
  readonly [key: string]: Entry
}

interface About {
  /** For people: what it does, and why the default is what it is. Markdown, one or two sentences. */
  readonly description: string
  /** The release that brought it; `predecessor` marks the keys that the predecessor's files have. */
  readonly since: 'predecessor' | '0.1'
  /** A missing key is a problem. */
  readonly required?: true
  /** A running process cannot take up a new value. */
  readonly restart?: true
  /** What `config.example.yaml` and the guide show for a key without default. */
  readonly example?: string | number | boolean
}

/** A key with one value. What each `kind` accepts is in `read/kinds.ts`. */
export interface Leaf extends About {
  readonly kind: keyof LeafValues
  /** The value when the key is left out, in the unit of the file. */
  readonly default?: string | number | boolean
  /** Smallest and largest number (kinds `integer`, `number`, `seconds`). */
  readonly min?: number
  readonly max?: number
}

/** A key with one of a few words, written in any case. */
export interface Choice extends About {
  readonly kind: 'one-of'
  readonly words: readonly string[]
  readonly default?: string
  /** What an unknown word is read as, with a notice, where the predecessor did so. */
  readonly fallback?: string
}

/** A key with keys of its own. It is always there (with the defaults of its keys) unless `optional`. */
export interface Section extends About {
  readonly kind: 'section'
  readonly keys: Keys
  readonly optional?: true
}

/** A key with a list. */
export interface List extends About {
  readonly kind: 'list'
  readonly of: Item
  readonly default?: readonly (string | number)[]
  /** A missing list is absent, because it means something else than an empty one. */
  readonly optional?: true
}

/** A key with names of the user's choice below it, each with the same kind of value; the order of the file is kept. */
export interface Dictionary extends About {
  readonly kind: 'dictionary'
  /** What the user's names are, for people: `model pattern`. */
  readonly names: string
  readonly of: Item
}

/** What a list or a dictionary holds: an entry without the prose. */
export type Item =
  | { readonly kind: Leaf['kind']; readonly min?: number; readonly max?: number }
  | { readonly kind: 'one-of'; readonly words: readonly string[] }
  | { readonly kind: 'section'; readonly keys: Keys }
  | { readonly kind: 'list'; readonly of: Item }

/** A key of the predecessor that has no effect any more: accepted with any value, and reported. */
export interface Obsolete {
  readonly kind: 'obsolete'
  /** What to use instead, or why nothing is needed: the end of a sentence that begins "no effect: ". */
  readonly instead: string
}

/** The loaded value of each kind with one value. Keys of kind `seconds` are renamed, see {@link ConfigKey}. */
export interface LeafValues {
  /** Any non-empty text. */
  readonly text: string
  /** Text in which the empty string has a meaning of its own ("no log file"). */
  readonly 'text-or-empty': string
  /** A name or an address to listen on. */
  readonly host: string
  readonly secret: Secret
  readonly flag: boolean
  readonly integer: number
  readonly number: number
  /** Seconds in the file, milliseconds here. */
  readonly seconds: number
  /** Seconds; zero and below mean "off" and become 0. */
  readonly 'seconds-or-off': number
  /** An http or https URL without credentials, query and fragment; no slash at the end. */
  readonly url: string
  readonly proxy: ProxyUrl
  readonly pattern: BodyPattern
  /** 64 hexadecimal digits, lower case. */
  readonly sha256: string
  readonly profile: string | JsonObject
}

/** An outbound proxy. Its URL may hold a password, so only {@link ProxyUrl.origin} may be shown. */
export interface ProxyUrl {
  readonly url: Secret
  /** Scheme, host and port: `socks5://10.0.0.1:1080`. */
  readonly origin: string
}

/** One of `unhealthy_response_body_patterns`. Both are matched without regard to case. */
export interface BodyPattern {
  /** `regex`: to be compiled by a linear-time engine. `literal`: to be searched as it stands. */
  readonly kind: 'regex' | 'literal'
  readonly text: string
}

/** `connect_timeout` of kind seconds → `connectTimeoutMs`; `delay_seconds` → `delayMs`; `max_bytes` → `maxBytes`. */
export type ConfigKey<Name extends string, E> = E extends { readonly kind: 'seconds' | 'seconds-or-off' }
  ? `${CamelCase<WithoutUnit<Name>>}Ms`
  : CamelCase<Name>

type WithoutUnit<Name extends string> = Name extends `${infer Stem}_seconds` ? Stem : Name

type CamelCase<Name extends string> = Name extends `${infer Head}_${infer Tail}`
  ? `${Head}${Capitalize<CamelCase<Tail>>}`
  : Name

/** The loaded value of an entry. */
export type ValueOf<E> = E extends { readonly kind: 'one-of'; readonly words: readonly (infer Word)[] }
  ? Word
  : E extends { readonly kind: 'section'; readonly keys: infer K }
    ? SectionOf<K>
    : E extends { readonly kind: 'list'; readonly of: infer I }
      ? readonly ValueOf<I>[]
      : E extends { readonly kind: 'dictionary'; readonly of: infer I }
        ? readonly (readonly [name: string, value: ValueOf<I>])[]
        : E extends { readonly kind: infer Kind extends keyof LeafValues }
          ? LeafValues[Kind]
          : never

/** The loaded object of a group of keys: the certain ones, the optional ones; the obsolete ones are gone. */
export type SectionOf<K> = Flat<
  {
    readonly [Name in keyof K & string as K[Name] extends Certain ? ConfigKey<Name, K[Name]> : never]: ValueOf<K[Name]>
  } & {
    readonly [Name in keyof K & string as K[Name] extends Certain | Obsolete
      ? never
      : ConfigKey<Name, K[Name]>]?: ValueOf<K[Name]>
  }
>

type Certain =
  | { readonly required: true }
  | { readonly default: unknown }
  | { readonly kind: 'section' | 'list' | 'dictionary'; readonly optional?: never }

type Flat<T> = { [Name in keyof T]: T[Name] }

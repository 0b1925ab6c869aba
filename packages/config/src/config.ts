import type { SectionOf } from './keys/entry.ts'
import type { providerKeys } from './keys/provider-keys.ts'
import type { routeKeys } from './keys/route-keys.ts'
import type { settingsKeys } from './keys/settings-keys.ts'
import type { Secret } from './secret.ts'

/**
 * A configuration file, read: every default filled in, every name in camelCase, every duration in milliseconds (names end
 * in `Ms`), every credential a {@link Secret}. Deeply frozen.
 */
export interface Config {
  /** The enabled providers in file order; at least one. */
  readonly providers: readonly Provider[]
  /** Names of the others. */
  readonly disabledProviders: readonly string[]
  /** In file order. Rules without a usable route are left out. */
  readonly modelRoutes: readonly RouteRule[]
  readonly settings: Settings
}

/** One enabled entry of `providers:`. */
export interface Provider
  extends Omit<ProviderFields, 'type' | 'dialect' | `auth${string}` | 'accountEmail' | 'enabled'> {
  /** Unique: the name, or `name (account)` for an entry with `account_email`. */
  readonly id: string
  /** As in the file, or what `dialect` implies: for `/providers`. */
  readonly type: 'anthropic' | 'openai'
  readonly dialect: Dialect
  readonly auth: ProviderAuth
  /** Lower case. */
  readonly accountEmail?: string
}

/** The wire format of a provider: Anthropic Messages, OpenAI Chat Completions, OpenAI Responses. */
export type Dialect = 'anthropic' | 'chat' | 'responses'

/**
 * How requests to a provider are signed in. The kind says what is sent, so nothing else needs to look at the provider's type:
 * `api-key` is the header `x-api-key`, `bearer` is `authorization: Bearer`, `oauth` a bearer token of a stored login,
 * `passthrough` the client's own credential, `none` nothing.
 */
export type ProviderAuth =
  | { readonly kind: 'api-key' | 'bearer'; readonly keys: readonly ProviderKey[] }
  | { readonly kind: 'oauth'; readonly accountEmail?: string }
  | { readonly kind: 'passthrough' }
  | { readonly kind: 'none' }

/** One of the keys of a provider. */
export interface ProviderKey {
  /** Unique inside the provider: its name in the file, or `key-1`, `key-2`, … by position. Safe to show. */
  readonly id: string
  readonly secret: Secret
  /** Share of the requests relative to the others; 0: only when no other is usable. */
  readonly weight: number
}

/** One pattern of `model_routes:` with its usable routes. */
export interface RouteRule {
  /** An exact model name, or one with `*` and `?`. */
  readonly pattern: string
  /** In file order; at least one. */
  readonly routes: readonly Route[]
}

/** One enabled route to an enabled provider. */
export interface Route extends Omit<RouteFields, 'enabled' | 'accountEmail'> {
  /** {@link Provider.id}; `provider` is its name. */
  readonly providerId: string
}

/** The conditions of a route, all optional: see the keys of `when`. */
export type RouteConditions = NonNullable<RouteFields['when']>

/** Everything under `settings:`. */
export interface Settings extends Omit<SettingsFields, 'auth'> {
  readonly auth: ServerAuth
}

/** Who may use lb. */
export interface ServerAuth extends Omit<SettingsFields['auth'], 'keys'> {
  /** Empty while `enabled` is off. */
  readonly keys: readonly ClientKey[]
}

/** One entry of `settings.auth.keys`: a tenant. */
export interface ClientKey extends Omit<ClientKeyFields, 'key' | 'keySha256'> {
  readonly credential:
    | { readonly kind: 'key'; readonly key: Secret }
    | { readonly kind: 'sha256'; readonly hex: string }
}

/** `providers:` as its keys are written. */
export type ProviderFields = SectionOf<typeof providerKeys>
/** `model_routes:` as its keys are written. */
export type RouteFields = SectionOf<typeof routeKeys>
/** `settings:` as its keys are written. */
export type SettingsFields = SectionOf<typeof settingsKeys>
/** `settings.auth.keys` as its keys are written. */
export type ClientKeyFields = SettingsFields['auth']['keys'][number]

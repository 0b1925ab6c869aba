import type { ClientKey, ServerAuth } from '@lb/config'
import type { Patterned, RouteProvider } from '@lb/router'

/** Who asks: the holder of a key, or nobody in particular. Everything that is counted or kept is kept apart by `tenant`. */
export interface Caller {
  /** The key's name, or one of {@link nobody}, {@link sharedKey} and {@link adminKey}, which no key may be named after. */
  readonly tenant: string
  /** Whether the management routes are open. */
  readonly isAdmin: boolean
  /** The models that may be asked for, by the client's names for them; absent: all. */
  readonly models?: readonly Patterned[]
  /** The providers that may answer; absent: all. */
  readonly providers?: readonly RouteProvider[]
  readonly limits: KeyLimits
}

/** What a key may use up. Absent: as much as it likes. */
export type KeyLimits = ClientKey['limits']

/** The tenant of everybody while `settings.auth` is off, and of whoever needs no key. */
const nobody = 'nobody'
/** The tenant of whoever uses `settings.auth.api_key`. */
const sharedKey = 'api_key'
/** The tenant of whoever uses `settings.auth.admin_key`. */
const adminKey = 'admin_key'

/** Everybody, while `settings.auth` is off. */
export const anyone: Caller = { tenant: nobody, isAdmin: true, limits: {} }
/** Whoever comes without a key where none is needed. */
export const stranger: Caller = { tenant: nobody, isAdmin: false, limits: {} }

/** The holder of one of `settings.auth.keys`. */
export function holderOf(key: ClientKey, providers: readonly RouteProvider[]): Caller {
  const { name, models, providers: names, limits } = key
  return {
    tenant: name,
    isAdmin: false,
    limits,
    ...(models === undefined ? {} : { models: models.map((pattern) => ({ pattern })) }),
    ...(names === undefined ? {} : { providers: providers.filter((provider) => isAmong(names, provider)) }),
  }
}

/** Providers of several accounts may share a name: it stands for all of them. */
function isAmong(names: readonly string[], { name, sharedName = name }: RouteProvider): boolean {
  return names.includes(name) || names.includes(sharedName)
}

/** The holders of the two keys of the predecessor's kind. The shared one opens everything unless there is an admin key. */
export function sharedHolder({ adminKey: own }: Pick<ServerAuth, 'adminKey'>): Caller {
  return { tenant: sharedKey, isAdmin: own === undefined, limits: {} }
}

/** Whoever holds the admin key. */
export const administrator: Caller = { tenant: adminKey, isAdmin: true, limits: {} }

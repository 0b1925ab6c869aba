import { err, ok, type Result } from '@lb/protocol'
import type { Refusal } from '../ingress/refusal.ts'
import type { Access } from '../ingress/route.ts'
import { anyone, type Caller, stranger } from './caller.ts'
import { type CredentialLookup, passingKeys, presentedKeys } from './credentials.ts'
import type { Keyring } from './keyring.ts'

/** Somebody who has been let in. */
export interface Admitted {
  readonly caller: Caller
  /** Keys of lb among what the client sent: they go no further. */
  readonly lbKeys: readonly string[]
}

const everybody: Result<Admitted, Refusal> = ok({ caller: anyone, lbKeys: [] })

/**
 * Decides whether a client may use a route.
 *
 * @param keyring `undefined` while `settings.auth` is off: then everybody is let in.
 */
export function admit(
  keyring: Keyring | undefined,
  access: Access,
  headers: CredentialLookup,
): Result<Admitted, Refusal> {
  if (keyring === undefined) return everybody
  const presented = presentedKeys(headers)
  const holders = presented.map((key) => keyring.holderOf(key))
  const caller = holders.find((holder) => holder !== undefined)
  if (caller === undefined) {
    if (access === 'open') return ok({ caller: stranger, lbKeys: [] })
    return err(presented.length === 0 ? noKey : wrongKey)
  }
  if (access === 'admin' && !caller.isAdmin) return err(notForThisKey)
  return ok({ caller, lbKeys: keysOfLb(keyring, headers, presented, holders) })
}

/** Every credential of the request that is a key of lb, also the one that did not count. */
function keysOfLb(
  keyring: Keyring,
  headers: CredentialLookup,
  presented: readonly string[],
  holders: readonly (Caller | undefined)[],
): readonly string[] {
  const known = presented.filter((_, index) => holders[index] !== undefined)
  const others = passingKeys(headers).filter((key) => !presented.includes(key))
  return [...known, ...others.filter((key) => keyring.holderOf(key) !== undefined)]
}

/** The predecessor's words, so that scripts that read them go on working. */
function unauthorized(detail: string): Refusal {
  return {
    status: 401,
    type: 'authentication_error',
    message: `401: ${detail}`,
    code: 'AUTH_FAILED',
    headers: ['www-authenticate', 'Bearer realm="lb"'],
  }
}

const noKey = unauthorized(
  'Authentication required. Please provide a valid API key in the x-api-key header or Authorization Bearer header.',
)
const wrongKey = unauthorized('Invalid API key.')

const notForThisKey: Refusal = {
  status: 403,
  type: 'permission_error',
  message:
    'This key does not open the management of lb. That takes settings.auth.admin_key, or api_key where there is none.',
}

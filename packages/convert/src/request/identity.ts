import { isJsonObject, parseJson, stringMember } from '@lb/protocol'
import { sha256Hex } from '../sha256.ts'

/**
 * What a `metadata.user_id` says. Claude Code puts device, account and session into it, as JSON or, before 2.1.78, as
 * `user_<device>_account_<account>_session_<session>`; other clients put in what they like.
 */
export interface Identity {
  /** Who: the same over all sessions. */
  readonly user: string
  /** The conversation, if it is named. */
  readonly session: string | undefined
}

/** Reads a user id of any form. */
export function identityOf(userId: string): Identity {
  const parsed = parseJson(userId)
  if (parsed.ok && isJsonObject(parsed.value)) {
    const { session_id, ...rest } = parsed.value
    return { user: JSON.stringify(rest), session: stringMember(parsed.value, 'session_id') }
  }
  const old = /^(user_.*_account_.*)_session_(.+)$/.exec(userId)
  return old === null ? { user: userId, session: undefined } : { user: old[1] as string, session: old[2] }
}

/** Whether an id can be passed on: short, of one word, and not a person's address. */
export function isPlainId(id: string): boolean {
  return /^[\w-]{1,64}$/.test(id)
}

/** A stand-in for an id that cannot be passed on: always the same for the same id, and nothing can be read from it. */
export function hashedId(id: string): string {
  return sha256Hex(id)
}

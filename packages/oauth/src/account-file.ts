import {
  err,
  isJsonObject,
  type Json,
  type JsonObject,
  member,
  numberMember,
  ok,
  parseJson,
  type Result,
  stringMember,
} from '@lb/protocol'
import type { Instant } from './instant.ts'
import type { LoginReason } from './machine.ts'

/**
 * What is kept of the accounts: the text of the token file, and back.
 *
 * The members of a token are named as the predecessor's, so that its readers find them; ours are added. Two numbers make
 * it safe for several processes: `generation` counts the writes of the file, `rotation` the tokens of one account.
 */
export interface AccountFile {
  /** Grows by one with every write. */
  readonly generation: number
  readonly accounts: readonly StoredAccount[]
}

/** One account as it is kept. Holds secrets: never log it whole. */
export interface StoredAccount {
  /** What the account is known by here: its e-mail in lower case. One sign-in for each. */
  readonly key: string
  /** The e-mail as it was given. */
  readonly email: string
  /** The server's own id of the account, if it said one. */
  readonly id?: string
  readonly name?: string
  readonly organization?: string
  /** The authority that issued the tokens ({@link authorityId}); they are never sent to another. */
  readonly authority: string
  readonly accessToken: string
  /** Absent: it cannot be refreshed. */
  readonly refreshToken?: string
  readonly scopes: readonly string[]
  /** When the access token was issued, on both clocks. */
  readonly issued: Instant
  /** How long the access token lives; `null`: the server did not say. */
  readonly lifetimeMs: number | null
  /** A random name of the login that all these tokens descend from. */
  readonly login: string
  /** Grows by one with every set of tokens of a login. A result that was fetched under an older number is out of date. */
  readonly rotation: number
  /** Set when only a new login helps. */
  readonly needsLogin?: LoginReason
  /** Epoch milliseconds of the login. */
  readonly createdMs: number
  readonly uses: number
  /** Epoch milliseconds of the last use; `null`: never. */
  readonly lastUsedMs: number | null
  /** The vendor's last word about the allowance, for display: the used part of each window, 0…1. */
  readonly quotaUsed?: Readonly<Record<string, number>>
}

/** A file with nobody in it. */
export const emptyFile: AccountFile = { generation: 0, accounts: [] }

/** Why a text is not a token file. Says nothing of its content. */
export type AccountFileProblem =
  | { readonly kind: 'empty' }
  | { readonly kind: 'not-json' }
  | { readonly kind: 'not-a-token-file' }
  /** Written by a later lb: it is left alone. */
  | { readonly kind: 'newer'; readonly version: number }

/** A file that could be read, and how many of its entries could not. */
export interface ReadAccountFile {
  readonly file: AccountFile
  readonly unreadable: number
}

const VERSION = 1

/** Reads the text of a token file. */
export function readAccountFile(text: string): Result<ReadAccountFile, AccountFileProblem> {
  if (text.trim() === '') return err({ kind: 'empty' })
  // The parser's own message quotes the text around the fault, and that may be a token: only the kind is passed on.
  const parsed = parseJson(text)
  if (!parsed.ok) return err({ kind: 'not-json' })
  const tokens = member(parsed.value, 'tokens')
  const version = numberMember(parsed.value, 'version') ?? VERSION
  if (version > VERSION) return err({ kind: 'newer', version })
  if (!Array.isArray(tokens)) return err({ kind: 'not-a-token-file' })
  const accounts = tokens.map(readAccount).filter((account) => account !== undefined)
  const generation = numberMember(parsed.value, 'generation') ?? 0
  return ok({ file: { generation, accounts }, unreadable: tokens.length - accounts.length })
}

/** The text of a token file: indented JSON with a newline at its end. */
export function writeAccountFile(file: AccountFile, savedMs: number): string {
  const json = {
    version: VERSION,
    generation: file.generation,
    tokens: file.accounts.map(writeAccount),
    metadata: { last_saved: savedMs / 1000 },
  }
  return `${JSON.stringify(json, null, 2)}\n`
}

function writeAccount(account: StoredAccount): JsonObject {
  const { issued, lifetimeMs } = account
  return {
    account_id: account.id ?? account.key,
    account_email: account.email,
    account_name: account.name ?? null,
    organization: account.organization ?? null,
    authority: account.authority,
    access_token: account.accessToken,
    refresh_token: account.refreshToken ?? null,
    // For people and for other programs; lb itself reckons with `issued` and `lifetime_ms`.
    expires_at: lifetimeMs === null ? null : (issued.epochMs + lifetimeMs) / 1000,
    scopes: [...account.scopes],
    issued: { epoch_ms: issued.epochMs, clock_ms: issued.nowMs, clock_id: issued.clockId },
    lifetime_ms: lifetimeMs,
    login: account.login,
    rotation: account.rotation,
    needs_login: account.needsLogin ?? null,
    created_at: account.createdMs / 1000,
    usage_count: account.uses,
    last_used: account.lastUsedMs === null ? null : account.lastUsedMs / 1000,
    quota_used: account.quotaUsed === undefined ? null : { ...account.quotaUsed },
  }
}

function readAccount(json: Json): StoredAccount | undefined {
  const email = stringMember(json, 'account_email')
  const accessToken = stringMember(json, 'access_token')
  if (email === undefined || email === '' || accessToken === undefined || accessToken === '') return undefined
  const scopes = member(json, 'scopes')
  const lastUsed = numberMember(json, 'last_used')
  const id = stringMember(json, 'account_id')
  const name = stringMember(json, 'account_name')
  const organization = stringMember(json, 'organization')
  const needsLogin = loginReasonOf(stringMember(json, 'needs_login'))
  const refreshToken = stringMember(json, 'refresh_token')
  return {
    key: accountKey(email),
    email,
    ...(id === undefined || id === accountKey(email) ? {} : { id }),
    ...(name === undefined ? {} : { name }),
    ...(organization === undefined ? {} : { organization }),
    authority: stringMember(json, 'authority') ?? '',
    accessToken,
    ...(refreshToken === undefined || refreshToken === '' ? {} : { refreshToken }),
    scopes: Array.isArray(scopes) ? scopes.filter((scope) => typeof scope === 'string') : [],
    ...lifeOf(json),
    login: stringMember(json, 'login') ?? '',
    rotation: numberMember(json, 'rotation') ?? 0,
    ...(needsLogin === undefined ? {} : { needsLogin }),
    createdMs: (numberMember(json, 'created_at') ?? 0) * 1000,
    uses: numberMember(json, 'usage_count') ?? 0,
    lastUsedMs: lastUsed === undefined || lastUsed === 0 ? null : lastUsed * 1000,
    ...quotaOf(member(json, 'quota_used')),
  }
}

function lifeOf(json: Json): Pick<StoredAccount, 'issued' | 'lifetimeMs'> {
  const issued = member(json, 'issued')
  const epochMs = numberMember(issued, 'epoch_ms')
  if (epochMs !== undefined) {
    const clockId = stringMember(issued, 'clock_id') ?? ''
    const nowMs = numberMember(issued, 'clock_ms') ?? 0
    return { issued: { epochMs, nowMs, clockId }, lifetimeMs: numberMember(json, 'lifetime_ms') ?? null }
  }
  // A token without our members says only when it ends: as if issued at the login.
  const createdMs = (numberMember(json, 'created_at') ?? 0) * 1000
  const endsMs = (numberMember(json, 'expires_at') ?? 0) * 1000
  return { issued: { epochMs: createdMs, nowMs: 0, clockId: '' }, lifetimeMs: Math.max(0, endsMs - createdMs) }
}

function quotaOf(json: Json | undefined): { quotaUsed?: Readonly<Record<string, number>> } {
  if (!isJsonObject(json)) return {}
  const entries = Object.entries(json).filter((entry): entry is [string, number] => typeof entry[1] === 'number')
  return { quotaUsed: Object.fromEntries(entries) }
}

function loginReasonOf(text: string | undefined): LoginReason | undefined {
  return text === 'grant-refused' || text === 'ended' ? text : undefined
}

/**
 * Whether a text can name an account: not empty, no longer than an e-mail may be, and nothing in it that a terminal or a
 * header would obey (control and direction characters).
 */
export function isAccountName(text: string): boolean {
  return text.trim() !== '' && text.length <= 320 && !/\p{C}/u.test(text)
}

/** What an e-mail is compared as. */
export function accountKey(email: string): string {
  return email.trim().toLowerCase()
}

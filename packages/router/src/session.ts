import { type Json, member, parseJson, stringMember } from '@lb/protocol'
import { hashUnit } from './chance.ts'

/**
 * Which conversation a request belongs to: what its prompt cache is about.
 *
 * Claude Code says it outright; other clients are recognised by what does not change from turn to turn. The caller adds
 * who asked, so that two users never share a session.
 *
 * @param headers by lower-case name.
 * @returns a short text, never empty, never a secret.
 * @see https://code.claude.com/docs (gateway protocol: `x-claude-code-session-id`)
 */
export function sessionOf(body: Json, headers: Readonly<Record<string, string | undefined>>): string {
  const named =
    headers['x-claude-code-session-id'] ?? sessionOfUserId(stringMember(member(body, 'metadata'), 'user_id'))
  return named === undefined || named === '' ? `hash:${openingHash(body)}` : `id:${named.slice(0, LONGEST_ID)}`
}

/** A session id is a UUID; what is much longer is kept from filling tables. */
const LONGEST_ID = 128

/** A JSON text with `session_id` since Claude Code 2.1.78, `user_…_session_<uuid>` before. */
function sessionOfUserId(userId: string | undefined): string | undefined {
  if (userId === undefined) return undefined
  const parsed = userId.startsWith('{') ? parseJson(userId) : undefined
  if (parsed?.ok) return stringMember(parsed.value, 'session_id')
  return /_session_([\w-]{8,})$/.exec(userId)?.[1]
}

/** What OpenAI's clients say first is the system prompt, which many conversations share. */
const instructing: ReadonlySet<string | undefined> = new Set(['system', 'developer'])

/** Whether a message only instructs: the conversation has not begun with it. */
export function isInstruction(message: Json): boolean {
  return instructing.has(stringMember(message, 'role'))
}

/** The system prompt and the first message: the beginning of the prefix that a prompt cache keeps. */
function openingHash(body: Json): string {
  const messages = member(body, 'messages') ?? member(body, 'input')
  const opening = Array.isArray(messages) ? openingOf(messages) : [messages ?? null]
  const text = JSON.stringify([member(body, 'system') ?? member(body, 'instructions') ?? null, ...opening])
  const hex = (unit: number): string => (unit * 2 ** 32).toString(16).padStart(8, '0')
  return hex(hashUnit(text)) + hex(hashUnit(`again ${text}`))
}

function openingOf(messages: readonly Json[]): readonly Json[] {
  const first = messages.findIndex((message) => !isInstruction(message))
  return first === -1 ? messages : messages.slice(0, first + 1)
}

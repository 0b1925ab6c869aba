import { hash } from 'node:crypto'
import { firstElement, type Json, type JsonMember, nextElement, parseJson } from '@lb/protocol'
import {
  type Affinity,
  type AffinityEvent,
  type AffinityPolicy,
  homesOf,
  isInstruction,
  sessionOf,
  stepAffinity,
} from '@lb/router'
import { LRUCache } from 'lru-cache'
import type { ClientRequest } from '../ingress/client-request.ts'

/** Where conversations are at home: the credential that has their prompt cache. Bounded; what was not used longest goes. */
export interface Sessions {
  /** The candidates that a conversation would rather have, best first. */
  homes(session: string, nowMs: number, policy: AffinityPolicy): readonly string[]
  tell(session: string, event: AffinityEvent, nowMs: number, policy: AffinityPolicy): void
}

/** More conversations than one process carries in the lifetime of a prompt cache. */
const MAX_SESSIONS = 20_000

export function createSessions(): Sessions {
  const known = new LRUCache<string, Affinity>({ max: MAX_SESSIONS })
  return {
    homes: (session, nowMs, policy) => homesOf(known.get(session) ?? null, nowMs, policy),
    tell(session, event, nowMs, policy) {
      const before = known.get(session) ?? null
      const after = stepAffinity(before, event, nowMs, policy)
      if (after === null) known.delete(session)
      else if (after !== before) known.set(session, after)
    },
  }
}

/**
 * The conversation that a request belongs to, apart for each tenant and model: a prompt cache is one model's.
 *
 * Reads no more of the body than names it: a session in a header or in `metadata` is found without looking at the prompt.
 */
export function sessionKey(request: ClientRequest): string {
  const { headers, model, tenant } = request
  const named =
    headers['x-claude-code-session-id'] === undefined ? sessionOf(parts(request, ['metadata']), headers) : ''
  if (named === '') return JSON.stringify([tenant, model, sessionOf({}, headers)])
  if (named.startsWith('id:')) return JSON.stringify([tenant, model, named])
  return JSON.stringify([tenant, model, `hash:${openingHash(request)}`])
}

/** Of the beginning of the prefix that a prompt cache keeps, as the client wrote it: which it does the same way each turn. */
function openingHash({ body, outline, endpoint }: ClientRequest): string {
  const opening = outline.members.flatMap((member) => {
    if (wholeOpenings.has(member.name)) return [body.subarray(member.start, member.end)]
    // Some Chat clients ask in the words of Responses.
    if (member.name === 'input' && body[member.start] === QUOTE) return [body.subarray(member.start, member.end)]
    if (member.name !== 'messages' && member.name !== 'input') return []
    return endpoint === 'chat' ? chatOpening(body, member) : [firstElement(body, member) ?? new Uint8Array()]
  })
  return hash('sha256', Buffer.concat(opening), 'base64url')
}

const wholeOpenings: ReadonlySet<string> = new Set(['system', 'instructions'])
const QUOTE = 0x22

/** There the system prompt stands among the messages. */
function chatOpening(body: Buffer, messages: JsonMember): readonly Uint8Array[] {
  const opening: Uint8Array[] = []
  let next = firstElement(body, messages)
  while (next !== undefined) {
    opening.push(next)
    next = isInstruction(parsed(next)) ? nextElement(body, next) : undefined
  }
  return opening
}

/** The conversation by the client's own name for it; `null` where the client names none. */
export function sessionName(request: ClientRequest): string | null {
  const { headers } = request
  const body = headers['x-claude-code-session-id'] === undefined ? parts(request, ['metadata']) : {}
  const session = sessionOf(body, headers)
  return session.startsWith('id:') ? session.slice('id:'.length) : null
}

/** Some members of a request, and of the messages only the first. */
function parts({ body, outline }: ClientRequest, names: readonly string[]): Json {
  const found: Record<string, Json> = {}
  for (const member of outline.members) {
    if (!names.includes(member.name)) continue
    const bytes = member.name === 'messages' ? firstElement(body, member) : body.subarray(member.start, member.end)
    const value = bytes === undefined ? null : parsed(bytes)
    found[member.name] = member.name === 'messages' ? [value] : value
  }
  return found
}

function parsed(bytes: Uint8Array): Json {
  const value = parseJson(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8'))
  return value.ok ? value.value : null
}

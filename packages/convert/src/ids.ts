import { base64urlToText, textToBase64url, toBase64url } from './base64url.ts'
import type { ToolIdRule } from './profiles/profile.ts'
import { sha256 } from './sha256.ts'

/**
 * Tool-call ids, both ways. All rules are functions of the id alone: never of its position, never of time. So the same
 * history gives the same ids in every request, and prompt caches keep hitting.
 *
 * To the upstream: an id that is legal there passes; another becomes a digest of itself.
 * To the client: an id that is legal there passes; another is wrapped so that it can be unwrapped when it comes back.
 */

interface IdRule {
  readonly legal: RegExp
  readonly length: number
  readonly prefix: string
}

const rules: Readonly<Record<ToolIdRule | 'anthropic', IdRule>> = {
  openai40: { legal: /^[\w-]{1,40}$/, length: 40, prefix: 'lb_' },
  responses64: { legal: /^[\w-]{1,64}$/, length: 64, prefix: 'lb_' },
  mistral9: { legal: /^[a-zA-Z0-9]{9}$/, length: 9, prefix: '' },
  any: { legal: /^/, length: 64, prefix: 'lb_' },
  anthropic: { legal: /^[\w-]{1,64}$/, length: 64, prefix: 'lb_' },
}

/** Ids of one request on their way to the upstream. */
export interface UpstreamIds {
  /** The upstream's id for the client's. The same for the same id, and different for different ones. */
  of(clientId: string): string
}

/** Starts the ids of one request. */
export function createUpstreamIds(rule: ToolIdRule | 'anthropic'): UpstreamIds {
  const given = new Map<string, string>()
  const owners = new Map<string, string>()
  return {
    of(clientId) {
      const known = given.get(clientId)
      if (known !== undefined) return known
      const original = unwrapId(clientId)
      let id = legalId(original, rules[rule], 0)
      // Two ids with one digest, or a digest that somebody uses as an id: count until it is free.
      for (let attempt = 1; (owners.get(id) ?? original) !== original; attempt += 1) {
        id = legalId(original, rules[rule], attempt)
      }
      owners.set(id, original)
      given.set(clientId, id)
      return id
    },
  }
}

function legalId(id: string, rule: IdRule, attempt: number): string {
  if (attempt === 0 && rule.legal.test(id)) return id
  const digest = toBase64url(sha256(attempt === 0 ? id : `${id}#${attempt}`))
  // Mistral takes neither `_` nor `-`. Letters in their place cost nothing that matters here.
  const plain = rule.prefix === '' ? digest.replaceAll('_', 'a').replaceAll('-', 'b') : digest
  return (rule.prefix + plain).slice(0, rule.length)
}

/** What an Anthropic client takes. */
const CLIENT_LEGAL = /^[\w-]+$/
const WRAPPED = /^lbx(\d*)_([\w-]*)$/

/** Ids of one answer on their way to the client. */
export interface ClientIds {
  /** The client's id for the upstream's: legal, and not used before in this conversation. */
  of(upstreamId: string): string
  /** An id for a call that came without one: the same for the same place in the same answer. */
  generate(index: number): string
}

/**
 * Starts the ids of one answer.
 *
 * @param used ids of the conversation so far. Some upstreams start over with `call_0` in every answer, and a client that
 *   looks up results by id would find the wrong one.
 * @param seed what is unique to this answer.
 */
export function createClientIds(used: readonly string[], seed: string): ClientIds {
  const taken = new Set(used)
  // How far an id has been counted. Whoever gives one id to all calls would have it counted from the start each time.
  const counts = new Map<string, number>()
  return {
    of(upstreamId) {
      const isLegal = CLIENT_LEGAL.test(upstreamId) && !WRAPPED.test(upstreamId)
      let id = isLegal ? upstreamId : wrapId(upstreamId, 1)
      let count = counts.get(upstreamId) ?? 1
      while (taken.has(id)) {
        count += 1
        id = wrapId(upstreamId, count)
      }
      counts.set(upstreamId, count)
      taken.add(id)
      return id
    },
    generate(index) {
      const id = `lbg_${toBase64url(sha256(`${seed}/${index}`)).slice(0, 24)}`
      taken.add(id)
      return id
    },
  }
}

function wrapId(id: string, count: number): string {
  return `lbx${count === 1 ? '' : count}_${textToBase64url(id)}`
}

/** What the upstream called the call that the client knows by `clientId`. */
export function unwrapId(clientId: string): string {
  const encoded = WRAPPED.exec(clientId)?.[2]
  return (encoded === undefined ? undefined : base64urlToText(encoded)) ?? clientId
}

/** An Anthropic message id that is unique to its answer: from the upstream's id, or from `seed` if that says nothing. */
export function messageId(upstreamId: string, seed: string): string {
  const legal = upstreamId.replace(/[^\w-]/g, '_')
  if (legal !== '') return legal.startsWith('msg_') ? legal : `msg_${legal}`
  return `msg_lb${toBase64url(sha256(`${seed}/message`)).slice(0, 22)}`
}

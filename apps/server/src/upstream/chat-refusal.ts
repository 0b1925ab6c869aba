import { member, parseJson, readErrorBody, stringMember } from '@lb/protocol'
import { errorBody } from '../egress/error-response.ts'
import type { RefusedAnswer, UpstreamRefusal } from './adapter.ts'

/**
 * The refusal of an upstream that speaks the client's own dialect, OpenAI's. It passes as it came where the client can read
 * it: what blames the request always (decision 7), and every body with an `error` that has a message. A gateway's page, a bare
 * text or FastAPI's `detail` becomes an error in OpenAI's shape with the same status and what was said.
 */
export function readChatRefusal({ status, body }: UpstreamRefusal): RefusedAnswer {
  const text = body.toString('utf8')
  if (blamesRequest.has(status) || hasError(text)) return { status, headers: {}, body }
  const message = readErrorBody(text)?.message || `The upstream answered ${status} without saying why.`
  const shaped = errorBody('chat', { type: types.get(status) ?? 'api_error', message }, '')
  return { status, headers: { 'content-type': 'application/json' }, body: Buffer.from(shaped) }
}

const blamesRequest: ReadonlySet<number> = new Set([400, 413, 422])

/** Anthropic's words, from which OpenAI's are made. */
const types: ReadonlyMap<number, string> = new Map([
  [401, 'authentication_error'],
  [402, 'billing_error'],
  [403, 'permission_error'],
  [404, 'not_found_error'],
  [408, 'timeout_error'],
  [409, 'conflict_error'],
  [429, 'rate_limit_error'],
  [504, 'timeout_error'],
  [529, 'overloaded_error'],
])

function hasError(text: string): boolean {
  const parsed = parseJson(text)
  return parsed.ok && stringMember(member(parsed.value, 'error'), 'message') !== undefined
}

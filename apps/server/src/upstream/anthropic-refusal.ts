import { type Anthropic, member, parseJson, readErrorBody, stringMember } from '@lb/protocol'
import type { RefusedAnswer, UpstreamRefusal } from './adapter.ts'

/**
 * The refusal of an upstream that speaks the client's own dialect, Anthropic's. It passes as it came where it is what the
 * client's dialect calls an error, and always where it blames the request (decision 7). A gateway's page, a bare text, FastAPI's
 * `detail` or another vendor's `error` becomes an error in Anthropic's shape with the same status and what was said.
 */
export function readAnthropicRefusal({ status, body }: UpstreamRefusal): RefusedAnswer {
  const text = body.toString('utf8')
  if (blamesRequest.has(status) || isAnthropicError(text)) return { status, headers: {}, body }
  const said = readErrorBody(text)
  const message = said?.message || `The upstream answered ${status} without saying why.`
  const type = knownTypes.find((known) => known === said?.type) ?? types.get(status) ?? 'api_error'
  const shaped: Anthropic.ErrorBody = { type: 'error', error: { type, message }, request_id: null }
  return { status, headers: { 'content-type': 'application/json' }, body: Buffer.from(JSON.stringify(shaped)) }
}

const blamesRequest: ReadonlySet<number> = new Set([400, 413, 422])

/** @see https://platform.claude.com/docs/en/api/errors */
const types: ReadonlyMap<number, Anthropic.ErrorType> = new Map([
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

const knownTypes: readonly Anthropic.ErrorType[] = [...types.values(), 'api_error', 'request_too_large']

function isAnthropicError(text: string): boolean {
  const parsed = parseJson(text)
  if (!parsed.ok || stringMember(parsed.value, 'type') !== 'error') return false
  const error = member(parsed.value, 'error')
  return stringMember(error, 'type') !== undefined && stringMember(error, 'message') !== undefined
}

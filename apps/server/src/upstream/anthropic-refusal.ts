import { type Anthropic, isJsonObject, parseJson, readErrorBody } from '@lb/protocol'
import type { RefusedAnswer, UpstreamRefusal } from './adapter.ts'

/**
 * The refusal of an upstream that speaks the client's own dialect, Anthropic's. It passes as it came where the client can
 * read it: what blames the request always (decision 7), and every body with an `error` object. A gateway's page, a bare text
 * or FastAPI's `detail` becomes an error in Anthropic's shape with the same status and what was said.
 */
export function readAnthropicRefusal({ status, body }: UpstreamRefusal): RefusedAnswer {
  const text = body.toString('utf8')
  if (blamesRequest.has(status) || hasErrorObject(text)) return { status, headers: {}, body }
  const said = readErrorBody(text)?.message ?? ''
  const message = said === '' ? `The upstream answered ${status} without saying why.` : said
  const shaped: Anthropic.ErrorBody = {
    type: 'error',
    error: { type: types.get(status) ?? 'api_error', message },
    request_id: null,
  }
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

function hasErrorObject(text: string): boolean {
  const parsed = parseJson(text)
  return parsed.ok && isJsonObject(parsed.value) && isJsonObject(parsed.value['error'])
}

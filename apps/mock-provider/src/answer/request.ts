import type { Json } from '@lb/protocol'
import { member, numberMember, parseJson, stringMember } from '@lb/protocol'
import type { Dialect } from '../script/script.ts'

/** A request as rules and answers see it. */
export interface MockRequest {
  /** 1 for the first request since the start (or since the records were cleared). Ids are made from it. */
  readonly number: number
  readonly method: string
  /** Without the query; without the `/mock-provider/{name}` of the predecessor's harness. */
  readonly path: string
  /** With the `?`, or empty. */
  readonly query: string
  /** Lower-case names; several lines of one name are joined with `, `. */
  readonly headers: { readonly [name: string]: string }
  /** Empty while the answer is chosen `early`. */
  readonly body: Uint8Array
  /** The body as JSON, `undefined` if it is none. */
  readonly json: Json | undefined
  readonly endpoint: Endpoint
  readonly connection: { readonly id: number; readonly requestNumber: number }
}

/** What a path asks for. `dialect` decides the form of answers and errors. */
export type Endpoint =
  | { readonly kind: 'generate'; readonly dialect: Dialect }
  | { readonly kind: 'count-tokens'; readonly dialect: 'anthropic' | 'openai-responses' }
  | { readonly kind: 'models'; readonly dialect: Dialect }
  | { readonly kind: 'model'; readonly dialect: Dialect; readonly id: string }
  | { readonly kind: 'root'; readonly dialect: Dialect }
  | { readonly kind: 'unknown'; readonly dialect: Dialect }

const GENERATE: { readonly [path: string]: Dialect } = {
  '/v1/messages': 'anthropic',
  '/v1/chat/completions': 'openai-chat',
  '/chat/completions': 'openai-chat',
  '/v1/responses': 'openai-responses',
  '/responses': 'openai-responses',
}

/**
 * Reads method, path and headers into an endpoint. `/v1/models` is shared by two APIs: an `anthropic-version` or `x-api-key`
 * header says which one is meant.
 */
export function endpointOf(
  method: string,
  path: string,
  headers: MockRequest['headers'],
  dialects: readonly Dialect[],
): Endpoint {
  const asksAnthropic = headers['anthropic-version'] !== undefined || headers['x-api-key'] !== undefined
  const preferred: Dialect = asksAnthropic ? 'anthropic' : 'openai-chat'
  const dialect: Dialect = dialects.includes(preferred) ? preferred : (dialects[0] ?? 'anthropic')
  const served = GENERATE[path]
  if (method === 'POST' && served !== undefined) {
    return dialects.includes(served) ? { kind: 'generate', dialect: served } : { kind: 'unknown', dialect: served }
  }
  if (method === 'POST' && path === '/v1/messages/count_tokens') return { kind: 'count-tokens', dialect: 'anthropic' }
  if (method === 'POST' && path === '/v1/responses/input_tokens') {
    return { kind: 'count-tokens', dialect: 'openai-responses' }
  }
  if (method === 'GET' && (path === '/v1/models' || path === '/models')) return { kind: 'models', dialect }
  const model = /^\/(?:v1\/)?models\/(.+)$/.exec(path)
  if (method === 'GET' && model?.[1] !== undefined) return { kind: 'model', dialect, id: decoded(model[1]) }
  if (path === '/' && (method === 'GET' || method === 'HEAD')) return { kind: 'root', dialect }
  return { kind: 'unknown', dialect: path.startsWith('/v1/messages') ? 'anthropic' : dialect }
}

/** Text of JSON, or `undefined`: a body that is no JSON is answered with an error, not with an exception. */
export function jsonOf(body: Uint8Array): Json | undefined {
  if (body.length === 0) return undefined
  const parsed = parseJson(new TextDecoder().decode(body))
  return parsed.ok ? parsed.value : undefined
}

/** The model a request names, or an empty text. */
export function modelOf(request: MockRequest): string {
  return stringMember(request.json, 'model') ?? ''
}

/** Whether a request asks for a stream. */
export function asksForStream(request: MockRequest): boolean {
  return member(request.json, 'stream') === true
}

/** The output limit, in whichever field the dialect has it. */
export function maxTokensOf(request: MockRequest): number | undefined {
  const fields = ['max_tokens', 'max_completion_tokens', 'max_output_tokens']
  return fields.map((field) => numberMember(request.json, field)).find((value) => value !== undefined)
}

function decoded(segment: string): string {
  try {
    return decodeURIComponent(segment)
  } catch {
    return segment
  }
}

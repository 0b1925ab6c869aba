import type { IncomingMessage } from 'node:http'
import {
  anthropicRequestKeep,
  chatRequestKeep,
  err,
  type JsonOutline,
  type JsonProblem,
  type JsonTree,
  type KeepPaths,
  ok,
  parseJson,
  parseJsonKeeping,
  type Result,
  scanJsonObject,
} from '@lb/protocol'
import { withoutKeys } from '../keys/credentials.ts'
import { lookupHeaders, type RawHeaders } from './headers.ts'
import { type BodyRules, readBody } from './read-body.ts'
import { invalidRequest, type Refusal, unusableJson } from './refusal.ts'

/** What a client asked for. The bytes are kept as they came; only what routing needs has been read out of them. */
export interface ClientRequest {
  readonly id: string
  readonly endpoint: Endpoint
  /** Who asks: the name of a key, or a constant. What is counted, kept or shared is so for one tenant only. */
  readonly tenant: string
  /** Without the keys that opened lb. */
  readonly rawHeaders: RawHeaders
  /** By lower-case name. */
  readonly headers: Readonly<Record<string, string>>
  /** With its `?`, or empty. Passed on as it came. */
  readonly query: string
  readonly body: Buffer
  readonly outline: JsonOutline
  readonly model: string
  readonly stream: boolean
  /**
   * lb's own body field `provider`: only this one may answer; `null` where the field names nobody. It is taken out before the body
   * goes upstream.
   */
  readonly forcedProvider?: string | null
  /** Monotonic: when its head was there. */
  readonly receivedAtMs: number
  /** Monotonic: when its body was there. Until then lb waited for the client. */
  readonly readAtMs: number
  /**
   * The whole body, parsed at the first call; what must keep its own text (arguments, schemas) keeps it. A relay never asks.
   */
  json(): Result<JsonTree, JsonProblem>
}

/** The routes that lead to a model, and the dialect that their clients speak. */
export const endpoints: Readonly<Record<Endpoint, { readonly dialect: ClientDialect; readonly path: string }>> = {
  messages: { dialect: 'anthropic', path: '/v1/messages' },
  'count-tokens': { dialect: 'anthropic', path: '/v1/messages/count_tokens' },
  chat: { dialect: 'chat', path: '/v1/chat/completions' },
}

export type Endpoint = 'messages' | 'count-tokens' | 'chat'
export type ClientDialect = 'anthropic' | 'chat'

/** Where a request came in, and what it may be. */
export interface Arrival extends BodyRules {
  readonly id: string
  readonly endpoint: Endpoint
  readonly tenant: string
  /** Keys of lb among what the client sent: they stay here. */
  readonly lbKeys: readonly string[]
  readonly receivedAtMs: number
  readonly nowMs: () => number
}

/** Reads a request from its connection. Parses no more than the outline of the body. */
export async function readClientRequest(
  incoming: IncomingMessage,
  arrival: Arrival,
): Promise<Result<ClientRequest, Refusal>> {
  const body = await readBody(incoming, arrival)
  if (!body.ok) return body
  const readAtMs = arrival.nowMs()
  const outline = scanJsonObject(body.value)
  if (!outline.ok) return err(unusableJson(outline.error))
  const read = readMembers(body.value, outline.value, arrival.endpoint)
  if (!read.ok) return read
  const url = incoming.url ?? ''
  const queryStart = url.indexOf('?')
  const rawHeaders = withoutKeys(incoming.rawHeaders, arrival.lbKeys)
  const { model, stream, forcedProvider } = read.value
  const request: ClientRequest = {
    id: arrival.id,
    endpoint: arrival.endpoint,
    tenant: arrival.tenant,
    receivedAtMs: arrival.receivedAtMs,
    readAtMs,
    rawHeaders,
    headers: lookupHeaders(rawHeaders),
    query: queryStart === -1 ? '' : url.slice(queryStart),
    body: body.value,
    outline: outline.value,
    model,
    stream,
    json: parsedOnce(body.value, keeps[endpoints[arrival.endpoint].dialect]),
  }
  return ok(forcedProvider === undefined ? request : { ...request, forcedProvider })
}

const keeps: Readonly<Record<ClientDialect, KeepPaths>> = { anthropic: anthropicRequestKeep, chat: chatRequestKeep }

function parsedOnce(body: Buffer, keep: KeepPaths): () => Result<JsonTree, JsonProblem> {
  let parsed: Result<JsonTree, JsonProblem> | undefined
  return () => {
    parsed ??= parseJsonKeeping(body.toString('utf8'), keep)
    return parsed
  }
}

const OPENING_BRACKET = 0x5b
const QUOTE = 0x22

/** Names go into logs, books and answers. The longest that vendors have are a tenth of it. */
const NAME_BYTES_MAX = 1024

type RoutingMembers = Pick<ClientRequest, 'model' | 'stream' | 'forcedProvider'>

/** Reads the members that routing needs. Of a duplicated key the last one counts, as in every common parser. */
function readMembers(body: Buffer, outline: JsonOutline, endpoint: Endpoint): Result<RoutingMembers, Refusal> {
  const memberOf = (name: string) => outline.members.findLast((member) => member.name === name)
  const text = (name: string): string | undefined => {
    const found = memberOf(name)
    return found === undefined ? undefined : body.toString('utf8', found.start, found.end)
  }
  for (const name of ['model', 'provider']) {
    const found = memberOf(name)
    if (found !== undefined && found.end - found.start > NAME_BYTES_MAX && body[found.start] === QUOTE)
      return err(invalidRequest(`${name}: a name is not longer than ${NAME_BYTES_MAX} bytes.`))
  }
  const model = stringOf(text('model'))
  if (model === undefined || model === '')
    return err(invalidRequest('model: Field required: the name of a model, as a string.'))
  // Only its first byte is looked at: it is nearly all of the body.
  const messages = memberOf('messages')
  const hasMessages = messages !== undefined && body[messages.start] === OPENING_BRACKET
  // Clients that ask here in the words of Responses are told apart where the request is put into a dialect.
  if (!hasMessages && (endpoint !== 'chat' || memberOf('input') === undefined))
    return err(invalidRequest('messages: Field required: a list of messages.'))
  // Only a string is lb's; OpenRouter has an object of that name, which is not for us.
  const named = text('provider')
  const forcedProvider = named === 'null' ? null : stringOf(named)
  return ok({
    model,
    stream: text('stream') === 'true',
    ...(forcedProvider === undefined ? {} : { forcedProvider: forcedProvider === '' ? null : forcedProvider }),
  })
}

function stringOf(json: string | undefined): string | undefined {
  if (json === undefined || !json.startsWith('"')) return undefined
  const parsed = parseJson(json)
  return parsed.ok && typeof parsed.value === 'string' ? parsed.value : undefined
}

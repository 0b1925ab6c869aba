import { convertChatUsageToAnthropic } from '@lb/convert'
import {
  type CredentialOwner,
  classify,
  createSseDecoder,
  isJsonObject,
  type Json,
  type JsonObject,
  member,
  type Observation,
  parseJson,
  stringMember,
} from '@lb/protocol'
import type { RelayOptions } from './anthropic-relay.ts'
import { createEventRelay, type Fact, type Failed, type StreamFacts } from './event-relay.ts'
import type { StreamReader } from './stream-reader.ts'

/**
 * Relays a Chat Completions stream without changing a byte, and learns from it in passing.
 *
 * There is no opening: a chunk that only names the role is one like any other, held until the first content. Vendors break
 * their own grammar all the time (finish reasons that repeat, are empty or missing; usage anywhere; text behind the finish),
 * so nothing here insists on an order.
 *
 * @see https://platform.openai.com/docs/api-reference/chat-streaming
 */
export function createChatRelay({ credential, maxEventBytes }: RelayOptions): StreamReader {
  return createEventRelay(new Facts(credential), maxEventBytes)
}

class Facts implements StreamFacts {
  readonly #credential: CredentialOwner
  #sawChoice = false
  #sawContent = false
  #finishReason: string | undefined
  #usage: JsonObject = {}

  constructor(credential: CredentialOwner) {
    this.#credential = credential
  }

  of(bytes: Buffer, start: number, end: number): Fact {
    const event = bytes.subarray(start, end)
    const read = readEvent(event)
    if (read === undefined) return 'ping'
    if (read === 'done') return this.#done()
    if (read.error !== undefined)
      return this.failed({ seen: 'error-event', error: read.error, credential: this.#credential }, { event })
    return this.#chunk(read.chunk)
  }

  isWhole(event: Buffer): boolean {
    return readEvent(event) !== undefined
  }

  #done(): Fact {
    // An end without an answer is none that a client could use; another upstream may have one.
    if (!this.#sawChoice) return this.failed({ seen: 'bad-response', reason: 'empty' })
    return { step: 'ended', stopReason: this.#finishReason ?? '', usage: this.#usage }
  }

  #chunk(chunk: JsonObject): Fact {
    this.#count(chunk['usage'])
    const choices = Array.isArray(chunk['choices']) ? chunk['choices'] : []
    let content = false
    for (const choice of choices) {
      this.#sawChoice = true
      // Moonshot counts inside of the choice.
      this.#count(member(choice, 'usage'))
      const reason = stringMember(choice, 'finish_reason') ?? ''
      if (reason !== '') this.#finishReason = reason
      content ||= reason !== '' || hasContent(member(choice, 'delta'))
    }
    if (!content || this.#sawContent) return undefined
    this.#sawContent = true
    return 'content'
  }

  /** Later counts replace earlier ones: some vendors send the sum so far with every chunk. */
  #count(usage: Json | undefined): void {
    if (isJsonObject(usage)) this.#usage = { ...convertChatUsageToAnthropic(usage).value } as JsonObject
  }

  failed(observation: Observation, more?: Pick<Failed, 'event' | 'closing'>): Failed {
    return { step: 'failed', failure: classify(observation), usage: this.#usage, ...more }
  }

  end(): Failed {
    if (!this.#sawChoice) return this.failed({ seen: 'bad-response', reason: 'empty' })
    if (this.#finishReason === undefined) return this.failed({ seen: 'stream-end', finished: false })
    return this.failed({ seen: 'stream-end', finished: true }, { closing: endMark })
  }

  /** Every attempt of a chat client brings an opening of its own, which is held until its content comes. */
  replaceOpening(): void {}

  usage(): JsonObject {
    return this.#usage
  }
}

const endMark = Buffer.from('data: [DONE]\n\n')

/** Whether a delta says anything: whatever its members are called, an empty one and the role are nothing. */
function hasContent(delta: Json | undefined): boolean {
  if (!isJsonObject(delta)) return false
  for (const name in delta) if (name !== 'role' && !isEmpty(delta[name])) return true
  return false
}

function isEmpty(value: Json | undefined): boolean {
  if (typeof value !== 'object') return value === undefined || value === ''
  if (value === null) return true
  return Array.isArray(value) ? value.length === 0 : Object.keys(value).length === 0
}

type ReadEvent = { readonly chunk: JsonObject; readonly error?: Json } | 'done' | undefined

/** What an event says; `undefined`: nothing, or not in JSON. */
function readEvent(bytes: Buffer): ReadEvent {
  const { event, data } = eventOf(bytes)
  if (data === undefined) return undefined
  if (data.trim() === '[DONE]') return 'done'
  const parsed = parseJson(data)
  const chunk = parsed.ok && isJsonObject(parsed.value) ? parsed.value : undefined
  if (event === 'error') return { chunk: {}, error: chunk ?? { error: data } }
  if (chunk === undefined) return undefined
  return (chunk['error'] ?? null) === null ? { chunk } : { chunk, error: chunk }
}

/** The usual event is one `data:` line; a decoder is made only for the others. */
function eventOf(bytes: Buffer): { readonly event?: string; readonly data?: string } {
  const lineEnd = bytes.indexOf(LF)
  const isPlain = bytes.length - lineEnd === 2 && bytes.toString('latin1', 0, DATA.length) === DATA
  if (isPlain) return { data: bytes.toString('utf8', DATA.length, lineEnd) }
  return createSseDecoder().push(bytes).events[0] ?? {}
}

const LF = 10
const DATA = 'data: '

import {
  type CredentialOwner,
  classify,
  createSseDecoder,
  encodeSseEvent,
  isJsonObject,
  type JsonObject,
  member,
  type Observation,
  parseJson,
  stringMember,
} from '@lb/protocol'
import { createEventRelay, type Fact, type Failed, type StreamFacts } from './event-relay.ts'
import { mergeUsage } from './merge-usage.ts'
import type { StreamReader } from './stream-reader.ts'

/**
 * Relays an Anthropic event stream without changing a byte, and learns from it in passing.
 *
 * The usual event is recognised by its first bytes and never decoded. Only those that carry facts are parsed.
 *
 * @see https://platform.claude.com/docs/en/build-with-claude/streaming
 */
export function createAnthropicRelay({ credential, maxEventBytes }: RelayOptions): StreamReader {
  return createEventRelay(new Facts(credential), maxEventBytes)
}

export interface RelayOptions {
  /** Whose credential was sent: it decides what a refusal inside the stream means. */
  readonly credential: CredentialOwner
  /** Longest event; what is longer breaks the stream off. */
  readonly maxEventBytes: number
}

/** Follows the stream's grammar as far as the attempt loop needs it. */
class Facts implements StreamFacts {
  readonly #credential: CredentialOwner
  #opened = false
  #sawContent = false
  #sawBlockEnd = false
  #openingReplaced = false
  #stopReason: string | undefined
  #usage: JsonObject = {}

  constructor(credential: CredentialOwner) {
    this.#credential = credential
  }

  /** What the event in `bytes[start, end)` tells. */
  of(bytes: Buffer, start: number, end: number): Fact {
    // Nearly all events of a long answer are of this kind, and after the first they say nothing new.
    if (this.#sawContent && isContentBlockEvent(bytes, start) && (this.#sawBlockEnd || isDelta(bytes, start)))
      return undefined
    const event = bytes.subarray(start, end)
    const read = readEvent(event)
    if (read === undefined) return 'ping'
    if (!Object.hasOwn(this.#byType, read.type)) return undefined
    return this.#byType[read.type]?.(read.data, event)
  }

  isWhole(event: Buffer): boolean {
    return readEvent(event) !== undefined
  }

  readonly #byType: Readonly<Record<string, (data: JsonObject, bytes: Buffer) => Fact>> = {
    message_start: (data, bytes) => {
      // A second opening is two answers on one stream: nothing that follows can be trusted.
      if (this.#opened) return this.#broken()
      this.#opened = true
      this.#usage = mergeUsage(this.#usage, member(member(data, 'message'), 'usage'))
      return { step: 'opening', bytes }
    },
    ping: () => 'ping',
    content_block_start: () => (this.#opened ? undefined : this.#broken()),
    content_block_delta: () => this.#content(),
    content_block_stop: () => {
      if (!this.#opened) return this.#broken()
      // A block that is whole is content in any case.
      this.#sawContent = true
      this.#sawBlockEnd = true
      return { step: 'block-completed' }
    },
    message_delta: (data) => {
      this.#stopReason = stringMember(member(data, 'delta'), 'stop_reason') ?? this.#stopReason
      this.#usage = mergeUsage(this.#usage, member(data, 'usage'))
      const fact = this.#content()
      if (!this.#openingReplaced) return fact
      return {
        step: 'body',
        bytes: encode('message_delta', { ...data, usage: this.#usage }),
        content: fact === 'content',
      }
    },
    message_stop: () =>
      this.#opened ? { step: 'ended', stopReason: this.#stopReason ?? '', usage: this.#usage } : this.#broken(),
    error: (data, event) => this.failed({ seen: 'error-event', error: data, credential: this.#credential }, { event }),
  }

  #content(): Fact {
    if (!this.#opened) return this.#broken()
    if (this.#sawContent) return undefined
    this.#sawContent = true
    return 'content'
  }

  #broken(): Failed {
    return this.failed({ seen: 'bad-response', reason: 'not-a-message' })
  }

  failed(observation: Observation, more?: Pick<Failed, 'event' | 'closing'>): Failed {
    return { step: 'failed', failure: classify(observation), usage: this.#usage, ...more }
  }

  /** The stream ended without its end. */
  end(): Failed {
    if (!this.#opened) return this.failed({ seen: 'bad-response', reason: 'empty' })
    if (this.#stopReason === undefined) return this.failed({ seen: 'stream-end', finished: false })
    const closing = encode('message_stop', { type: 'message_stop' })
    return this.failed({ seen: 'stream-end', finished: true }, { closing })
  }

  replaceOpening(): void {
    this.#openingReplaced = true
  }

  usage(): JsonObject {
    return this.#usage
  }
}

function encode(type: string, data: JsonObject): Buffer {
  return Buffer.from(encodeSseEvent(type, JSON.stringify(data)))
}

/** Whether the event at `start` is a `content_block_…`. Four bytes tell: no other known event has them in these places. */
function isContentBlockEvent(bytes: Buffer, start: number): boolean {
  return bytes[start] === 0x65 && bytes[start + 5] === 0x3a && bytes[start + 7] === 0x63 && bytes[start + 14] === 0x5f
}

/** Whether it is a `content_block_delta`: then a `d` follows. */
function isDelta(bytes: Buffer, start: number): boolean {
  return isContentBlockEvent(bytes, start) && bytes[start + 21] === 0x64
}

/** An event's type and its parsed data. The JSON's own `type` decides; the `event:` line only where there is none. */
function readEvent(bytes: Buffer): { type: string; data: JsonObject } | undefined {
  const event = createSseDecoder().push(bytes).events[0]
  if (event?.data === undefined) return undefined
  const parsed = parseJson(event.data)
  const data = parsed.ok && isJsonObject(parsed.value) ? parsed.value : undefined
  if (event.event === 'error') return { type: 'error', data: data ?? { error: event.data } }
  return data === undefined ? undefined : { type: stringMember(data, 'type') ?? event.event ?? '', data }
}

import {
  type CredentialOwner,
  classify,
  createSseCutter,
  createSseDecoder,
  encodeSseEvent,
  isJsonObject,
  type Json,
  type JsonObject,
  member,
  type Observation,
  parseJson,
  stringMember,
} from '@lb/protocol'
import type { StreamReader, StreamStep } from './stream-reader.ts'

/**
 * Relays an Anthropic event stream without changing a byte, and learns from it in passing.
 *
 * Rules of this file:
 * - Only whole events are given on: an event that a dying upstream cut cannot be taken back from the client.
 * - The usual event is recognised by its first bytes and never decoded. Only those that carry facts are parsed.
 * - Nothing is judged by the text of the answer, and unknown events pass.
 *
 * @see https://platform.claude.com/docs/en/build-with-claude/streaming
 */
export function createAnthropicRelay(options: RelayOptions): StreamReader {
  return withWholeLineEnd(createEventRelay(options))
}

function createEventRelay(options: RelayOptions): StreamReader {
  const cutter = createSseCutter()
  const facts = new Facts(options.credential)
  let held: Buffer[] = []
  let heldBytes = 0
  let over = false

  /** Reads the events of `bytes`, which end at `ends`. Neighbours without facts of their own become one step. */
  function readEvents(bytes: Buffer, ends: readonly number[]): StreamStep[] {
    const steps: StreamStep[] = []
    let bodyStart = 0
    let start = 0
    let content = false
    const flush = (to: number): void => {
      if (to > bodyStart) steps.push({ step: 'body', bytes: bytes.subarray(bodyStart, to), content })
      content = false
    }
    for (const end of ends) {
      const fact = facts.of(bytes, start, end)
      if (fact === 'content') content = true
      else if (fact?.step === 'block-completed') steps.push(fact)
      else if (fact !== undefined) {
        // The closing event belongs to the body; the others stand in the place of the event.
        flush(fact.step === 'ended' ? end : start)
        bodyStart = end
        steps.push(fact)
        over = fact.step === 'ended' || fact.step === 'failed'
        if (over) return steps
      }
      start = end
    }
    flush(start)
    return steps
  }

  return {
    push(chunk) {
      if (over) return []
      const ends = cutter.push(chunk)
      const lastEnd = ends.at(-1) ?? 0
      const offset = heldBytes
      let steps: StreamStep[] = []
      if (lastEnd > 0) {
        const bytes = offset === 0 ? chunk : Buffer.concat([...held, chunk])
        held = []
        heldBytes = 0
        steps = readEvents(bytes, offset === 0 ? ends : ends.map((end) => end + offset))
      }
      if (lastEnd < chunk.length) held.push(chunk.subarray(lastEnd))
      heldBytes += chunk.length - lastEnd
      if (heldBytes <= options.maxEventBytes || over) return steps
      over = true
      return [...steps, facts.failed({ seen: 'bad-response', reason: 'too-large' })]
    },
    end() {
      if (over) return []
      over = true
      // A last event that lacks only its blank line is whole. It counts where the answer is complete with it.
      const rest = Buffer.concat([...held, blankLine])
      const steps = heldBytes > 0 && readEvent(rest) !== undefined ? readEvents(rest, [rest.length]) : []
      const last = steps.at(-1)
      if (last?.step === 'ended' || last?.step === 'failed') return steps
      const ending = facts.end()
      return ending.failure.kind === 'end-missing' ? [...steps, ending] : [ending]
    },
    replaceOpening: () => facts.replaceOpening(),
    usage: () => facts.usage(),
  }
}

export interface RelayOptions {
  /** Whose credential was sent: it decides what a refusal inside the stream means. */
  readonly credential: CredentialOwner
  /** Longest event; what is longer breaks the stream off. */
  readonly maxEventBytes: number
}

const blankLine = Buffer.from('\n\n')

/**
 * The end is told when its line end is whole: a CRLF that the network cuts behind the last event must not lose its LF, or the
 * answer would not be the upstream's, byte for byte.
 */
function withWholeLineEnd(reader: StreamReader): StreamReader {
  let ended: StreamStep | undefined
  return {
    push(chunk) {
      if (ended !== undefined) {
        const last = ended
        ended = undefined
        return chunk[0] === LF ? [{ step: 'body', bytes: chunk.subarray(0, 1), content: false }, last] : [last]
      }
      const steps = reader.push(chunk)
      const last = steps.at(-1)
      const body = steps.at(-2)
      if (last?.step !== 'ended' || body?.step !== 'body' || body.bytes.at(-1) !== CR) return steps
      ended = last
      return steps.slice(0, -1)
    },
    end: () => (ended === undefined ? reader.end() : [ended]),
    replaceOpening: () => reader.replaceOpening(),
    usage: () => reader.usage(),
  }
}

const LF = 10
const CR = 13

type Failed = Extract<StreamStep, { step: 'failed' }>

/** The step that an event makes; `content`: it passes, and is the first content; `undefined`: it just passes. */
type Fact = StreamStep | 'content' | undefined

/** Follows the stream's grammar as far as the attempt loop needs it. */
class Facts {
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
    if (read === undefined || !Object.hasOwn(this.#byType, read.type)) return undefined
    return this.#byType[read.type]?.(read.data, event)
  }

  readonly #byType: Readonly<Record<string, (data: JsonObject, bytes: Buffer) => Fact>> = {
    message_start: (data, bytes) => {
      // A second opening is two answers on one stream: nothing that follows can be trusted.
      if (this.#opened) return this.#broken()
      this.#opened = true
      this.#usage = mergeUsage(this.#usage, member(member(data, 'message'), 'usage'))
      return { step: 'opening', bytes }
    },
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

/** Later counts replace earlier ones; a `null` is no count. */
function mergeUsage(before: JsonObject, after: Json | undefined): JsonObject {
  if (!isJsonObject(after)) return before
  const counts = Object.entries(after).filter(([, value]) => value !== null)
  return { ...before, ...Object.fromEntries(counts) }
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

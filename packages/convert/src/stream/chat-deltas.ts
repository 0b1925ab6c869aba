import { isJsonObject, type Json, type JsonObject, member, stringMember } from '@lb/protocol'
import { encodeCarrier } from '../carrier.ts'
import type { ConversionContext } from '../context.ts'
import type { Answer } from './answer.ts'
import { createAnswerText } from './answer-text.ts'
import { argumentsOf, createToolKeys, readToolDelta, type ToolDelta } from './chat-tool-keys.ts'
import { visibleText } from './reasoning.ts'

/** What the choices of a Chat answer say, put into blocks. */
export interface ChatDeltas {
  /** Reads one choice: its delta, or its whole message. */
  read(choice: Json): void
  /** Gives out what was held back. */
  flush(): void
  sawRefusal(): boolean
  /** Whether text is held back that may still become content. */
  holdsText(): boolean
  /** The stop sequence that the text ran into. From then on nothing counts. */
  foundStop(): string | undefined
}

/** Members of a delta or message that are read here, or that mean nothing to anybody. */
type Reader = (value: Json, source: JsonObject, isWhole: boolean) => void

/** Starts reading the choices of one answer. */
export function createChatDeltas(answer: Answer, context: ConversionContext): ChatDeltas {
  const { notes, writer, reasoning } = answer
  const text = createAnswerText(answer, context)
  const keys = createToolKeys(writer.knownCall)
  let source: string | undefined
  let hasRefusal = false
  let readAny = false

  /** Vendors say the same reasoning in several members; the one that is seen first is used. */
  function isSource(name: string): boolean {
    source ??= name
    return source === name
  }

  const readers: Readonly<Record<string, Reader>> = {
    reasoning_details(value) {
      if (!Array.isArray(value) || value.length === 0 || !isSource('reasoning_details')) return
      for (const entry of value) if (isJsonObject(entry)) readDetail(entry)
    },
    reasoning_content(value) {
      if (typeof value === 'string' && value !== '' && isSource('reasoning_content')) text.think(value)
    },
    reasoning(value) {
      if (typeof value === 'string' && value !== '' && isSource('reasoning')) text.think(value)
    },
    content(value) {
      if (typeof value === 'string') text.say(value)
      else if (Array.isArray(value)) for (const part of value) readPart(part)
    },
    refusal(value) {
      if (typeof value !== 'string' || value === '') return
      hasRefusal = true
      text.say(value)
    },
    tool_calls(value, _source, isWhole) {
      for (const entry of Array.isArray(value) ? value : []) readCall(readToolDelta(entry, isWhole), entry)
    },
    function_call(value, _source, isWhole) {
      const name = stringMember(value, 'name')
      const said = argumentsOf(value)
      if (name || said) readKeyedCall('function_call', { name, arguments: said, isWhole })
    },
    annotations(value) {
      if (!Array.isArray(value) || value.length === 0) return
      notes.loss('annotations_dropped', '/choices/0/message/annotations')
      answer.keep('annotations', value)
    },
    audio: (value) => dropMedia(stringMember(value, 'data')),
    images: (value) => dropMedia(Array.isArray(value) && value.length > 0 ? 'images' : undefined),
    extra_content(value) {
      const signature = signatureIn(value)
      if (signature === undefined) return
      if (writer.sawContent()) notes.loss('signature_dropped', '/choices/0/message/extra_content')
      else writer.thinking(reasoning.apart({ k: 'sig', d: signature }), '')
    },
  }

  function dropMedia(media: string | undefined): void {
    if (media) notes.loss('media_dropped', '/choices/0/message')
  }

  function readDetail(entry: JsonObject): void {
    if (entry['type'] === 'reasoning.encrypted') {
      text.interrupt()
      if (context.carrier === 'full') {
        writer.redacted(encodeCarrier({ v: 1, p: context.profile.id, k: 'details', d: [entry] }))
      } else notes.loss('signature_dropped', '/choices/0/message/reasoning_details')
      return
    }
    text.think(visibleText(entry), entry)
  }

  function readPart(part: Json): void {
    const type = stringMember(part, 'type')
    if (type === 'text' || typeof part === 'string') text.say(stringMember(part, 'text') ?? String(part))
    else if (type === 'thinking' && isSource('content')) text.think(thinkingOf(part))
    else if (type === 'refusal') readers['refusal']?.(member(part, 'refusal') ?? null, {}, false)
    else notes.loss('media_dropped', '/choices/0/message/content', type)
  }

  function readCall(delta: ToolDelta | undefined, entry: Json): void {
    if (delta === undefined) return
    const key = keys.keyOf(delta)
    const signature = signatureIn(member(entry, 'extra_content'))
    if (signature !== undefined) readSignature(key, signature)
    readKeyedCall(key, delta)
  }

  /** A signature stands before the call it belongs to. */
  function readSignature(key: string, signature: string): void {
    if (writer.knownCall(key) !== undefined) notes.loss('signature_dropped', '/choices/0/message/tool_calls')
    else if (text.foundStop() === undefined) writer.thinking(reasoning.apart({ k: 'sig', d: signature }), '')
  }

  function readKeyedCall(key: string, delta: Parameters<typeof writer.call>[1]): void {
    if (text.foundStop() !== undefined) return
    text.interrupt()
    reasoning.interrupt()
    writer.call(key, delta)
  }

  return {
    read(choice) {
      const delta = member(choice, 'delta')
      // A message beside deltas, or behind them, repeats what they said.
      const isWhole = !isJsonObject(delta) && !readAny
      const said = isJsonObject(delta) ? delta : isWhole ? member(choice, 'message') : undefined
      if (!isJsonObject(said)) return
      readAny = true
      for (const name of readOrder) if (Object.hasOwn(said, name)) readers[name]?.(said[name] ?? null, said, isWhole)
      for (const [name, value] of Object.entries(said)) {
        if (!Object.hasOwn(readers, name) && name !== 'role' && value !== null) answer.keep(name, value)
      }
    },
    flush: () => text.flush(),
    sawRefusal: () => hasRefusal,
    holdsText: () => text.holds(),
    foundStop: () => text.foundStop(),
  }
}

/** Reasoning before text before calls, whatever the order of members. */
const readOrder: readonly string[] = [
  'extra_content',
  'reasoning_details',
  'reasoning_content',
  'reasoning',
  'content',
  'refusal',
  'tool_calls',
  'function_call',
  'annotations',
  'audio',
  'images',
]

/** Gemini's signature, where its compatible endpoint puts it. @see https://ai.google.dev/gemini-api/docs/openai */
function signatureIn(extra: Json | undefined): string | undefined {
  return stringMember(member(extra, 'google'), 'thought_signature')
}

/** Mistral's reasoning: a list of text parts, or a text. */
function thinkingOf(part: Json): string {
  const thinking = member(part, 'thinking')
  if (typeof thinking === 'string') return thinking
  return Array.isArray(thinking) ? thinking.map((piece) => stringMember(piece, 'text') ?? '').join('') : ''
}

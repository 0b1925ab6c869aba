import { isJsonObject, type Json, member, stringMember } from '@lb/protocol'
import type { ConversionContext } from '../context.ts'
import type { Answer } from './answer.ts'
import { type AnswerText, createAnswerText } from './answer-text.ts'
import { type ChatChoices, createChatChoices } from './chat-choices.ts'
import { readCopilot, readDetails, readReasoning, readThinkingPart } from './chat-reasoning.ts'
import { argumentsOf, createToolKeys, readToolDelta, type ToolKeys } from './chat-tool-keys.ts'
import type { CallDelta } from './writer-host.ts'

/** What the choices of a Chat answer say, put into blocks. */
export interface ChatDeltas {
  readonly answer: Answer
  readonly context: ConversionContext
  readonly text: AnswerText
  readonly keys: ToolKeys
  readonly choices: ChatChoices
  /** Vendors say the same reasoning in several members; the one that is seen first is used. */
  source: string | undefined
  hasRefusal: boolean
  /** Whether this chunk says anything, and whether one before it did. */
  isReading: boolean
  hasRead: boolean
}

/** Starts reading the choices of one answer. */
export function createChatDeltas(answer: Answer, context: ConversionContext): ChatDeltas {
  return {
    answer,
    context,
    text: createAnswerText(answer, context),
    keys: createToolKeys(answer.writer.knownCall),
    choices: createChatChoices(),
    source: undefined,
    hasRefusal: false,
    isReading: false,
    hasRead: false,
  }
}

/** Reads one choice: its delta, or its whole message. */
export function readChoice(deltas: ChatDeltas, choice: Json): void {
  const delta = member(choice, 'delta')
  const message = member(choice, 'message')
  // A message beside deltas, or behind them, repeats what they said. Perplexity puts an empty delta beside a whole one.
  const isWhole = isJsonObject(message) && !deltas.hasRead && !saysAnything(delta)
  const said = isWhole ? message : delta
  if (!isJsonObject(said)) return
  deltas.isReading ||= isWhole || saysAnything(said)
  for (const [name, read] of readers) {
    const value = said[name]
    if (value !== undefined && value !== null && Object.hasOwn(said, name)) read(deltas, value, isWhole)
  }
  for (const [name, value] of Object.entries(said)) {
    if (!known.has(name) && value !== null) deltas.answer.keep(name, value)
  }
}

/** A chunk has ended. All choices of one chunk are read: GitHub Copilot gives Claude's text in one, and its calls in another. */
export function endChunk(deltas: ChatDeltas): void {
  deltas.hasRead ||= deltas.isReading
}

function saysAnything(said: Json | undefined): boolean {
  return readers.some(([name]) => {
    const value = member(said, name) ?? ''
    return value !== '' && !(Array.isArray(value) && value.length === 0)
  })
}

type Reader = (deltas: ChatDeltas, value: Json, isWhole: boolean) => void

/** One function for each member that says something, in the order of what they say: reasoning, text, calls. */
const readers: readonly (readonly [member: string, read: Reader])[] = [
  ['extra_content', readExtra],
  ['reasoning_details', readDetails],
  ['reasoning_content', (deltas, value) => readReasoning(deltas, 'reasoning_content', value)],
  ['reasoning', (deltas, value) => readReasoning(deltas, 'reasoning', value)],
  ['reasoning_text', (deltas, value) => readCopilot(deltas, 'reasoning_text', value)],
  ['reasoning_opaque', (deltas, value) => readCopilot(deltas, 'reasoning_opaque', value)],
  ['content', readContent],
  ['refusal', readRefusal],
  ['tool_calls', readCalls],
  ['function_call', readFunctionCall],
  ['annotations', readAnnotations],
  ['audio', (deltas, value) => dropMedia(deltas, stringMember(value, 'data'))],
  ['images', (deltas, value) => dropMedia(deltas, Array.isArray(value) && value.length > 0 ? 'images' : undefined)],
]

const known: ReadonlySet<string> = /* @__PURE__ */ new Set(['role', ...readers.map(([name]) => name)])

function readContent(deltas: ChatDeltas, value: Json): void {
  if (typeof value === 'string') deltas.text.say(value)
  else for (const part of listed(value)) readPart(deltas, part)
}

/** Some servers leave the brackets out where there is only one. */
function listed(value: Json): readonly Json[] {
  if (Array.isArray(value)) return value
  return isJsonObject(value) ? [value] : []
}

function readPart(deltas: ChatDeltas, part: Json): void {
  const type = stringMember(part, 'type')
  if (typeof part === 'string') deltas.text.say(part)
  else if (type === 'thinking' || type === 'reasoning') readThinkingPart(deltas, part)
  else if (type === 'refusal') readRefusal(deltas, member(part, 'refusal') ?? null)
  else {
    // Whatever a part is called: what has a text says it.
    const text = stringMember(part, 'text')
    if (text !== undefined) deltas.text.say(text)
    else deltas.answer.notes.loss('media_dropped', '/choices/0/message/content', type)
  }
}

function readRefusal(deltas: ChatDeltas, value: Json): void {
  if (typeof value !== 'string' || value === '') return
  deltas.hasRefusal = true
  deltas.text.say(value)
}

function readCalls(deltas: ChatDeltas, value: Json, isWhole: boolean): void {
  for (const entry of listed(value)) {
    const delta = readToolDelta(entry, isWhole)
    if (delta === undefined) continue
    const key = deltas.keys.keyOf(delta)
    readCallSignature(deltas, key, member(entry, 'extra_content'))
    writeCall(deltas, key, delta)
  }
}

/** A signature stands before the call it belongs to. */
function readCallSignature({ answer, text }: ChatDeltas, key: string, extra: Json | undefined): void {
  const signature = signatureIn(extra)
  if (signature === undefined || text.foundStop() !== undefined) return
  if (answer.writer.knownCall(key) !== undefined)
    answer.notes.loss('signature_dropped', '/choices/0/message/tool_calls')
  else {
    text.interrupt()
    answer.writer.thinking(answer.reasoning.apart({ k: 'sig', d: signature }), '')
  }
}

function readFunctionCall(deltas: ChatDeltas, value: Json, isWhole: boolean): void {
  const name = stringMember(value, 'name')
  const said = argumentsOf(value)
  if (name || said) writeCall(deltas, 'function_call', { name, arguments: said, isWhole })
}

function writeCall({ answer, text }: ChatDeltas, key: string, delta: CallDelta): void {
  if (text.foundStop() !== undefined) return
  text.interrupt()
  answer.reasoning.interrupt()
  answer.writer.call(key, delta)
}

function readAnnotations({ answer }: ChatDeltas, value: Json): void {
  if (!Array.isArray(value) || value.length === 0) return
  answer.notes.loss('annotations_dropped', '/choices/0/message/annotations')
  answer.keep('annotations', value)
}

function dropMedia({ answer }: ChatDeltas, media: string | undefined): void {
  if (media) answer.notes.loss('media_dropped', '/choices/0/message')
}

/** A signature of the text stands before it. */
function readExtra({ answer }: ChatDeltas, value: Json): void {
  const signature = signatureIn(value)
  if (signature === undefined) return
  if (answer.writer.sawContent()) answer.notes.loss('signature_dropped', '/choices/0/message/extra_content')
  else answer.writer.thinking(answer.reasoning.apart({ k: 'sig', d: signature }), '')
}

/** Gemini's signature, where its compatible endpoint puts it. @see https://ai.google.dev/gemini-api/docs/openai */
function signatureIn(extra: Json | undefined): string | undefined {
  return stringMember(member(extra, 'google'), 'thought_signature')
}

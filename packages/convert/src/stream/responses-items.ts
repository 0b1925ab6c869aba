import { isJsonObject, type Json, type JsonObject, stringMember } from '@lb/protocol'
import type { Carrier } from '../carrier.ts'
import type { ConversionContext } from '../context.ts'
import type { Answer } from './answer.ts'
import { type AnswerText, createAnswerText } from './answer-text.ts'

/**
 * The output items of a Responses answer, put into blocks. An item arrives in pieces and then once more as a whole; the
 * whole is what counts, and gives what the pieces left out.
 */
export interface ResponsesItems {
  readonly answer: Answer
  readonly context: ConversionContext
  readonly text: AnswerText
  readonly progress: Map<number, Progress>
  /** Where items and calls stood that were named, by their ids. */
  readonly places: Map<string, number>
  hasRefusal: boolean
}

/** Which of its two forms a reasoning is read from. Servers that send both say the same twice. */
export type ThinkingKind = 'summary' | 'content'

/** How much of an item has been given out. */
interface Progress {
  /** Characters by part. */
  readonly parts: Map<number, number>
  thinkingKind: ThinkingKind | undefined
  isPhaseKept: boolean
  isDone: boolean
}

/** Starts the items of one answer. */
export function createResponsesItems(answer: Answer, context: ConversionContext): ResponsesItems {
  return {
    answer,
    context,
    text: createAnswerText(answer, context),
    progress: new Map(),
    places: new Map(),
    hasRefusal: false,
  }
}

function progressOf(items: ResponsesItems, index: number): Progress {
  const known = items.progress.get(index)
  if (known !== undefined) return known
  const progress: Progress = { parts: new Map(), thinkingKind: undefined, isPhaseKept: false, isDone: false }
  items.progress.set(index, progress)
  return progress
}

/** Counts a piece of a part in. */
function count(items: ResponsesItems, index: number, part: number, piece: string): void {
  const { parts } = progressOf(items, index)
  parts.set(part, (parts.get(part) ?? 0) + piece.length)
}

/**
 * Where an item of the last event stood in the stream. Some servers count from 1 there, or leave items out of the end: by its
 * number alone an item would be taken for another one, and a call would be made twice.
 */
export function placeOf(items: ResponsesItems, position: number, item: JsonObject): number {
  const known = idsOf(item).map((id) => items.places.get(id))
  return known.find((place) => place !== undefined) ?? position
}

function idsOf(item: JsonObject): readonly string[] {
  return [item['id'], item['call_id']].filter((id): id is string => typeof id === 'string' && id !== '')
}

function note(items: ResponsesItems, index: number, item: JsonObject): void {
  for (const id of idsOf(item)) items.places.set(id, index)
}

/** An item has begun. */
export function itemAdded(items: ResponsesItems, index: number, item: JsonObject): void {
  note(items, index, item)
  const type = stringMember(item, 'type')
  if (type === 'function_call') writeCall(items, index, item, { piece: '', isWhole: false })
  else if (type === 'message') keepPhase(items, index, item)
}

/** A piece of a text part. */
export function textDelta(items: ResponsesItems, index: number, part: number, piece: string): void {
  count(items, index, part, piece)
  items.text.say(piece, `${index}/${part}`)
}

/** A piece of a refusal. */
export function refusalDelta(items: ResponsesItems, index: number, part: number, piece: string): void {
  items.hasRefusal = true
  textDelta(items, index, part, piece)
}

/** A piece of a reasoning. Its parts are kept a blank line apart. */
export function thinkingDelta(
  items: ResponsesItems,
  index: number,
  part: number,
  piece: { readonly text: string; readonly kind: ThinkingKind },
): void {
  const progress = progressOf(items, index)
  progress.thinkingKind ??= piece.kind
  if (progress.thinkingKind !== piece.kind || piece.text === '' || items.text.foundStop() !== undefined) return
  const isNextPart = progress.parts.size > 0 && !progress.parts.has(part)
  count(items, index, part, piece.text)
  openReasoning(items, index, isNextPart ? `\n\n${piece.text}` : piece.text)
}

function openReasoning({ answer, text }: ResponsesItems, index: number, piece: string): void {
  text.interrupt()
  answer.reasoning.open(itemKey(index))
  answer.writer.thinking(itemKey(index), piece)
}

/** A piece of the arguments of a call. */
export function argumentsDelta(items: ResponsesItems, index: number, piece: string): void {
  count(items, index, 0, piece)
  if (piece !== '' && items.text.foundStop() === undefined)
    items.answer.writer.call(itemKey(index), { arguments: piece })
}

/** A part is whole: of what it says, what no piece has said. Some servers send it and no whole item. */
export function rest(items: ResponsesItems, index: number, part: number, whole: string): string {
  return whole.slice(progressOf(items, index).parts.get(part) ?? 0)
}

/** An item is whole. Counts the first time. */
export function itemDone(items: ResponsesItems, index: number, item: JsonObject): void {
  const progress = progressOf(items, index)
  if (progress.isDone) return
  progress.isDone = true
  note(items, index, item)
  const type = stringMember(item, 'type') ?? ''
  const finish = Object.hasOwn(finishers, type) ? finishers[type] : undefined
  if (finish !== undefined) finish(items, index, item)
  else {
    items.answer.notes.loss('hosted_call_dropped', `/output/${index}`, type)
    items.answer.keep(type, item)
  }
}

type Finisher = (items: ResponsesItems, index: number, item: JsonObject) => void

/** One function for each kind of item that a client gets to see. */
const finishers: Readonly<Record<string, Finisher>> = {
  message: finishMessage,
  reasoning: finishReasoning,
  function_call: finishCall,
  custom_tool_call: finishCustomCall,
}

function finishMessage(items: ResponsesItems, index: number, item: JsonObject): void {
  keepPhase(items, index, item)
  for (const [part, content] of listOf(item['content']).entries()) {
    const refusal = stringMember(content, 'refusal')
    if (refusal) items.hasRefusal = true
    textDelta(items, index, part, rest(items, index, part, refusal ?? stringMember(content, 'text') ?? ''))
    dropAnnotations(items, content)
  }
}

function dropAnnotations({ answer }: ResponsesItems, content: Json): void {
  const annotations = isJsonObject(content) ? listOf(content['annotations']) : []
  if (annotations.length === 0) return
  answer.notes.loss('annotations_dropped', '/output')
  answer.keep('annotations', [...annotations])
}

function finishReasoning(items: ResponsesItems, index: number, item: JsonObject): void {
  const summary = textsOf(item['summary'])
  const kind = progressOf(items, index).thinkingKind ?? (summary.length > 0 ? 'summary' : 'content')
  const texts = kind === 'summary' ? summary : textsOf(item['content'])
  for (const [part, whole] of texts.entries()) {
    thinkingDelta(items, index, part, { text: rest(items, index, part, whole), kind })
  }
  const carried = carriedItem(item, kind, texts, items.context)
  // A reasoning without a word that only its vendor can read is still a block: it has to come back.
  if (texts.join('') === '' && carried !== undefined && items.text.foundStop() === undefined)
    openReasoning(items, index, '')
  items.answer.reasoning.carry(itemKey(index), carried)
  items.answer.writer.release()
}

function finishCall(items: ResponsesItems, index: number, item: JsonObject): void {
  const isDirect = stringMember(item['caller'], 'type') !== 'program'
  if (!isDirect) items.answer.notes.loss('tool_caller_dropped', `/output/${index}/caller`)
  const said = stringMember(item, 'arguments') ?? ''
  const piece = rest(items, index, 0, said)
  writeCall(items, index, item, { piece, isWhole: piece === said })
}

function finishCustomCall(items: ResponsesItems, index: number, item: JsonObject): void {
  const input = JSON.stringify({ input: stringMember(item, 'input') ?? '' })
  writeCall(items, index, item, { piece: input, isWhole: true })
}

function writeCall(
  items: ResponsesItems,
  index: number,
  item: JsonObject,
  { piece, isWhole }: { readonly piece: string; readonly isWhole: boolean },
): void {
  if (items.text.foundStop() !== undefined) return
  items.text.interrupt()
  count(items, index, 0, piece)
  const id = stringMember(item, 'call_id')
  items.answer.writer.call(itemKey(index), { id, name: stringMember(item, 'name'), arguments: piece, isWhole })
}

/** Newer models want to hear again whether a message was a comment or the answer. */
function keepPhase(items: ResponsesItems, index: number, item: JsonObject): void {
  const { phase } = item
  const progress = progressOf(items, index)
  if (progress.isPhaseKept || typeof phase !== 'string' || items.context.carrier !== 'full') return
  progress.isPhaseKept = true
  items.text.interrupt()
  items.answer.writer.thinking(items.answer.reasoning.apart({ k: 'sig', d: { phase } }), '')
}

function itemKey(index: number): string {
  return `item ${index}`
}

function listOf(list: Json | undefined): readonly Json[] {
  return Array.isArray(list) ? list : []
}

function textsOf(parts: Json | undefined): readonly string[] {
  return listOf(parts).map((part) => stringMember(part, 'text') ?? '')
}

/**
 * What a reasoning item needs to be sent again: its id and what only the vendor can read. Its texts are in the block; their
 * lengths are enough. A client that does not see them gets them here.
 */
function carriedItem(
  item: JsonObject,
  kind: ThinkingKind,
  texts: readonly string[],
  context: ConversionContext,
): Pick<Carrier, 'k' | 'd'> | undefined {
  const { id, encrypted_content } = item
  const isOpaque = typeof encrypted_content === 'string' && encrypted_content !== ''
  const isPlain = kind === 'content' && texts.join('') !== ''
  if (typeof id !== 'string' || (!isOpaque && !isPlain)) return undefined
  const kept = texts.map((text) => (context.showThinking ? text.length : text))
  return { k: 'item', d: { id, [kind]: kept, ...(isOpaque ? { encrypted_content } : {}) } }
}

import { isJsonObject, type Json, type JsonObject, member, stringMember } from '@lb/protocol'
import { encodeCarrier } from '../carrier.ts'
import type { ChatDeltas } from './chat-deltas.ts'
import { visibleText } from './reasoning.ts'

/**
 * Reasoning as the vendors say it: in several members at once, as text, parts or an object, for readers or for themselves.
 * The member that is seen first is read; the others say the same again.
 */
function isSource(deltas: ChatDeltas, name: string): boolean {
  deltas.source ??= name
  return deltas.source === name
}

/** A member that holds text, whatever is around the text. What holds none is kept for the caller. */
export function readReasoning(deltas: ChatDeltas, name: string, value: Json): void {
  const text = reasoningIn(value)
  if (text === undefined) deltas.answer.keep(name, value)
  else if (text !== '' && isSource(deltas, name)) deltas.text.think(text)
}

/** `undefined`: there is no text in it, nor in what it holds. */
function reasoningIn(value: Json | undefined, levels = 3): string | undefined {
  if (typeof value === 'string') return value
  if (typeof value !== 'object' || levels === 0) return undefined
  const inner = Array.isArray(value) ? value : textMembers.map((name) => member(value, name))
  const texts = inner.map((one) => reasoningIn(one, levels - 1)).filter((text) => text !== undefined)
  return texts.length === 0 ? undefined : texts.join('')
}

const textMembers = ['text', 'content', 'summary', 'thinking'] as const

/**
 * GitHub Copilot's reasoning: a text, and what only Copilot can read. It wants both back in the members in which they came.
 *
 * @see https://github.com/anomalyco/opencode/pull/8900
 */
export function readCopilot(deltas: ChatDeltas, name: 'reasoning_text' | 'reasoning_opaque', value: Json): void {
  if (typeof value !== 'string') readReasoning(deltas, name, value)
  else if (value === '') return
  else if (name === 'reasoning_opaque') deltas.text.think('', { type: name, opaque: value })
  else if (isSource(deltas, name)) deltas.text.think(value, { type: name, text: value })
}

/** OpenRouter's list. What only its vendor can read is nowhere else, so it counts beside any other source. */
export function readDetails(deltas: ChatDeltas, value: Json): void {
  if (!Array.isArray(value) || value.length === 0) return
  const isRead = isSource(deltas, 'reasoning_details')
  for (const entry of value) {
    if (!isJsonObject(entry)) continue
    if (entry['type'] === 'reasoning.encrypted') readEncrypted(deltas, entry)
    else if (isRead) deltas.text.think(visibleText(entry), entry)
    else if (entry['signature']) deltas.answer.notes.loss('signature_dropped', detailsPath)
  }
}

const detailsPath = '/choices/0/message/reasoning_details'

function readEncrypted({ answer, context, text }: ChatDeltas, entry: JsonObject): void {
  if (text.foundStop() !== undefined) return
  text.interrupt()
  answer.reasoning.interrupt()
  if (context.carrier === 'full') {
    answer.writer.redacted(encodeCarrier({ v: 1, p: context.profile.id, k: 'details', d: [entry] }))
  } else answer.notes.loss('signature_dropped', detailsPath)
}

/** A part of the content that is reasoning: Mistral's, with its text in a list, or Databricks's, with a summary. */
export function readThinkingPart(deltas: ChatDeltas, part: Json): void {
  const signed = member(part, 'summary')
  const isSigned = Array.isArray(signed) && signed.some((piece) => stringMember(piece, 'signature'))
  if (isSigned) deltas.answer.notes.loss('signature_dropped', '/choices/0/message/content')
  if (isSource(deltas, 'content')) deltas.text.think(reasoningIn(part) ?? '')
}

import { isJsonObject, type Json, type JsonObject, parseJson } from '@lb/protocol'
import { base64urlToText, textToBase64url } from './base64url.ts'

/**
 * How reasoning of other vendors travels through an Anthropic client.
 *
 * The client keeps thinking blocks and sends them back unchanged, signature and all. So the signature carries what the
 * vendor needs back and Anthropic has no field for. It says plainly what it is: it never looks like a signature of
 * Anthropic's, and no Anthropic endpoint ever gets to see one.
 */
export interface Carrier {
  readonly v: 1
  /** The profile whose vendor said it. */
  readonly p: string
  /**
   * - `text`: the block's text is the whole reasoning.
   * - `details`: entries of `reasoning_details`; their texts are replaced by lengths, since the block has the text.
   * - `item`: a reasoning item of the Responses API.
   * - `sig`: what belongs to the text or the call behind the block: a signature, or `{ phase }`.
   */
  readonly k: 'text' | 'details' | 'item' | 'sig'
  /** What the vendor needs back. */
  readonly d?: Json
}

/** How much of it to carry: everything, only reasoning that is text, or nothing. Opaque payloads can be large. */
export type CarrierMode = 'full' | 'text-only' | 'off'

const PREFIX = 'lb1.'

/** The signature, or the data of a redacted block, that carries `carrier`. */
export function encodeCarrier(carrier: Carrier): string {
  return PREFIX + textToBase64url(JSON.stringify(carrier))
}

/** Whether a signature is one of ours. Cheap; says nothing about whether it can be read. */
export function isCarrier(signature: string): boolean {
  return signature.startsWith(PREFIX)
}

/** Reads a signature of ours. `undefined`: it is someone else's, or was damaged on the way. */
export function decodeCarrier(signature: string): Carrier | undefined {
  if (!isCarrier(signature)) return undefined
  const text = base64urlToText(signature.slice(PREFIX.length))
  const parsed = text === undefined ? undefined : parseJson(text)
  if (parsed === undefined || !parsed.ok || !isJsonObject(parsed.value)) return undefined
  const { v, p, k, d } = parsed.value
  if (v !== 1 || typeof p !== 'string' || !isKind(k)) return undefined
  return { v, p, k, ...(d === undefined ? {} : { d }) }
}

function isKind(kind: Json | undefined): kind is Carrier['k'] {
  return kind === 'text' || kind === 'details' || kind === 'item' || kind === 'sig'
}

/** Members of a `reasoning_details` entry that hold text for readers. */
export const detailTexts = ['text', 'summary'] as const

/** Puts the texts back into entries that carry only their lengths: they stand in `text`, one behind the other. */
export function detailsWithTexts(entries: readonly Json[], text: string): readonly JsonObject[] {
  let at = 0
  return entries.filter(isJsonObject).map((entry) => {
    const whole: JsonObject = { ...entry }
    for (const name of detailTexts) {
      const length = entry[name]
      if (typeof length !== 'number') continue
      whole[name] = text.slice(at, at + length)
      at += length
    }
    return whole
  })
}

import { isJsonObject, type Json, type JsonObject } from '@lb/protocol'
import { appendAll } from '../append-all.ts'
import { type Carrier, decodeCarrier, detailsWithTexts } from '../carrier.ts'
import type { Run } from './run.ts'
import type { AssistantTurn, Said } from './turns.ts'

/**
 * Past reasoning on its way back to where it came from.
 *
 * What may go back is decided here, by where it is from: a vendor gets its own reasoning exactly as it sent it; another's
 * only where it would refuse a turn without any; a signature never reaches anybody but its owner.
 */
export interface ReplayedReasoning {
  /** All reasoning of the turn as text. `undefined`: there is none to send. */
  readonly text: string | undefined
  /** Entries for `reasoning_details`, verbatim. */
  readonly details: readonly JsonObject[]
  /** Items of the Responses API, by the place of their block in the turn. */
  readonly items: ReadonlyMap<Said, JsonObject>
  /** What belongs to the call or text behind its block: a signature, or a phase. */
  readonly signatures: ReadonlyMap<Said, Json>
}

/** What surrounds the turn whose reasoning is replayed. */
export interface ReplayPlace {
  /** Whether nothing but tool results came after it. */
  readonly isCurrent: boolean
  /** Whether the model will reason in this request. */
  readonly isThinking: boolean
}

type ThinkingBlock = Extract<Said, { readonly kind: 'thinking' }>

/** Collects what of a turn's reasoning goes back. */
export function replayedReasoning(turn: AssistantTurn, place: ReplayPlace, run: Run): ReplayedReasoning {
  const hasCalls = turn.said.some((said) => said.kind === 'call')
  const needsSome = run.profile.reasoningRequired && hasCalls && place.isThinking
  const replaysOwn = isReplayed(run, hasCalls, place.isCurrent)
  const texts: string[] = []
  const details: JsonObject[] = []
  const items = new Map<Said, JsonObject>()
  const signatures = new Map<Said, Json>()
  for (const [index, block] of turn.said.entries()) {
    if (block.kind !== 'thinking') continue
    const carrier = decodeCarrier(block.signature)
    // A signature belongs to the call behind it: without it the vendor refuses the call, whatever becomes of the rest.
    const isOwn = carrier?.p === run.profile.id && (replaysOwn || carrier.k === 'sig')
    const isText = (isOwn && carrier.k !== 'sig') || (needsSome && !block.isRedacted)
    if (carrier !== undefined && isOwn) restore(carrier, block, turn.said[index + 1], { details, items, signatures })
    else if (isGenuine(block, carrier) && run.profile.signedReasoning) details.push(signedDetail(block, details.length))
    else if (!isText) run.notes.loss('thinking_dropped', block.path)
    if (isText && !block.isRedacted) texts.push(textOf(block, carrier))
  }
  if (texts.length === 0 && needsSome) run.notes.loss('thinking_emptied', turn.path)
  return { text: texts.length > 0 || needsSome ? texts.join('') : undefined, details, items, signatures }
}

function isReplayed(run: Run, hasCalls: boolean, isCurrent: boolean): boolean {
  switch (run.profile.reasoningReplay) {
    case 'always':
      return true
    case 'tool-turns':
      return hasCalls
    case 'current-turn':
      return isCurrent
    case 'never':
      return false
  }
}

function isGenuine(block: ThinkingBlock, carrier: Carrier | undefined): boolean {
  return carrier === undefined && block.signature !== '' && !block.isRedacted
}

/** The form in which OpenRouter hands signatures on. @see https://openrouter.ai/docs/use-cases/reasoning-tokens */
function signedDetail(block: ThinkingBlock, index: number): JsonObject {
  return { type: 'reasoning.text', text: block.text, signature: block.signature, format: 'anthropic-claude-v1', index }
}

interface Restored {
  readonly details: JsonObject[]
  readonly items: Map<Said, JsonObject>
  readonly signatures: Map<Said, Json>
}

function restore(carrier: Carrier, block: ThinkingBlock, next: Said | undefined, into: Restored): void {
  if (carrier.k === 'details')
    appendAll(into.details, detailsWithTexts(Array.isArray(carrier.d) ? carrier.d : [], block.text))
  else if (carrier.k === 'item' && isJsonObject(carrier.d)) into.items.set(block, carrier.d)
  else if (carrier.k === 'sig' && carrier.d !== undefined && next !== undefined) into.signatures.set(next, carrier.d)
}

/** The reasoning's text; a client that asked not to see it has it in the signature. */
function textOf(block: ThinkingBlock, carrier: Carrier | undefined): string {
  if (carrier?.k === 'text' && typeof carrier.d === 'string') return carrier.d
  return block.text
}

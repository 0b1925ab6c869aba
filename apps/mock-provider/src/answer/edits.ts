import { err, ok, type Result } from '@lb/protocol'
import type { Edit, Ending, Place, PlaceName, ScriptEvent } from '../script/course.ts'
import type { Dialect } from '../script/script.ts'
import { errorEvent } from './error-reply.ts'
import { chatDone } from './openai-chat.ts'
import { jsonEvent, type Phase, type StreamPart } from './stream-part.ts'

/** An answer's course after its edits. */
export interface EditedStream {
  readonly parts: readonly StreamPart[]
  /** How the stream ends before its time; `undefined`: it runs to its end. */
  readonly ending: Ending | undefined
}

/**
 * Applies the edits whose place is between events. Places are looked up in the unedited answer, so the order of edits does not
 * matter; edits of one place happen in the order given.
 *
 * @returns a text that says which place does not exist, e.g. `mid-tool` in an answer without a tool call.
 */
export function editStream(
  parts: readonly StreamPart[],
  edits: readonly Edit[],
  dialect: Dialect,
): Result<EditedStream, string> {
  const byIndex = new Map<number, Edit[]>()
  for (const edit of edits) {
    if (typeof edit.at === 'object' || edit.at === 'head') continue
    const index = indexOf(edit.at, parts)
    if (index === undefined) return err(`there is no place \`${String(edit.at)}\` in this answer`)
    byIndex.set(index, [...(byIndex.get(index) ?? []), edit])
  }
  const written: StreamPart[] = []
  let skip = 0
  for (let index = 0; index <= parts.length; index++) {
    for (const edit of byIndex.get(index) ?? []) {
      const before = parts[index - 1]
      if (edit.again === true && before !== undefined) written.push(before)
      for (const event of edit.insert ?? []) written.push(partOf(event, dialect))
      skip += edit.remove ?? 0
      if (edit.end !== undefined) return ok({ parts: written, ending: edit.end })
    }
    const part = parts[index]
    if (skip > 0) skip -= 1
    else if (part !== undefined) written.push(part)
  }
  return ok({ parts: written, ending: undefined })
}

/** A script's event as a part of a stream in the request's dialect. */
export function partOf(event: ScriptEvent, dialect: Dialect): StreamPart {
  if ('data' in event) {
    const data = typeof event.data === 'string' ? event.data : JSON.stringify(event.data)
    const id = event.id === undefined ? {} : { id: event.id }
    return { kind: 'event', phase: 'other', event: event.event, data, ...id }
  }
  if ('error' in event) return errorEvent(event.error, event.message, dialect)
  if ('ping' in event) return pingOf(dialect)
  if ('done' in event) return chatDone
  if ('comment' in event) return { kind: 'comment', text: event.comment }
  if ('raw' in event) return { kind: 'verbatim', bytes: new TextEncoder().encode(event.raw) }
  if ('base64' in event) return { kind: 'verbatim', bytes: Buffer.from(event.base64, 'base64') }
  if ('pauseMs' in event) return { kind: 'pause', ms: event.pauseMs }
  return { kind: 'fill', text: event.fill, bytes: event.bytes }
}

/** What keeps a silent stream alive: an event in Anthropic's dialect, a comment in the others. */
export function pingOf(dialect: Dialect): StreamPart {
  return dialect === 'anthropic' ? jsonEvent('ping', 'ping', { type: 'ping' }) : { kind: 'comment', text: 'ping' }
}

function indexOf(
  place: Exclude<Place, { readonly byte: number } | 'head'>,
  parts: readonly StreamPart[],
): number | undefined {
  if (typeof place === 'number') return place <= parts.length ? place : undefined
  return places[place](parts)
}

/** Each looks a place up: the index of the part before which it is. */
const places: {
  readonly [P in Exclude<PlaceName, 'head'>]: (parts: readonly StreamPart[]) => number | undefined
} = {
  first: () => 0,
  'after-start': (parts) => after(parts.findIndex((part) => phaseOf(part) === 'start')),
  'mid-thinking': (parts) => middle(parts, 'thinking'),
  'mid-text': (parts) => middle(parts, 'text'),
  'mid-tool': (parts) => middle(parts, 'tool'),
  'after-block': (parts) => after(parts.findIndex((part) => phaseOf(part) === 'block-stop')) ?? afterFirstKind(parts),
  'before-stop': (parts) => found(parts.findIndex((part) => phaseOf(part) === 'stop' || phaseOf(part) === 'end')),
  'before-end': (parts) => found(parts.findIndex((part) => phaseOf(part) === 'end')),
  last: (parts) => parts.length,
}

function phaseOf(part: StreamPart | undefined): Phase | undefined {
  return part?.kind === 'event' ? part.phase : undefined
}

/** Half way through the deltas of one kind; with a single delta there is no middle. */
function middle(parts: readonly StreamPart[], phase: Phase): number | undefined {
  const indices = parts.flatMap((part, index) => (phaseOf(part) === phase ? [index] : []))
  return indices.length < 2 ? undefined : indices[Math.ceil(indices.length / 2)]
}

/** Chat chunks have no blocks: the first block ends where the first kind of delta does. */
function afterFirstKind(parts: readonly StreamPart[]): number | undefined {
  const kinds: readonly (Phase | undefined)[] = ['thinking', 'text', 'tool']
  const first = parts.find((part) => kinds.includes(phaseOf(part)))
  return first === undefined ? undefined : after(parts.findLastIndex((part) => phaseOf(part) === phaseOf(first)))
}

function after(index: number): number | undefined {
  return index === -1 ? undefined : index + 1
}

function found(index: number): number | undefined {
  return index === -1 ? undefined : index
}

import { isJsonObject, type Json, type JsonObject, stringMember } from '@lb/protocol'
import type { Carrier } from '../carrier.ts'
import type { ConversionContext } from '../context.ts'
import type { Answer } from './answer.ts'
import { createAnswerText } from './answer-text.ts'

/**
 * The output items of a Responses answer, put into blocks. An item arrives in pieces and then once more as a whole; the
 * whole is what counts, and gives what the pieces left out.
 */
export interface ResponsesItems {
  added(index: number, item: JsonObject): void
  textDelta(index: number, part: number, piece: string): void
  refusalDelta(index: number, part: number, piece: string): void
  thinkingDelta(index: number, part: number, piece: string, kind: ThinkingKind): void
  argumentsDelta(index: number, piece: string): void
  done(index: number, item: JsonObject): void
  /** Gives out what was held back. */
  flush(): void
  sawRefusal(): boolean
  foundStop(): string | undefined
}

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
  const { notes, writer, reasoning } = answer
  const text = createAnswerText(answer, context)
  const items = new Map<number, Progress>()
  let hasRefusal = false

  function progressOf(index: number): Progress {
    const known = items.get(index)
    if (known !== undefined) return known
    const progress: Progress = { parts: new Map(), thinkingKind: undefined, isPhaseKept: false, isDone: false }
    items.set(index, progress)
    return progress
  }

  /** Counts a piece of a part in. */
  function count(index: number, part: number, piece: string): void {
    const { parts } = progressOf(index)
    parts.set(part, (parts.get(part) ?? 0) + piece.length)
  }

  /** What of a whole part has not been given out. */
  function rest(index: number, part: number, whole: string): string {
    return whole.slice(progressOf(index).parts.get(part) ?? 0)
  }

  function say(index: number, part: number, piece: string): void {
    count(index, part, piece)
    text.say(piece, `${index}/${part}`)
  }

  function think(index: number, part: number, piece: string, kind: ThinkingKind): void {
    const progress = progressOf(index)
    progress.thinkingKind ??= kind
    // Servers that show both say the same twice.
    if (progress.thinkingKind !== kind || piece === '' || text.foundStop() !== undefined) return
    const isNextPart = progress.parts.size > 0 && !progress.parts.has(part)
    count(index, part, piece)
    text.interrupt()
    reasoning.open(reasoningKey(index))
    writer.thinking(reasoningKey(index), isNextPart ? `\n\n${piece}` : piece)
  }

  const whole: Readonly<Record<string, (index: number, item: JsonObject) => void>> = {
    message(index, item) {
      keepPhase(index, item)
      for (const [part, content] of listOf(item['content']).entries()) {
        const refusal = stringMember(content, 'refusal')
        if (refusal) hasRefusal = true
        say(index, part, rest(index, part, refusal ?? stringMember(content, 'text') ?? ''))
        dropAnnotations(content)
      }
    },
    reasoning(index, item) {
      const summary = textsOf(item['summary'])
      const content = textsOf(item['content'])
      const kind = progressOf(index).thinkingKind ?? (summary.length > 0 ? 'summary' : 'content')
      const texts = kind === 'summary' ? summary : content
      for (const [part, piece] of texts.entries()) think(index, part, rest(index, part, piece), kind)
      const carried = carriedItem(item, kind, texts, context)
      if (texts.join('') === '' && carried === undefined) return
      if (texts.join('') === '' && text.foundStop() === undefined) {
        text.interrupt()
        reasoning.open(reasoningKey(index))
        writer.thinking(reasoningKey(index), '')
      }
      reasoning.carry(reasoningKey(index), carried)
      writer.release()
    },
    function_call(index, item) {
      if (stringMember(item['caller'], 'type') === 'program')
        notes.loss('tool_caller_dropped', `/output/${index}/caller`)
      const said = stringMember(item, 'arguments') ?? ''
      const left = rest(index, 0, said)
      call(index, item, left, left === said)
    },
    custom_tool_call(index, item) {
      if (text.foundStop() !== undefined) return
      text.interrupt()
      const input = JSON.stringify({ input: stringMember(item, 'input') ?? '' })
      writer.call(callKey(index), {
        id: stringMember(item, 'call_id'),
        name: stringMember(item, 'name'),
        arguments: input,
        isWhole: true,
      })
    },
  }

  function call(index: number, item: JsonObject, piece: string, isWhole: boolean): void {
    if (text.foundStop() !== undefined) return
    text.interrupt()
    count(index, 0, piece)
    const id = stringMember(item, 'call_id')
    writer.call(callKey(index), { id, name: stringMember(item, 'name'), arguments: piece, isWhole })
  }

  function dropAnnotations(content: Json): void {
    const annotations = isJsonObject(content) ? listOf(content['annotations']) : []
    if (annotations.length === 0) return
    notes.loss('annotations_dropped', '/output')
    answer.keep('annotations', [...annotations])
  }

  function done(index: number, item: JsonObject): void {
    const progress = progressOf(index)
    if (progress.isDone) return
    progress.isDone = true
    const type = stringMember(item, 'type') ?? ''
    const finish = Object.hasOwn(whole, type) ? whole[type] : undefined
    if (finish !== undefined) finish(index, item)
    else {
      notes.loss('hosted_call_dropped', `/output/${index}`, type)
      answer.keep(type, item)
    }
  }

  return {
    added(index, item) {
      const type = stringMember(item, 'type')
      if (type === 'function_call') call(index, item, '', false)
      else if (type === 'message') keepPhase(index, item)
    },
    textDelta: say,
    refusalDelta(index, part, piece) {
      hasRefusal = true
      say(index, part, piece)
    },
    thinkingDelta: think,
    argumentsDelta(index, piece) {
      count(index, 0, piece)
      if (text.foundStop() === undefined) writer.call(callKey(index), { arguments: piece })
    },
    done,
    flush: () => text.flush(),
    sawRefusal: () => hasRefusal,
    foundStop: () => text.foundStop(),
  }

  /** Newer models want to hear again whether a message was a comment or the answer. */
  function keepPhase(index: number, item: JsonObject): void {
    const { phase } = item
    const progress = progressOf(index)
    if (progress.isPhaseKept || typeof phase !== 'string' || context.carrier !== 'full') return
    progress.isPhaseKept = true
    text.interrupt()
    writer.thinking(reasoning.apart({ k: 'sig', d: { phase } }), '')
  }
}

function reasoningKey(index: number): string {
  return `item ${index}`
}

function callKey(index: number): string {
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
  if (typeof id !== 'string' || (!isOpaque && kind === 'summary')) return undefined
  const kept = texts.map((text) => (context.showThinking ? text.length : text))
  return { k: 'item', d: { id, [kind]: kept, ...(isOpaque ? { encrypted_content } : {}) } }
}

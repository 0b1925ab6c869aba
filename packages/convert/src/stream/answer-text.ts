import type { JsonObject } from '@lb/protocol'
import type { ConversionContext } from '../context.ts'
import type { Answer } from './answer.ts'
import { createStopSearch } from './stop-search.ts'
import { createThinkTags } from './think-tags.ts'

/** The text and the reasoning of an answer on their way to the writer. */
export interface AnswerText {
  /** Text of the answer. `key` tells one text from the next. */
  say(piece: string, key?: string): void
  /** Text of the reasoning, with the entry of `reasoning_details` that it came in. */
  think(piece: string, detail?: JsonObject): void
  /** Something else is said now: what was held back of the text is decided. */
  interrupt(): void
  /** The answer has ended. */
  flush(): void
  holds(): boolean
  foundStop(): string | undefined
}

/** Starts the text of one answer. */
export function createAnswerText(answer: Answer, context: ConversionContext): AnswerText {
  const { writer, reasoning } = answer
  const stop = context.emulateStop ? createStopSearch(context.stopSequences) : undefined
  const tags = context.profile.reasoningTags ? createThinkTags() : undefined

  let textKey = ''

  function write(piece: string): void {
    if (piece === '') return
    reasoning.interrupt()
    writer.text(piece, textKey)
  }

  function search(piece: string): void {
    write(stop === undefined ? piece : stop.push(piece))
  }

  function think(piece: string, detail?: JsonObject): void {
    if (stop?.found() !== undefined || (piece === '' && detail === undefined)) return
    interrupt()
    const key = reasoning.key()
    if (detail !== undefined) reasoning.detail(detail)
    writer.thinking(key, piece)
  }

  function interrupt(): void {
    if (stop !== undefined) write(stop.flush())
  }

  function route(pieces: ReturnType<NonNullable<typeof tags>['push']>): void {
    for (const { kind, text } of pieces) {
      if (kind === 'thinking') think(text)
      else search(text)
    }
  }

  return {
    say(piece, key = '') {
      if (piece === '') return
      if (key !== textKey) interrupt()
      textKey = key
      if (tags === undefined) search(piece)
      else route(tags.push(piece))
    },
    think,
    interrupt,
    flush() {
      if (tags !== undefined) route(tags.flush())
      interrupt()
    },
    holds: () => stop?.holds() ?? false,
    foundStop: () => stop?.found(),
  }
}

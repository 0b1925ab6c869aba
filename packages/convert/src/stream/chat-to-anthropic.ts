import {
  type Anthropic,
  isJsonObject,
  type Json,
  type JsonObject,
  member,
  numberMember,
  stringMember,
} from '@lb/protocol'
import type { ConversionContext } from '../context.ts'
import { convertOpenAiStreamErrorToAnthropic, errorBody } from '../errors/openai-to-anthropic.ts'
import { createNotes, type Notes } from '../notes.ts'
import { anthropicUsageOfChat } from '../usage/chat-to-anthropic.ts'
import { type Answer, type AnswerOptions, createAnswer } from './answer.ts'
import { type ChatDeltas, createChatDeltas, endChunk, readChoice } from './chat-deltas.ts'
import { errorIn } from './chat-error.ts'
import { behindDoor } from './door.ts'
import { finishKind, isCutOff, stopReasonOf } from './finish-reasons.ts'
import type { StreamConverter } from './report.ts'

/**
 * Converts a Chat Completions stream into an Anthropic one.
 *
 *   waiting ── first content (or first chunk) ──▶ started ── end mark or end, with a finish reason ──▶ finished
 *      │                                            │
 *      └──────────── error, or end without reason ──┴──▶ failed
 *
 * What real servers do, and what follows from it:
 * - The finish reason may be repeated, be empty, be missing, or stand before the last content. So nothing ends before
 *   the stream does, and content always counts.
 * - Usage comes at the end, in every chunk, or inside a choice. The last one that is not smaller is kept.
 * - An error may stand beside content and a finish reason. The content is taken first.
 * - A stream that is cut is an error. No reason is ever made up for it: a client would believe it.
 *
 * @param context what the conversion of the request gave.
 * @example
 *   const stream = createChatToAnthropicStream(context)
 *   for (const event of stream.push(chunk)) write(event)
 *   for (const event of stream.done()) write(event)
 */
export function createChatToAnthropicStream(
  context: ConversionContext,
  options: AnswerOptions = {},
): StreamConverter<Anthropic.Event> {
  const answer = createAnswer(context, options)
  const deltas = createChatDeltas(answer, context)
  const end = createChatEnd(answer, deltas, context)
  return behindDoor({
    ...answer,
    push: (chunk) => readChunk(chunk, answer, deltas, end),
    mark: end.atMark,
    fail: (error) => failWith(error, answer),
    close: end.atClose,
    report: () => answer.report(deltas.text.foundStop() !== undefined),
  })
}

/** How an answer ends, as far as it has said so. */
interface ChatEnd {
  /** Takes down a finish reason. */
  finishReason(choice: Json): void
  usage(usage: Json | undefined): void
  tier(tier: Json | undefined): void
  /** An error stands behind the answer, or in it. */
  error(error: JsonObject): void
  /** The end mark. */
  atMark(): void
  /** The end of the connection. */
  atClose(): void
}

/** Members of a chunk that are read, or that mean nothing to anybody. */
const knownMembers: ReadonlySet<string> = new Set([
  'id',
  'object',
  'created',
  'model',
  'choices',
  'usage',
  'error',
  'service_tier',
  'obfuscation',
  'type',
])

/** One chunk: what it says, then how it ends, then what went wrong. The order matters: all three may be in one. */
function readChunk(said: Json, answer: Answer, deltas: ChatDeltas, end: ChatEnd): void {
  // Google puts an error into a list of one.
  const chunk = Array.isArray(said) && said.length === 1 ? said[0] : said
  if (!isJsonObject(chunk)) {
    answer.notes.loss('event_unexpected', '')
    return
  }
  answer.identify(stringMember(chunk, 'id') ?? '', stringMember(chunk, 'model') ?? '')
  for (const name of Object.keys(chunk)) if (!knownMembers.has(name)) keepMember(name, chunk[name], answer)
  const choices = Array.isArray(chunk['choices']) ? chunk['choices'] : []
  for (const choice of choices) takeChoice(choice, answer, deltas, end)
  endChunk(deltas)
  end.tier(chunk['service_tier'])
  end.usage(chunk['usage'] ?? member(chunk['x_groq'], 'usage'))
  answer.failWithProblem()
  const error = errorIn(chunk, choices.length > 0)
  if (error !== undefined && !answer.isEnded()) end.error(error)
}

function keepMember(name: string, value: Json | undefined, answer: Answer): void {
  if (value !== undefined && value !== null) answer.keep(name, value)
}

function takeChoice(choice: Json, answer: Answer, deltas: ChatDeltas, end: ChatEnd): void {
  if (!deltas.choices.has(choice)) {
    answer.notes.loss('extra_choices', '/choices')
    return
  }
  answer.begin()
  end.finishReason(choice)
  readChoice(deltas, choice)
  end.usage(member(choice, 'usage'))
}

function failWith(error: Json, answer: Answer): void {
  const { status, body } = convertOpenAiStreamErrorToAnthropic(error)
  answer.fail(status, body, error)
}

function createChatEnd(answer: Answer, deltas: ChatDeltas, context: ConversionContext): ChatEnd {
  let finish: { readonly reason: string; readonly choice: Json } | undefined
  let usage: { readonly json: Json; readonly tokens: number } | undefined
  let tier: Anthropic.Usage['service_tier'] = null

  function charge(json: Json, notes: Notes): void {
    answer.charge({ ...anthropicUsageOfChat(json, notes), service_tier: tier })
  }

  function finishNow(reason: string, choice: Json): void {
    deltas.text.flush()
    answer.close(isCutOff(reason) || deltas.text.foundStop() !== undefined)
    if (usage !== undefined) charge(usage.json, answer.notes)
    const sequence = deltas.text.foundStop() ?? stopEvidence(choice, context.stopSequences)
    const native = stringMember(choice, 'native_finish_reason') ?? ''
    const facts = { reason, native, hasCalls: answer.writer.wroteCall(), hasRefusal: deltas.hasRefusal }
    const stop = stopReasonOf(facts, answer.notes)
    const isSequence = sequence !== undefined && (stop === 'end_turn' || deltas.text.foundStop() !== undefined)
    answer.finish(isSequence ? { reason: 'stop_sequence', sequence } : { reason: stop, sequence: null })
  }

  /** Ends with what was said last, well or badly. */
  function finishAsSaid({ reason, choice }: NonNullable<typeof finish>): void {
    const kind = finishKind(reason)
    if (kind === 'error') answer.fail(500, errorBody('api_error', `the model stopped with the reason ${reason}`, null))
    else if (kind === 'overloaded')
      answer.fail(529, errorBody('overloaded_error', `the model stopped with the reason ${reason}`, null))
    else finishNow(reason, choice)
  }

  return {
    finishReason(choice) {
      const reason = stringMember(choice, 'finish_reason')
      if (!reason) return
      const isTelling = ['call', 'length', 'refusal'].includes(finishKind(reason))
      if (finish === undefined || (isTelling && reason !== finish.reason)) finish = { reason, choice }
    },
    usage(json) {
      if (!isJsonObject(json)) return
      const tokens = (numberMember(json, 'prompt_tokens') ?? 0) + (numberMember(json, 'completion_tokens') ?? 0)
      if (usage !== undefined && tokens < usage.tokens) return
      usage = { json, tokens }
      charge(json, createNotes())
    },
    tier(said) {
      if (said === 'default') tier = 'standard'
      else if (said === 'priority') tier = 'priority'
    },
    error(error) {
      if (finish !== undefined && finishKind(finish.reason) === 'length') {
        // OpenRouter says both at once: the answer is as long as it was allowed to be, and that is an error.
        answer.notes.loss('error_after_content', '/error')
        finishAsSaid(finish)
      } else failWith(error, answer)
    },
    atMark() {
      if (finish !== undefined) finishAsSaid(finish)
      else if (deltas.text.foundStop() !== undefined) finishNow('stop', null)
      else if (answer.writer.sawContent() || deltas.text.holds()) {
        answer.notes.loss('finish_missing', '')
        finishNow('stop', null)
      } else answer.fail(500, errorBody('api_error', 'upstream sent an empty stream', null))
    },
    atClose() {
      if (finish !== undefined) finishAsSaid(finish)
      else if (deltas.text.foundStop() !== undefined) finishNow('stop', null)
      else answer.fail(500, errorBody('api_error', 'upstream stream ended early', null))
    },
  }
}

/** The stop sequence that ended the answer, if the server names it. Nothing is guessed from the text. */
function stopEvidence(choice: Json, asked: readonly string[]): string | undefined {
  const named = stringMember(choice, 'stop_reason') ?? stringMember(choice, 'matched_stop')
  if (named !== undefined) return asked.includes(named) ? named : undefined
  return stringMember(choice, 'native_finish_reason') === 'stop_sequence' && asked.length === 1 ? asked[0] : undefined
}

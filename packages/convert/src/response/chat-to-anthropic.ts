import { type Anthropic, err, type Json, ok, type Result } from '@lb/protocol'
import type { ConversionContext } from '../context.ts'
import type { AnswerOptions } from '../stream/answer.ts'
import { createChatToAnthropicStream } from '../stream/chat-to-anthropic.ts'
import type { ConvertedAnswer, FailedAnswer } from './answer.ts'
import { foldAnthropicEvents } from './fold-anthropic.ts'

/**
 * Converts a whole Chat Completions answer into an Anthropic one: as a stream of one chunk, folded.
 *
 * @param body the parsed body of an answer with status 200.
 * @returns the message; write it with `stringifyJson`, because the arguments of calls are the model's own text. Or the
 *   error, when the body is one in spite of its status, or holds no answer.
 */
export function convertChatResponseToAnthropic(
  body: Json,
  context: ConversionContext,
  options: Omit<AnswerOptions, 'startOn'> = {},
): Result<ConvertedAnswer<Anthropic.Message>, FailedAnswer> {
  const stream = createChatToAnthropicStream(context, options)
  const events = [...stream.push(body), ...stream.done()]
  const { error, losses, aside, usage } = stream.report()
  const message = foldAnthropicEvents(events)
  if (error !== undefined) return err({ ...error, losses })
  // Every stream that did not fail has begun.
  const whole = message as Anthropic.Message
  return ok({ value: usage === undefined ? whole : { ...whole, usage }, losses, aside })
}

import type { Anthropic, Json, JsonTree, Result } from '@lb/protocol'
import type { ConversionContext } from '../context.ts'
import type { AnswerOptions } from '../stream/answer.ts'
import { createChatToAnthropicStream } from '../stream/chat-to-anthropic.ts'
import type { ConvertedAnswer, FailedAnswer } from './answer.ts'
import { folded } from './fold-anthropic.ts'

/**
 * Converts a whole Chat Completions answer into an Anthropic one: as a stream of one chunk, folded.
 *
 * @param body the parsed body of an answer with status 200; read it with `parseChatAnswer`.
 * @returns the message; write it with `stringifyJson`, because the arguments of calls are the model's own text. Or the
 *   error, when the body is one in spite of its status, or holds no answer.
 */
export function convertChatResponseToAnthropic(
  body: JsonTree,
  context: ConversionContext,
  options: Omit<AnswerOptions, 'startOn'> = {},
): Result<ConvertedAnswer<Anthropic.Message>, FailedAnswer> {
  const stream = createChatToAnthropicStream(context, options)
  const events = [...stream.push(body as Json), ...stream.done()]
  return folded(events, stream.report())
}

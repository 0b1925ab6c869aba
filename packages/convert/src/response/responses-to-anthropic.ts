import type { Anthropic, Json, Result } from '@lb/protocol'
import type { ConversionContext } from '../context.ts'
import type { AnswerOptions } from '../stream/answer.ts'
import { createResponsesToAnthropicStream, responsesBodyAsEvent } from '../stream/responses-to-anthropic.ts'
import type { ConvertedAnswer, FailedAnswer } from './answer.ts'
import { folded } from './fold-anthropic.ts'

/**
 * Converts a whole Responses answer into an Anthropic one: as a stream of its last event, folded.
 *
 * @param body the parsed body of an answer with status 200. Some servers put the last event of a stream in its place.
 * @returns the message; or the error, when the body is one in spite of its status, or holds no answer.
 */
export function convertResponsesResponseToAnthropic(
  body: Json,
  context: ConversionContext,
  options: Omit<AnswerOptions, 'startOn'> = {},
): Result<ConvertedAnswer<Anthropic.Message>, FailedAnswer> {
  const stream = createResponsesToAnthropicStream(context, options)
  const events = [...stream.push(responsesBodyAsEvent(body)), ...stream.end()]
  return folded(events, stream.report())
}

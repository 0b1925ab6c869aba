import type { SseLimits } from '@lb/protocol'
import type { ConversionContext } from '../context.ts'
import type { AnswerOptions } from './answer.ts'
import { type ByteStreamConverter, overSse } from './bytes.ts'
import { encodeAnthropicEvents } from './encode.ts'
import { createResponsesToAnthropicStream, responsesBodyAsEvent } from './responses-to-anthropic.ts'

/** The stream conversion over bytes. A whole response where a stream was promised becomes one. */
export function createResponsesToAnthropicByteStream(
  context: ConversionContext,
  options: AnswerOptions & SseLimits = {},
): ByteStreamConverter {
  return overSse(createResponsesToAnthropicStream(context, options), encodeAnthropicEvents, {
    limits: options,
    asEvent: responsesBodyAsEvent,
  })
}

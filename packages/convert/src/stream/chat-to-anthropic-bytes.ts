import { type Json, parseChatAnswer, type SseLimits } from '@lb/protocol'
import type { ConversionContext } from '../context.ts'
import type { AnswerOptions } from './answer.ts'
import { type ByteStreamConverter, overSse } from './bytes.ts'
import { createChatToAnthropicStream } from './chat-to-anthropic.ts'
import { encodeAnthropicEvents } from './encode.ts'

/**
 * The stream conversion over bytes: what an upstream's socket gives in, what a client's socket takes out.
 *
 * @example
 *   const stream = createChatToAnthropicByteStream(context)
 *   for await (const bytes of upstream) client.write(stream.push(bytes))
 *   client.end(stream.end())
 */
export function createChatToAnthropicByteStream(
  context: ConversionContext,
  options: AnswerOptions & SseLimits = {},
): ByteStreamConverter {
  return overSse(createChatToAnthropicStream(context, options), encodeAnthropicEvents, { limits: options, parse })
}

function parse(data: string): Json | undefined {
  const parsed = parseChatAnswer(data)
  return parsed.ok ? (parsed.value as Json) : undefined
}

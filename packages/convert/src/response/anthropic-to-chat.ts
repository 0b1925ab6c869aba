import { type Chat, err, type Json, type JsonTree, ok, type Result, stringMember } from '@lb/protocol'
import type { ChatClientContext } from '../context.ts'
import { createAnthropicToChatStream } from '../stream/anthropic-to-chat.ts'
import type { ConvertedAnswer, FailedAnswer } from './answer.ts'
import { foldChatEvents } from './fold-chat.ts'

/**
 * Converts a whole Anthropic answer into a Chat Completions one: as a stream of its parts, folded.
 *
 * @param message the parsed body of an answer with status 200; read it with `parseJsonKeeping(text, anthropicMessageKeep)`
 *   and the arguments of calls are the model's own text.
 */
export function convertAnthropicResponseToChat(
  message: JsonTree,
  context: ChatClientContext,
): Result<ConvertedAnswer<Chat.Completion>, FailedAnswer> {
  const stream = createAnthropicToChatStream({ ...context, includeUsage: true }, { startOn: 'first-chunk' })
  const isMessage = stringMember(message, 'type') === 'message'
  // The stream reads a message in its beginning; an error reads as an error.
  const event = (isMessage ? { type: 'message_start', message } : message) as Json
  const events = [...stream.push(event), ...(isMessage ? stream.push({ type: 'message_stop' }) : stream.end())]
  const { error, losses, aside } = stream.report()
  if (error !== undefined) return err({ ...error, isPreStream: true, losses })
  return ok({ value: foldChatEvents(events), losses, aside })
}

import type { Anthropic } from '@lb/protocol'

/**
 * The request that goes on where an answer paused (`stop_reason: pause_turn`): Anthropic stops a long turn of its own tools
 * and waits to be asked again with what it has said. Other dialects have no such stop, so a host that wants whole answers
 * sends this one.
 *
 * @see https://platform.claude.com/docs/en/build-with-claude/handling-stop-reasons
 */
export function continuedAnthropicRequest(
  request: Anthropic.Request,
  answer: Pick<Anthropic.Message, 'content'>,
): Anthropic.Request {
  return { ...request, messages: [...request.messages, { role: 'assistant', content: answer.content }] }
}

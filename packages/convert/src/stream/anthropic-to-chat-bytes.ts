import {
  anthropicEventKeep,
  anthropicMessageKeep,
  type Json,
  type KeepPaths,
  parseJsonKeeping,
  type SseLimits,
} from '@lb/protocol'
import type { ChatClientContext } from '../context.ts'
import { createAnthropicToChatStream } from './anthropic-to-chat.ts'
import { type ByteStreamConverter, overSse, parseData } from './bytes.ts'
import { encodeChatEvents } from './chat-events.ts'
import type { StartOn } from './report.ts'

/** The stream conversion over bytes. A whole message where a stream was promised becomes one. */
export function createAnthropicToChatByteStream(
  context: ChatClientContext,
  options: { readonly startOn?: StartOn } & SseLimits = {},
): ByteStreamConverter {
  return overSse(createAnthropicToChatStream(context, options), encodeChatEvents, {
    limits: options,
    parse: parseEvent,
    asEvent: (message) => ({ type: 'message_start', message }),
    asEnd: { type: 'message_stop' },
  })
}

/** Of an event, or of a whole answer in its place. */
const keep: KeepPaths = { ...anthropicMessageKeep, ...anthropicEventKeep }

/** Arguments may come whole with the beginning of a call: then they are kept as the model's text. */
function parseEvent(data: string): Json | undefined {
  if (!data.includes('"tool_use"')) return parseData(data)
  const parsed = parseJsonKeeping(data, keep)
  return parsed.ok ? (parsed.value as Json) : undefined
}

import type { Citation } from './content.ts'
import type { ErrorBody } from './error.ts'
import type { Message, MessageBlock, StopDetails, StopReason, Usage } from './message.ts'

/**
 * One event of a streamed answer. The grammar, `i` counting from 0 with one block open at a time:
 *
 *   message_start (content_block_start(i) content_block_delta(i)* content_block_stop(i))* message_delta message_stop
 *
 * or a prefix of it followed by `error`. `ping` may stand anywhere behind `message_start`.
 *
 * @see https://platform.claude.com/docs/en/build-with-claude/streaming
 */
export type Event = MessageStart | BlockStart | BlockDelta | BlockStop | MessageDelta | MessageStop | Ping | ErrorBody

/** @see https://platform.claude.com/docs/en/build-with-claude/streaming */
export interface MessageStart {
  readonly type: 'message_start'
  readonly message: Message
}

/** @see https://platform.claude.com/docs/en/build-with-claude/streaming */
export interface BlockStart {
  readonly type: 'content_block_start'
  readonly index: number
  readonly content_block: MessageBlock
}

/** @see https://platform.claude.com/docs/en/build-with-claude/streaming */
export interface BlockDelta {
  readonly type: 'content_block_delta'
  readonly index: number
  readonly delta: Delta
}

/** @see https://platform.claude.com/docs/en/build-with-claude/streaming */
export type Delta =
  | { readonly type: 'text_delta'; readonly text: string }
  | { readonly type: 'input_json_delta'; readonly partial_json: string }
  | { readonly type: 'thinking_delta'; readonly thinking: string }
  | { readonly type: 'signature_delta'; readonly signature: string }
  | { readonly type: 'citations_delta'; readonly citation: Citation }

/** @see https://platform.claude.com/docs/en/build-with-claude/streaming */
export interface BlockStop {
  readonly type: 'content_block_stop'
  readonly index: number
}

/** @see https://platform.claude.com/docs/en/build-with-claude/streaming */
export interface MessageDelta {
  readonly type: 'message_delta'
  readonly delta: {
    readonly stop_reason: StopReason | null
    readonly stop_sequence: string | null
    readonly stop_details: StopDetails | null
    readonly container: null
  }
  readonly usage: DeltaUsage
}

/** Totals of the whole answer, not increments. @see https://platform.claude.com/docs/en/build-with-claude/streaming */
export type DeltaUsage = Pick<
  Usage,
  | 'input_tokens'
  | 'output_tokens'
  | 'cache_creation_input_tokens'
  | 'cache_read_input_tokens'
  | 'output_tokens_details'
  | 'server_tool_use'
>

/** @see https://platform.claude.com/docs/en/build-with-claude/streaming */
export interface MessageStop {
  readonly type: 'message_stop'
}

/** @see https://platform.claude.com/docs/en/build-with-claude/streaming */
export interface Ping {
  readonly type: 'ping'
}

import type { JsonTree } from '../raw-json.ts'
import type {
  Citation,
  CompactionBlock,
  McpToolUseBlock,
  RedactedThinkingBlock,
  ServerToolResultBlock,
  ServerToolUseBlock,
  ThinkingBlock,
  ToolCaller,
} from './content.ts'

/**
 * The answer to `POST /v1/messages`. All members are present on the wire, those without a value as `null`.
 *
 * @see https://platform.claude.com/docs/en/api/messages
 */
export interface Message {
  readonly id: string
  readonly type: 'message'
  readonly role: 'assistant'
  readonly model: string
  readonly content: readonly MessageBlock[]
  readonly stop_reason: StopReason | null
  readonly stop_sequence: string | null
  readonly stop_details: StopDetails | null
  readonly container: null
  readonly diagnostics: null
  readonly usage: Usage
}

/** @see https://platform.claude.com/docs/en/api/messages */
export type MessageBlock =
  | MessageTextBlock
  | ThinkingBlock
  | RedactedThinkingBlock
  | MessageToolUseBlock
  | ServerToolUseBlock
  | McpToolUseBlock
  | ServerToolResultBlock
  | CompactionBlock

/** @see https://platform.claude.com/docs/en/api/messages */
export interface MessageTextBlock {
  readonly type: 'text'
  readonly text: string
  readonly citations: readonly Citation[] | null
}

/** @see https://platform.claude.com/docs/en/agents-and-tools/tool-use/overview */
export interface MessageToolUseBlock {
  readonly type: 'tool_use'
  readonly id: string
  readonly name: string
  readonly input: JsonTree
  readonly caller: ToolCaller
}

/** @see https://platform.claude.com/docs/en/build-with-claude/handling-stop-reasons */
export type StopReason =
  | 'end_turn'
  | 'max_tokens'
  | 'stop_sequence'
  | 'tool_use'
  | 'pause_turn'
  | 'compaction'
  | 'refusal'
  | 'model_context_window_exceeded'

/** Why a request was refused. @see https://platform.claude.com/docs/en/build-with-claude/handling-stop-reasons */
export interface StopDetails {
  readonly type: 'refusal'
  readonly category: null | 'cyber' | 'bio' | 'frontier_llm' | 'reasoning_extraction' | 'general_harms'
  readonly explanation: string | null
}

/**
 * What an answer cost, in tokens. `input_tokens` counts neither cache reads nor cache writes.
 *
 * @see https://platform.claude.com/docs/en/build-with-claude/prompt-caching
 */
export interface Usage {
  readonly input_tokens: number
  readonly output_tokens: number
  readonly cache_creation_input_tokens: number | null
  readonly cache_read_input_tokens: number | null
  readonly cache_creation: {
    readonly ephemeral_5m_input_tokens: number
    readonly ephemeral_1h_input_tokens: number
  } | null
  readonly output_tokens_details: { readonly thinking_tokens: number } | null
  readonly server_tool_use: { readonly web_search_requests: number; readonly web_fetch_requests: number } | null
  readonly service_tier: 'standard' | 'priority' | 'batch' | null
  readonly inference_geo: string | null
  readonly speed: 'standard' | 'fast' | null
}

/** The answer to `POST /v1/messages/count_tokens`. @see https://platform.claude.com/docs/en/api/messages-count-tokens */
export interface TokenCount {
  readonly input_tokens: number
}

/** One entry of `GET /v1/models`. @see https://platform.claude.com/docs/en/api/models-list */
export interface ModelInfo {
  readonly type: 'model'
  readonly id: string
  readonly display_name: string
  /** RFC 3339. */
  readonly created_at: string
}

/** The answer to `GET /v1/models`. @see https://platform.claude.com/docs/en/api/models-list */
export interface ModelList {
  readonly data: readonly ModelInfo[]
  readonly has_more: boolean
  readonly first_id: string | null
  readonly last_id: string | null
}

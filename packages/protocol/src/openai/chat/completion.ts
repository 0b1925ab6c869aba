import type { ReasoningDetail, ToolCall } from './request.ts'

/**
 * The answer to `POST /v1/chat/completions`.
 *
 * @see https://platform.openai.com/docs/api-reference/chat/object
 */
export interface Completion {
  readonly id: string
  readonly object: 'chat.completion'
  /** Epoch seconds. */
  readonly created: number
  readonly model: string
  readonly choices: readonly Choice[]
  readonly usage?: Usage
  readonly service_tier?: 'auto' | 'default' | 'flex' | 'scale' | 'priority' | null
}

/** @see https://platform.openai.com/docs/api-reference/chat/object */
export interface Choice {
  readonly index: number
  readonly message: CompletionMessage
  readonly logprobs: null
  readonly finish_reason: FinishReason
}

/** @see https://platform.openai.com/docs/api-reference/chat/object */
export type FinishReason = 'stop' | 'length' | 'tool_calls' | 'content_filter' | 'function_call'

/** @see https://platform.openai.com/docs/api-reference/chat/object */
export interface CompletionMessage {
  readonly role: 'assistant'
  readonly content: string | null
  readonly refusal: string | null
  readonly tool_calls?: readonly ToolCall[]
  /** The call of a client that declared `functions`. */
  readonly function_call?: { readonly name: string; readonly arguments: string }
  readonly annotations?: readonly UrlCitation[]
  readonly reasoning_content?: string
  readonly reasoning_details?: readonly ReasoningDetail[]
}

/** @see https://platform.openai.com/docs/guides/tools-web-search */
export interface UrlCitation {
  readonly type: 'url_citation'
  readonly url_citation: {
    readonly url: string
    readonly title: string
    /** Code points from the start of the content. */
    readonly start_index: number
    readonly end_index: number
  }
}

/**
 * What an answer cost, in tokens. `prompt_tokens` counts cache reads and writes, `completion_tokens` counts reasoning.
 *
 * @see https://platform.openai.com/docs/api-reference/chat/object
 */
export interface Usage {
  readonly prompt_tokens: number
  readonly completion_tokens: number
  readonly total_tokens: number
  readonly prompt_tokens_details?: { readonly cached_tokens?: number; readonly cache_write_tokens?: number }
  readonly completion_tokens_details?: { readonly reasoning_tokens?: number }
}

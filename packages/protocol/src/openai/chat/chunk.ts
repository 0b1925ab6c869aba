import type { FinishReason, UrlCitation, Usage } from './completion.ts'
import type { ReasoningDetail } from './request.ts'

/**
 * One chunk of a streamed answer. The stream ends with the data `[DONE]`.
 *
 * @see https://platform.openai.com/docs/api-reference/chat-streaming
 */
export interface Chunk {
  readonly id: string
  readonly object: 'chat.completion.chunk'
  /** Epoch seconds; the same in all chunks of a stream. */
  readonly created: number
  readonly model: string
  /** Empty in the chunk that carries the usage. */
  readonly choices: readonly ChunkChoice[]
  /** `null` in all chunks but the last when usage was asked for, absent when it was not. */
  readonly usage?: Usage | null
}

/** @see https://platform.openai.com/docs/api-reference/chat-streaming */
export interface ChunkChoice {
  readonly index: number
  readonly delta: Delta
  readonly logprobs: null
  readonly finish_reason: FinishReason | null
}

/** @see https://platform.openai.com/docs/api-reference/chat-streaming */
export interface Delta {
  readonly role?: 'assistant'
  readonly content?: string | null
  readonly refusal?: string | null
  readonly tool_calls?: readonly ToolCallDelta[]
  /** The call of a client that declared `functions`. */
  readonly function_call?: { readonly name?: string; readonly arguments: string }
  readonly annotations?: readonly UrlCitation[]
  readonly reasoning_content?: string
  readonly reasoning_details?: readonly ReasoningDetail[]
}

/** @see https://platform.openai.com/docs/api-reference/chat-streaming */
export interface ToolCallDelta {
  /** Counts the calls of the answer from 0. */
  readonly index: number
  readonly id?: string
  readonly type?: 'function' | 'custom'
  readonly function?: { readonly name?: string; readonly arguments?: string }
  readonly custom?: { readonly name?: string; readonly input?: string }
}

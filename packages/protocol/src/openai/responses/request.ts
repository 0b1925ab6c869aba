import type { JsonTree } from '../../raw-json.ts'
import type { PromptCacheOptions, ReasoningEffort } from '../chat/request.ts'
import type { Item } from './items.ts'

/**
 * The body of `POST /v1/responses`, as far as a stateless client uses it (`store: false`).
 *
 * @see https://platform.openai.com/docs/api-reference/responses/create
 */
export interface Request {
  readonly model: string
  readonly input: string | readonly Item[]
  readonly instructions?: string | null
  readonly max_output_tokens?: number | null
  readonly temperature?: number | null
  readonly top_p?: number | null
  readonly tools?: readonly Tool[]
  readonly tool_choice?: ToolChoice
  readonly parallel_tool_calls?: boolean | null
  readonly reasoning?: { readonly effort?: ReasoningEffort | null; readonly summary?: 'auto' | null } | null
  readonly text?: { readonly format?: TextFormat; readonly verbosity?: 'low' | 'medium' | 'high' | null }
  readonly include?: readonly 'reasoning.encrypted_content'[] | null
  readonly store?: boolean | null
  readonly stream?: boolean | null
  readonly prompt_cache_key?: string | null
  readonly prompt_cache_options?: PromptCacheOptions
  readonly safety_identifier?: string | null
  readonly user?: string
  readonly service_tier?: 'auto' | 'default' | null
}

/** Flat, unlike in Chat Completions. `strict` is on when absent. @see https://platform.openai.com/docs/guides/function-calling */
export interface Tool {
  readonly type: 'function'
  readonly name: string
  readonly description?: string | null
  readonly parameters: JsonTree
  readonly strict: boolean
}

/** @see https://platform.openai.com/docs/guides/function-calling */
export type ToolChoice = 'none' | 'auto' | 'required' | { readonly type: 'function'; readonly name: string }

/** @see https://platform.openai.com/docs/guides/structured-outputs */
export type TextFormat =
  | { readonly type: 'text' }
  | { readonly type: 'json_object' }
  | { readonly type: 'json_schema'; readonly name: string; readonly schema: JsonTree; readonly strict: boolean }

import type { JsonTree } from '../../raw-json.ts'

/**
 * The body of `POST /v1/chat/completions`, with the members that compatible vendors added.
 *
 * @see https://platform.openai.com/docs/api-reference/chat/create
 */
export interface Request {
  readonly model: string
  readonly messages: readonly Message[]
  readonly max_tokens?: number | null
  readonly max_completion_tokens?: number | null
  readonly temperature?: number | null
  readonly top_p?: number | null
  readonly top_k?: number | null
  readonly stop?: string | readonly string[] | null
  readonly stream?: boolean | null
  readonly stream_options?: { readonly include_usage?: boolean | null } | null
  readonly tools?: readonly Tool[] | null
  readonly tool_choice?: ToolChoice | null
  readonly parallel_tool_calls?: boolean | null
  readonly functions?: readonly FunctionDefinition[] | null
  readonly function_call?: 'none' | 'auto' | { readonly name: string } | null
  readonly response_format?: ResponseFormat | null
  readonly reasoning_effort?: ReasoningEffort | null
  readonly n?: number | null
  readonly logprobs?: boolean | null
  readonly modalities?: readonly string[] | null
  readonly audio?: JsonTree
  readonly user?: string | null
  readonly safety_identifier?: string | null
  readonly service_tier?: string | null
  readonly prompt_cache_key?: string | null
  readonly prompt_cache_options?: PromptCacheOptions | null
  readonly store?: boolean | null
  /** Gateways to Anthropic's models: a breakpoint at the end, wherever that is. @see https://openrouter.ai/docs/features/prompt-caching */
  readonly cache_control?: CacheMark['cache_control']
  readonly web_search_options?: JsonTree
  readonly [member: string]: unknown
}

/** @see https://platform.openai.com/docs/guides/reasoning */
export type ReasoningEffort = 'none' | 'minimal' | 'low' | 'medium' | 'high' | 'xhigh' | 'max'

/** @see https://platform.openai.com/docs/guides/prompt-caching */
export interface PromptCacheOptions {
  readonly mode?: 'implicit' | 'explicit'
  readonly ttl?: '30m'
}

/** @see https://platform.openai.com/docs/api-reference/chat/create */
export type Message = InstructionMessage | UserMessage | AssistantMessage | ToolMessage | FunctionMessage

/** @see https://platform.openai.com/docs/api-reference/chat/create */
export interface InstructionMessage extends Pick<CacheMark, 'cache_control'> {
  readonly role: 'system' | 'developer'
  readonly content: string | readonly TextPart[]
  readonly name?: string | null
}

/** @see https://platform.openai.com/docs/api-reference/chat/create */
export interface UserMessage extends Pick<CacheMark, 'cache_control'> {
  readonly role: 'user'
  readonly content: string | readonly Part[]
  readonly name?: string | null
}

/** @see https://platform.openai.com/docs/api-reference/chat/create */
export interface AssistantMessage extends Pick<CacheMark, 'cache_control'> {
  readonly role: 'assistant'
  readonly content?: string | readonly (TextPart | RefusalPart | ThinkingPart)[] | null
  readonly refusal?: string | null
  /** Sources of a past answer, as clients send it back. */
  readonly annotations?: readonly JsonTree[] | null
  readonly tool_calls?: readonly ToolCall[] | null
  readonly function_call?: { readonly name: string; readonly arguments: string } | null
  readonly name?: string | null
  /** DeepSeek, Kimi, GLM, Qwen, older vLLM. @see https://api-docs.deepseek.com/guides/thinking_mode */
  readonly reasoning_content?: string | null
  /** Groq, Ollama, newer vLLM, Cerebras, OpenRouter. @see https://openrouter.ai/docs/use-cases/reasoning-tokens */
  readonly reasoning?: string | null
  /** GitHub Copilot. @see https://github.com/BerriAI/litellm/issues/35021 */
  readonly reasoning_text?: string | null
  /** What of it only Copilot can read. @see https://github.com/anomalyco/opencode/pull/8900 */
  readonly reasoning_opaque?: string | null
  readonly reasoning_details?: readonly ReasoningDetail[] | null
  /** Gemini's compatible endpoint: the thought signature of the text. @see https://ai.google.dev/gemini-api/docs/openai */
  readonly extra_content?: JsonTree
  /** Mistral, DeepSeek: the answer goes on from here. @see https://docs.mistral.ai/api/ */
  readonly prefix?: boolean
}

/** @see https://platform.openai.com/docs/api-reference/chat/create */
export interface ToolMessage extends Pick<CacheMark, 'cache_control'> {
  readonly role: 'tool'
  readonly tool_call_id: string
  readonly content: string | readonly Part[]
}

/** The form of tool messages before there were ids. @see https://platform.openai.com/docs/api-reference/chat/create */
export interface FunctionMessage {
  readonly role: 'function'
  readonly name: string
  readonly content: string | null
}

/** @see https://platform.openai.com/docs/api-reference/chat/create */
export type Part = TextPart | ImagePart | FilePart | AudioPart

/** What a part may carry for the prompt cache. @see https://platform.openai.com/docs/guides/prompt-caching */
export interface CacheMark {
  /** @see https://platform.openai.com/docs/guides/prompt-caching */
  readonly prompt_cache_breakpoint?: { readonly mode: 'explicit' } | null
  /** @see https://openrouter.ai/docs/features/prompt-caching */
  readonly cache_control?: { readonly type: 'ephemeral'; readonly ttl?: '5m' | '1h' } | null
}

/** @see https://platform.openai.com/docs/api-reference/chat/create */
export interface TextPart extends CacheMark {
  readonly type: 'text'
  readonly text: string
}

/** @see https://platform.openai.com/docs/guides/images-vision */
export interface ImagePart extends CacheMark {
  readonly type: 'image_url'
  /** Mistral takes the URL itself, too. @see https://docs.mistral.ai/capabilities/vision/ */
  readonly image_url: string | { readonly url: string; readonly detail?: 'auto' | 'low' | 'high' | null }
}

/** @see https://platform.openai.com/docs/guides/pdf-files */
export interface FilePart extends CacheMark {
  readonly type: 'file'
  readonly file: {
    readonly file_data?: string | null
    readonly file_id?: string | null
    readonly filename?: string | null
  }
}

/** @see https://platform.openai.com/docs/guides/audio */
export interface AudioPart extends CacheMark {
  readonly type: 'input_audio'
  readonly input_audio: { readonly data: string; readonly format: 'wav' | 'mp3' }
}

/** @see https://platform.openai.com/docs/api-reference/chat/create */
export interface RefusalPart {
  readonly type: 'refusal'
  readonly refusal: string
}

/** Mistral's reasoning, in place. @see https://docs.mistral.ai/capabilities/reasoning/ */
export interface ThinkingPart {
  readonly type: 'thinking'
  readonly thinking: readonly TextPart[]
}

/**
 * OpenRouter's reasoning: `reasoning.text`, `reasoning.summary`, `reasoning.encrypted`.
 *
 * @see https://openrouter.ai/docs/use-cases/reasoning-tokens
 */
export interface ReasoningDetail {
  readonly type: string
  readonly text?: string | null
  readonly summary?: string | null
  readonly data?: string | null
  readonly signature?: string | null
  readonly format?: string | null
  readonly id?: string | null
  readonly index?: number
}

/** @see https://platform.openai.com/docs/guides/function-calling */
export type ToolCall = FunctionCall | CustomCall

/** @see https://platform.openai.com/docs/guides/function-calling */
export interface FunctionCall {
  readonly id: string
  readonly type: 'function'
  /** `arguments` is JSON text, as the model wrote it. */
  readonly function: { readonly name: string; readonly arguments: string }
  /** Gemini's compatible endpoint: the thought signature of the call. @see https://ai.google.dev/gemini-api/docs/openai */
  readonly extra_content?: JsonTree
}

/** @see https://platform.openai.com/docs/guides/function-calling#custom-tools */
export interface CustomCall {
  readonly id: string
  readonly type: 'custom'
  readonly custom: { readonly name: string; readonly input: string }
}

/** @see https://platform.openai.com/docs/guides/function-calling */
export type Tool = FunctionTool | CustomTool

/** @see https://platform.openai.com/docs/guides/function-calling */
export interface FunctionTool {
  /** Some clients leave it out. */
  readonly type?: 'function'
  readonly function: FunctionDefinition
  /** Gateways to Anthropic's models. @see https://openrouter.ai/docs/features/prompt-caching */
  readonly cache_control?: { readonly type: 'ephemeral'; readonly ttl?: '5m' | '1h' } | null
}

/** @see https://platform.openai.com/docs/guides/function-calling */
export interface FunctionDefinition {
  readonly name: string
  readonly description?: string | null
  /** A JSON Schema; as text where it was read with `parseJsonKeeping`. */
  readonly parameters?: JsonTree
  readonly strict?: boolean | null
}

/** @see https://platform.openai.com/docs/guides/function-calling#custom-tools */
export interface CustomTool {
  readonly type: 'custom'
  readonly custom: { readonly name: string; readonly description?: string | null; readonly format?: JsonTree }
}

/** @see https://platform.openai.com/docs/guides/function-calling */
export type ToolChoice =
  | 'none'
  | 'auto'
  | 'required'
  /** Mistral's word for it. */
  | 'any'
  | { readonly type: 'function'; readonly function: { readonly name: string } }
  | { readonly type: 'custom'; readonly custom: { readonly name: string } }
  | {
      readonly type: 'allowed_tools'
      readonly allowed_tools: { readonly mode: 'auto' | 'required'; readonly tools: readonly JsonTree[] }
    }

/** @see https://platform.openai.com/docs/guides/structured-outputs */
export type ResponseFormat =
  | { readonly type: 'text' }
  | { readonly type: 'json_object' }
  | {
      readonly type: 'json_schema'
      readonly json_schema: {
        readonly name: string
        readonly description?: string | null
        readonly schema?: JsonTree
        readonly strict?: boolean | null
      }
    }

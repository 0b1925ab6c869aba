/**
 * What a conversation consists of, as input and as output.
 *
 * @see https://platform.openai.com/docs/api-reference/responses/object
 */
export type Item = InputMessage | OutputMessage | FunctionCall | FunctionCallOutput | Reasoning

/** @see https://platform.openai.com/docs/api-reference/responses/create */
export interface InputMessage {
  readonly type: 'message'
  readonly role: 'user' | 'system' | 'developer'
  readonly content: readonly InputPart[]
}

/** @see https://platform.openai.com/docs/api-reference/responses/create */
export type InputPart = InputText | InputImage | InputFile

/** @see https://platform.openai.com/docs/guides/prompt-caching */
export interface CacheBreakpoint {
  readonly prompt_cache_breakpoint?: { readonly mode: 'explicit' }
}

/** @see https://platform.openai.com/docs/api-reference/responses/create */
export interface InputText extends CacheBreakpoint {
  readonly type: 'input_text'
  readonly text: string
}

/** @see https://platform.openai.com/docs/guides/images-vision */
export interface InputImage extends CacheBreakpoint {
  readonly type: 'input_image'
  readonly image_url: string
  readonly detail: 'auto'
}

/** @see https://platform.openai.com/docs/guides/pdf-files */
export interface InputFile extends CacheBreakpoint {
  readonly type: 'input_file'
  readonly filename?: string
  readonly file_data?: string
  readonly file_url?: string
}

/** What the model said before. An answer that is played back by a client that does not know its id has none. @see https://platform.openai.com/docs/api-reference/responses/create */
export interface OutputMessage {
  readonly type: 'message'
  readonly role: 'assistant'
  readonly content: readonly OutputPart[]
  readonly phase?: 'commentary' | 'final_answer' | null
}

/** @see https://platform.openai.com/docs/api-reference/responses/object */
export type OutputPart =
  | { readonly type: 'output_text'; readonly text: string; readonly annotations: readonly never[] }
  | { readonly type: 'refusal'; readonly refusal: string }

/** @see https://platform.openai.com/docs/guides/function-calling */
export interface FunctionCall {
  readonly type: 'function_call'
  readonly call_id: string
  readonly name: string
  /** JSON text, as the model wrote it. */
  readonly arguments: string
}

/** @see https://platform.openai.com/docs/guides/function-calling */
export interface FunctionCallOutput {
  readonly type: 'function_call_output'
  readonly call_id: string
  readonly output: string | readonly InputPart[]
}

/** @see https://platform.openai.com/docs/guides/reasoning */
export interface Reasoning {
  readonly type: 'reasoning'
  readonly id: string
  readonly summary: readonly { readonly type: 'summary_text'; readonly text: string }[]
  readonly content?: readonly { readonly type: 'reasoning_text'; readonly text: string }[]
  readonly encrypted_content?: string | null
}

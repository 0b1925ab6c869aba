import type { JsonTree } from '../raw-json.ts'
import type { Cacheable } from './content.ts'

/**
 * A tool of a request: one that the client declares and runs, or one that the provider knows by its dated `type`
 * (`bash_20250124`, `web_search_20260318`, …).
 *
 * @see https://platform.claude.com/docs/en/agents-and-tools/tool-use/overview
 */
export type ToolDefinition = CustomTool | ProviderTool

/** @see https://platform.claude.com/docs/en/agents-and-tools/tool-use/define-tools */
export interface CustomTool extends Cacheable {
  readonly type?: 'custom' | null
  readonly name: string
  readonly description?: string | null
  /** A JSON Schema; as text where it was read with `parseJsonKeeping`. */
  readonly input_schema: JsonTree
  readonly strict?: boolean | null
  readonly input_examples?: readonly JsonTree[] | null
  readonly defer_loading?: boolean | null
  readonly eager_input_streaming?: boolean | null
  readonly allowed_callers?: readonly string[] | null
}

/** @see https://platform.claude.com/docs/en/agents-and-tools/tool-use/overview */
export interface ProviderTool extends Cacheable {
  readonly type: string
  readonly name?: string | null
  readonly [member: string]: unknown
}

/** @see https://platform.claude.com/docs/en/agents-and-tools/tool-use/define-tools */
export type ToolChoice =
  | { readonly type: 'auto'; readonly disable_parallel_tool_use?: boolean | null }
  | { readonly type: 'any'; readonly disable_parallel_tool_use?: boolean | null }
  | { readonly type: 'tool'; readonly name: string; readonly disable_parallel_tool_use?: boolean | null }
  | { readonly type: 'none' }

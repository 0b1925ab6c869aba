import type { JsonTree } from '../raw-json.ts'
import type { CacheControl, RequestBlock } from './content.ts'
import type { ToolChoice, ToolDefinition } from './tools.ts'

/**
 * The body of `POST /v1/messages`, in its newest shape: both API versions, and the beta members that clients send. Of an optional
 * member `null` says as much as its absence.
 *
 * @see https://platform.claude.com/docs/en/api/messages
 * @see https://platform.claude.com/docs/en/api/versioning
 */
export interface Request {
  readonly model: string
  readonly max_tokens: number
  readonly messages: readonly Turn[]
  /** Texts; blocks of any other type are for a version of the API that is not known here. */
  readonly system?: string | readonly RequestBlock[] | null
  readonly stream?: boolean | null
  readonly stop_sequences?: readonly string[] | null
  readonly temperature?: number | null
  readonly top_p?: number | null
  readonly top_k?: number | null
  readonly tools?: readonly ToolDefinition[] | null
  readonly tool_choice?: ToolChoice | null
  readonly thinking?: Thinking | null
  readonly output_config?: OutputConfig | null
  readonly output_format?: OutputFormat | null
  readonly metadata?: { readonly user_id?: string | null } | null
  readonly service_tier?: 'auto' | 'standard_only' | null
  readonly speed?: 'standard' | 'fast' | null
  readonly cache_control?: CacheControl | null
  readonly container?: JsonTree
  readonly mcp_servers?: readonly McpServer[] | null
  readonly context_management?: JsonTree
  readonly thread?: { readonly type: string; readonly previous_message_id?: string } | null
  readonly [member: string]: unknown
}

/** @see https://platform.claude.com/docs/en/api/messages */
export type Turn = UserTurn | AssistantTurn | SystemTurn

/** @see https://platform.claude.com/docs/en/api/messages */
export interface UserTurn {
  readonly role: 'user'
  readonly content: string | readonly RequestBlock[]
}

/** @see https://platform.claude.com/docs/en/api/messages */
export interface AssistantTurn {
  readonly role: 'assistant'
  readonly content: string | readonly RequestBlock[]
}

/** Instructions in the middle of a conversation. @see https://platform.claude.com/docs/en/api/messages */
export interface SystemTurn {
  readonly role: 'system'
  readonly content?: string | readonly RequestBlock[] | null
  readonly clear_at?: string | null
  readonly output_config?: { readonly effort?: Effort | null } | null
}

/** @see https://platform.claude.com/docs/en/build-with-claude/effort */
export type Effort = 'low' | 'medium' | 'high' | 'xhigh' | 'max'

/** @see https://platform.claude.com/docs/en/build-with-claude/extended-thinking */
export type Thinking =
  | { readonly type: 'enabled'; readonly budget_tokens: number; readonly display?: ThinkingDisplay }
  | { readonly type: 'adaptive'; readonly display?: ThinkingDisplay }
  | { readonly type: 'between_tools' }
  | { readonly type: 'disabled' }

/** Whether the thinking's text is shown, or only its signature. @see https://platform.claude.com/docs/en/build-with-claude/extended-thinking */
export type ThinkingDisplay = 'summarized' | 'omitted' | null

/** @see https://platform.claude.com/docs/en/build-with-claude/effort */
export interface OutputConfig {
  readonly effort?: Effort | null
  readonly format?: OutputFormat | null
  readonly task_budget?: JsonTree
}

/** @see https://platform.claude.com/docs/en/build-with-claude/structured-outputs */
export interface OutputFormat {
  readonly type: 'json_schema'
  readonly schema: JsonTree
}

/** @see https://platform.claude.com/docs/en/agents-and-tools/mcp-connector */
export interface McpServer {
  readonly type: 'url'
  readonly name: string
  readonly url: string
  readonly tool_configuration?: { readonly enabled?: boolean | null } | null
}

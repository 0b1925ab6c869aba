import type { JsonTree } from '../raw-json.ts'

/**
 * Content blocks as a request carries them.
 *
 * The wire is open: new block types appear without notice, and every object may have members that are not listed here.
 * The union is closed all the same, because only a closed union narrows; code that dispatches on `type` needs a default,
 * where an {@link UnknownBlock} arrives.
 *
 * @see https://platform.claude.com/docs/en/api/messages
 */
export type RequestBlock =
  | TextBlock
  | ImageBlock
  | DocumentBlock
  | SearchResultBlock
  | ThinkingBlock
  | RedactedThinkingBlock
  | ToolUseBlock
  | ToolResultBlock
  | ServerToolUseBlock
  | McpToolUseBlock
  | ServerToolResultBlock
  | CompactionBlock
  | ToolChangeBlock
  | ToolReferenceBlock

/** A block of a type that this package has no name for. @see https://platform.claude.com/docs/en/api/messages */
export interface UnknownBlock {
  readonly type: string
  readonly [member: string]: unknown
}

/** @see https://platform.claude.com/docs/en/build-with-claude/prompt-caching */
export interface CacheControl {
  readonly type: 'ephemeral'
  /** @defaultValue `5m` */
  readonly ttl?: '5m' | '1h'
}

/** What every block of a request may carry. @see https://platform.claude.com/docs/en/build-with-claude/prompt-caching */
export interface Cacheable {
  readonly cache_control?: CacheControl | null
}

/** @see https://platform.claude.com/docs/en/api/messages */
export interface TextBlock extends Cacheable {
  readonly type: 'text'
  readonly text: string
  readonly citations?: readonly Citation[] | null
}

/**
 * Where a text comes from. The members depend on `type`: `char_location`, `page_location`, `content_block_location`,
 * `web_search_result_location`, `search_result_location`.
 *
 * @see https://platform.claude.com/docs/en/build-with-claude/citations
 */
export interface Citation {
  readonly type: string
  readonly [member: string]: unknown
}

/** @see https://platform.claude.com/docs/en/build-with-claude/vision */
export interface ImageBlock extends Cacheable {
  readonly type: 'image'
  readonly source: Base64Source | UrlSource | FileSource
  readonly transformations?: { readonly oversized_image?: 'downsize' | 'error' } | null
}

/** @see https://platform.claude.com/docs/en/build-with-claude/pdf-support */
export interface DocumentBlock extends Cacheable {
  readonly type: 'document'
  readonly source: Base64Source | UrlSource | FileSource | PlainTextSource | ContentSource
  readonly title?: string | null
  readonly context?: string | null
  readonly citations?: { readonly enabled?: boolean } | null
}

/** @see https://platform.claude.com/docs/en/build-with-claude/vision */
export interface Base64Source {
  readonly type: 'base64'
  readonly media_type: string
  readonly data: string
}

/** @see https://platform.claude.com/docs/en/build-with-claude/vision */
export interface UrlSource {
  readonly type: 'url'
  readonly url: string
}

/** @see https://platform.claude.com/docs/en/build-with-claude/files */
export interface FileSource {
  readonly type: 'file'
  readonly file_id: string
}

/** @see https://platform.claude.com/docs/en/build-with-claude/citations */
export interface PlainTextSource {
  readonly type: 'text'
  readonly media_type: 'text/plain'
  readonly data: string
}

/** @see https://platform.claude.com/docs/en/build-with-claude/citations */
export interface ContentSource {
  readonly type: 'content'
  readonly content: string | readonly (TextBlock | ImageBlock)[]
}

/** @see https://platform.claude.com/docs/en/build-with-claude/search-results */
export interface SearchResultBlock extends Cacheable {
  readonly type: 'search_result'
  readonly source: string
  readonly title: string
  readonly content: readonly TextBlock[]
  readonly citations?: { readonly enabled?: boolean }
}

/** @see https://platform.claude.com/docs/en/build-with-claude/extended-thinking */
export interface ThinkingBlock {
  readonly type: 'thinking'
  readonly thinking: string
  readonly signature: string
}

/** @see https://platform.claude.com/docs/en/build-with-claude/extended-thinking */
export interface RedactedThinkingBlock {
  readonly type: 'redacted_thinking'
  readonly data: string
}

/**
 * Who called a tool: the model itself (`direct`), or code that it runs on the provider's side.
 *
 * @see https://platform.claude.com/docs/en/agents-and-tools/tool-use/programmatic-tool-calling
 */
export interface ToolCaller {
  readonly type: string
  readonly tool_id?: string
}

/** @see https://platform.claude.com/docs/en/agents-and-tools/tool-use/overview */
export interface ToolUseBlock extends Cacheable {
  readonly type: 'tool_use'
  readonly id: string
  readonly name: string
  /** An object; as text where it was read with `parseJsonKeeping`. */
  readonly input: JsonTree
  readonly caller?: ToolCaller | null
  readonly toolset_name?: string | null
}

/** @see https://platform.claude.com/docs/en/agents-and-tools/tool-use/overview */
export interface ToolResultBlock extends Cacheable {
  readonly type: 'tool_result'
  readonly tool_use_id: string
  readonly content?: string | readonly ToolResultPart[] | null
  readonly is_error?: boolean | null
  readonly toolset_name?: string | null
}

/** @see https://platform.claude.com/docs/en/agents-and-tools/tool-use/overview */
export type ToolResultPart = TextBlock | ImageBlock | DocumentBlock | SearchResultBlock | ToolReferenceBlock

/** A tool that the client's own tool search found. @see https://platform.claude.com/docs/en/agents-and-tools/tool-use/tool-search-tool */
export interface ToolReferenceBlock extends Cacheable {
  readonly type: 'tool_reference'
  readonly tool_name: string
}

/** A call that the provider ran. @see https://platform.claude.com/docs/en/agents-and-tools/tool-use/server-tools */
export interface ServerToolUseBlock extends Cacheable {
  readonly type: 'server_tool_use'
  readonly id: string
  readonly name: string
  readonly input: JsonTree
  readonly caller?: ToolCaller | null
}

/** A call that the provider ran on an MCP server. @see https://platform.claude.com/docs/en/agents-and-tools/mcp-connector */
export interface McpToolUseBlock extends Cacheable {
  readonly type: 'mcp_tool_use'
  readonly id: string
  readonly name: string
  readonly server_name: string
  readonly input: JsonTree
}

/** The result of a call that the provider ran: `web_search_tool_result`, `mcp_tool_result` and their kin. @see https://platform.claude.com/docs/en/agents-and-tools/tool-use/server-tools */
export interface ServerToolResultBlock extends Cacheable {
  readonly type: ServerToolResultType
  readonly tool_use_id: string
  readonly content?: JsonTree
  readonly is_error?: boolean
  readonly caller?: ToolCaller | null
}

/** @see https://platform.claude.com/docs/en/agents-and-tools/tool-use/server-tools */
export type ServerToolResultType =
  | 'web_search_tool_result'
  | 'web_fetch_tool_result'
  | 'code_execution_tool_result'
  | 'bash_code_execution_tool_result'
  | 'text_editor_code_execution_tool_result'
  | 'tool_search_tool_result'
  | 'advisor_tool_result'
  | 'mcp_tool_result'

/** The provider's summary of everything before it. @see https://platform.claude.com/docs/en/build-with-claude/compaction */
export interface CompactionBlock extends Cacheable {
  readonly type: 'compaction'
  readonly content?: string | null
  readonly encrypted_content?: string | null
}

/** Tools that come or go in the middle of a conversation; in `system` turns only. @see https://platform.claude.com/docs/en/api/beta/messages */
export interface ToolChangeBlock extends Cacheable {
  readonly type: 'tool_addition' | 'tool_removal'
  readonly tool: { readonly type: string; readonly name?: string; readonly definition?: JsonTree }
}

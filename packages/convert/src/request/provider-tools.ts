import type { JsonObject } from '@lb/protocol'

/**
 * Tools that a request names by type only, because Anthropic's models know their input. Other models must be told, so
 * here is the documented input of those that the client runs.
 */
export const clientTools: readonly {
  readonly type: RegExp
  readonly description: string
  readonly schema: JsonObject
}[] = [
  {
    // https://platform.claude.com/docs/en/agents-and-tools/tool-use/bash-tool
    type: /^bash_\d{8}$/,
    description: 'Runs a command in a persistent bash session.',
    schema: {
      type: 'object',
      properties: {
        command: { type: 'string', description: 'The command to run. Required unless the session is restarted.' },
        restart: { type: 'boolean', description: 'Restarts the session.' },
      },
    },
  },
  {
    // https://platform.claude.com/docs/en/agents-and-tools/tool-use/text-editor-tool
    type: /^text_editor_\d{8}$/,
    description: 'Views, creates and edits text files.',
    schema: {
      type: 'object',
      properties: {
        command: { type: 'string', enum: ['view', 'create', 'str_replace', 'insert'] },
        path: { type: 'string', description: 'Path of the file or directory.' },
        file_text: { type: 'string', description: 'For create: the content of the file.' },
        old_str: { type: 'string', description: 'For str_replace: the text to replace; must occur exactly once.' },
        new_str: { type: 'string', description: 'For str_replace: the new text.' },
        insert_line: { type: 'integer', description: 'For insert: the line after which to insert.' },
        insert_text: { type: 'string', description: 'For insert: the text to insert.' },
        view_range: {
          type: 'array',
          items: { type: 'integer' },
          description: 'For view: first and last line; -1 is the end of the file.',
        },
      },
      required: ['command', 'path'],
    },
  },
  {
    // https://platform.claude.com/docs/en/agents-and-tools/tool-use/memory-tool
    type: /^memory_\d{8}$/,
    description: 'Reads and writes files in the memory directory.',
    schema: {
      type: 'object',
      properties: {
        command: { type: 'string', enum: ['view', 'create', 'str_replace', 'insert', 'delete', 'rename'] },
        path: { type: 'string' },
        view_range: { type: 'array', items: { type: 'integer' } },
        file_text: { type: 'string' },
        old_str: { type: 'string' },
        new_str: { type: 'string' },
        insert_line: { type: 'integer' },
        insert_text: { type: 'string' },
        old_path: { type: 'string' },
        new_path: { type: 'string' },
      },
      required: ['command'],
    },
  },
]

/** Tools that the provider runs, and their input where it is documented well enough for a caller to run them instead. */
export const serverTools: readonly {
  readonly type: RegExp
  readonly description?: string
  readonly schema?: JsonObject
}[] = [
  {
    // https://platform.claude.com/docs/en/agents-and-tools/tool-use/web-search-tool
    type: /^web_search_\d{8}$/,
    description: 'Searches the web.',
    schema: { type: 'object', properties: { query: { type: 'string' } }, required: ['query'] },
  },
  {
    // https://platform.claude.com/docs/en/agents-and-tools/tool-use/web-fetch-tool
    type: /^web_fetch_\d{8}$/,
    description: 'Fetches the content of a URL.',
    schema: { type: 'object', properties: { url: { type: 'string' } }, required: ['url'] },
  },
  {
    // https://platform.claude.com/docs/en/agents-and-tools/tool-use/code-execution-tool
    type: /^code_execution_\d{8}$/,
    description: 'Runs Python code.',
    schema: { type: 'object', properties: { code: { type: 'string' } }, required: ['code'] },
  },
  { type: /^advisor_\d{8}$/ },
  { type: /^mcp_toolset$/ },
]

/** Searches among tools that are loaded on demand: pointless where all tools are declared from the start. */
export const toolSearch: RegExp = /^tool_search_tool_/

/** Toolsets, whose many tools' inputs are not documented for others to declare. */
export const toolset: RegExp = /^(computer_|browser_toolset|computer_toolset)/

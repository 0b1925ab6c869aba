import type { Anthropic, JsonTree } from '@lb/protocol'
import { argumentsText } from './call-arguments.ts'
import { clientTools, serverTools, toolSearch, toolset } from './provider-tools.ts'
import type { Run } from './run.ts'
import { fixSchema, isStrictCompliant, parsedSchema } from './schema.ts'

/** A function that the model may call, before it is written in a dialect. */
export interface ToolDeclaration {
  /** The client's name. */
  readonly name: string
  readonly description: string | undefined
  readonly parameters: JsonTree
  readonly strict: boolean
  readonly cache: Anthropic.CacheControl | undefined
  readonly path: string
}

export interface DeclaredTools {
  readonly tools: readonly ToolDeclaration[]
  /** Whether the target's own web search is to be switched on. */
  readonly webSearch: boolean
}

/** All tools of a request: the declared ones, and those that come in mid-conversation. Other APIs have one list. */
export function declaredTools(request: Anthropic.Request, run: Run): DeclaredTools {
  const tools: ToolDeclaration[] = []
  let webSearch = false
  const given = (request.tools ?? []).map((tool, index) => ({ tool, path: `/tools/${index}` }))
  for (const { tool, path } of [...given, ...addedTools(request.messages, run)]) {
    const declared = declare(tool, path, run)
    if (declared === 'native') webSearch = true
    else if (declared !== undefined) tools.push(declared)
  }
  refuseDuplicates(tools, run)
  return { tools, webSearch }
}

function declare(tool: Anthropic.ToolDefinition, path: string, run: Run): ToolDeclaration | 'native' | undefined {
  if (isCustom(tool)) return declareCustom(tool, path, run)
  const { type } = tool
  const known = clientTools.find((candidate) => candidate.type.test(type))
  if (known !== undefined) {
    run.notes.loss('provider_tool_declared', path, type)
    return declaration(tool, known.description, known.schema, path)
  }
  if (toolSearch.test(type)) run.notes.loss('server_tool_dropped', path, type)
  else if (toolset.test(type)) {
    run.notes.refuse(
      'toolset_not_supported',
      path,
      `${type} cannot be sent to another model; declare its tools one by one`,
    )
  } else return declareServerTool(tool, path, run)
  return undefined
}

function isCustom(tool: Anthropic.ToolDefinition): tool is Anthropic.CustomTool {
  return tool.type === undefined || tool.type === null || tool.type === 'custom'
}

function declaration(
  tool: Anthropic.ProviderTool,
  description: string | undefined,
  parameters: JsonTree,
  path: string,
): ToolDeclaration {
  const cache = tool.cache_control ?? undefined
  return { name: tool.name ?? tool.type, description, parameters, strict: false, cache, path }
}

function declareServerTool(
  tool: Anthropic.ProviderTool,
  path: string,
  run: Run,
): ToolDeclaration | 'native' | undefined {
  const policy = run.options.serverTools ?? 'reject'
  const known = serverTools.find((candidate) => candidate.type.test(tool.type))
  if (policy === 'drop') {
    run.notes.loss('server_tool_dropped', path, tool.type)
    return undefined
  }
  if (policy === 'function' && known?.schema !== undefined) {
    run.notes.loss('server_tool_declared', path, tool.type)
    return declaration(tool, known.description, known.schema, path)
  }
  if (policy === 'native' && run.profile.webSearch !== null && tool.type.startsWith('web_search_')) {
    run.notes.loss('server_tool_native', path, tool.type)
    return 'native'
  }
  run.notes.refuse(
    'server_tool_not_supported',
    path,
    `the tool ${tool.name ?? tool.type} (${tool.type}) runs at Anthropic only and cannot be sent to this model; leave it out`,
  )
  return undefined
}

function declareCustom(tool: Anthropic.CustomTool, path: string, run: Run): ToolDeclaration | undefined {
  if (tool.allowed_callers?.includes('direct') === false) {
    run.notes.loss('tool_not_callable', path, tool.name)
    return undefined
  }
  if (tool.defer_loading === true) run.notes.loss('tools_deferred_sent', path)
  for (const option of ['allowed_callers', 'eager_input_streaming'] as const) {
    if (tool[option]) run.notes.loss('tool_option_dropped', `${path}/${option}`, option)
  }
  return {
    name: tool.name,
    description: describe(tool, path, run),
    parameters: adaptedSchema(tool.input_schema, `${path}/input_schema`, run),
    strict: tool.strict === true && isStrict(tool, path, run),
    cache: tool.cache_control ?? undefined,
    path,
  }
}

/** The schema as the target takes it. */
export function adaptedSchema(schema: JsonTree, path: string, run: Run): JsonTree {
  const fixed = fixSchema(schema, run.profile.schemaFixes)
  if (fixed !== schema) run.notes.loss('schema_adapted', path)
  return fixed
}

function isStrict(tool: Anthropic.CustomTool, path: string, run: Run): boolean {
  if (run.profile.strictTools && isStrictCompliant(parsedSchema(tool.input_schema))) return true
  run.notes.loss('tool_strict_dropped', `${path}/strict`)
  return false
}

function describe(tool: Anthropic.CustomTool, path: string, run: Run): string | undefined {
  if (!tool.input_examples?.length) return tool.description ?? undefined
  run.notes.loss('tool_examples_described', `${path}/input_examples`)
  const examples = tool.input_examples.map(argumentsText)
  return [tool.description, 'Examples of input:', ...examples].filter((line) => line != null).join('\n')
}

interface AddedTool {
  readonly tool: Anthropic.ToolDefinition
  readonly path: string
}

/** Tools that turns in mid-conversation define. A tool that one removes stays declared: the history may call it. */
function addedTools(messages: readonly Anthropic.Turn[], run: Run): readonly AddedTool[] {
  return messages.flatMap((message, index) => {
    if (message.role !== 'system' || typeof message.content === 'string') return []
    return (message.content ?? []).flatMap((block, at) => {
      if (block.type !== 'tool_addition' && block.type !== 'tool_removal') return []
      const path = `/messages/${index}/content/${at}`
      run.notes.loss('tool_changes_flattened', path, block.type)
      const tool = block.type === 'tool_addition' ? block.tool.definition : undefined
      return isDefinition(tool) ? [{ tool, path: `${path}/tool/definition` }] : []
    })
  })
}

function isDefinition(tool: unknown): tool is Anthropic.ToolDefinition {
  if (typeof tool !== 'object' || tool === null) return false
  const { type, name, input_schema } = tool as { readonly [member: string]: unknown }
  if (typeof type === 'string' && type !== 'custom') return true
  return typeof name === 'string' && typeof input_schema === 'object' && input_schema !== null
}

function refuseDuplicates(tools: readonly ToolDeclaration[], run: Run): void {
  const names = new Set<string>()
  for (const { name, path } of tools) {
    if (names.has(name))
      run.notes.refuse('tool_name_duplicate', `${path}/name`, `there are two tools named ${name}; rename one`)
    names.add(name)
  }
}

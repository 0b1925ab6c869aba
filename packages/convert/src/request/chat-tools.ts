import { type Anthropic, type Chat, isJsonObject, type JsonTree, member, RawJson, stringMember } from '@lb/protocol'
import type { ChatRun } from './chat-run.ts'
import { parsedSchema } from './schema.ts'

/** The tools of a Chat request for Anthropic. */
export interface AnthropicTools {
  readonly tools: readonly Anthropic.ToolDefinition[]
  readonly choice: Anthropic.ToolChoice | undefined
  /** The client's names of tools that take free text. */
  readonly custom: readonly string[]
}

/** Converts the tools, old form and new, and how freely they may be chosen. */
export function anthropicTools(request: Chat.Request, run: ChatRun): AnthropicTools {
  const functions = (request.functions ?? []).map((definition, index) =>
    functionTool(definition, `/functions/${index}`, run),
  )
  const declared = (request.tools ?? []).flatMap((tool, index) => declare(tool, `/tools/${index}`, run))
  const all = [...declared, ...functions]
  refuseDuplicates(all, run)
  const custom = (request.tools ?? []).flatMap((tool) => (tool.type === 'custom' ? [tool.custom.name] : []))
  const wanted = request.tool_choice ?? legacyChoice(request.function_call)
  const { tools, choice } = chosen(wanted, all, run)
  const web = webSearch(request, run)
  return { tools: [...tools, ...web], choice: singleCall(request, choice, tools.length), custom }
}

/** Whether the client knows calls only in their old form, of which an answer has one. */
export function readsFunctionCall({ functions, tools }: Chat.Request): boolean {
  return Boolean(functions?.length) && !tools?.length
}

function declare(tool: Chat.Tool, path: string, run: ChatRun): readonly Anthropic.CustomTool[] {
  if ((tool.type ?? 'function') === 'function' && 'function' in tool)
    return [{ ...functionTool(tool.function, `${path}/function`, run), ...cacheOf(tool) }]
  if (tool.type === 'custom') return [customTool(tool.custom, path, run)]
  run.notes.loss('server_tool_dropped', path, tool.type)
  return []
}

function cacheOf(tool: Chat.FunctionTool): Anthropic.Cacheable {
  return tool.cache_control ? { cache_control: tool.cache_control } : {}
}

function functionTool(definition: Chat.FunctionDefinition, path: string, run: ChatRun): Anthropic.CustomTool {
  const { name, description, parameters, strict } = definition
  const isStrict = strict === true && run.profile.strictTools
  if (strict === true && !isStrict) run.notes.loss('tool_strict_dropped', `${path}/strict`)
  return {
    name: run.names.of(name),
    ...(typeof description === 'string' ? { description } : {}),
    input_schema: inputSchema(parameters ?? {}, `${path}/parameters`, run),
    ...(isStrict ? { strict } : {}),
  }
}

/** Anthropic demands an object at the root. The schema itself passes as it is. */
function inputSchema(parameters: JsonTree, path: string, run: ChatRun): JsonTree {
  const schema = parsedSchema(parameters)
  if (!isJsonObject(schema) || Object.keys(schema).length === 0) return { type: 'object', properties: {} }
  const alternatives = ['oneOf', 'anyOf', 'allOf'].find((keyword) => Object.hasOwn(schema, keyword))
  if (alternatives !== undefined) {
    const message = `${alternatives} cannot stand at the root of a schema for this model; put it into a property`
    run.notes.refuse('tool_schema_not_supported', `${path}/${alternatives}`, message)
  }
  if (schema['type'] === 'object') return parameters
  run.notes.loss('schema_adapted', path)
  // A schema that was read as text stays text.
  return parameters instanceof RawJson && schema['type'] === undefined
    ? new RawJson(parameters.text.replace('{', '{"type":"object",'))
    : { ...schema, type: 'object' }
}

function customTool(custom: Chat.CustomTool['custom'], path: string, run: ChatRun): Anthropic.CustomTool {
  run.notes.loss('custom_tool_as_function', path, custom.name)
  const grammar = isJsonObject(custom.format)
    ? `The input follows this format: ${JSON.stringify(custom.format)}`
    : undefined
  const description = [custom.description, grammar].filter((text) => typeof text === 'string').join('\n')
  return {
    name: run.names.of(custom.name),
    ...(description === '' ? {} : { description }),
    input_schema: { type: 'object', properties: { input: { type: 'string' } }, required: ['input'] },
  }
}

function refuseDuplicates(tools: readonly Anthropic.CustomTool[], run: ChatRun): void {
  const names = new Set<string>()
  for (const { name } of tools) {
    if (names.has(name))
      run.notes.refuse('tool_name_duplicate', '/tools', `there are two tools named ${name}; rename one`)
    names.add(name)
  }
}

function webSearch(request: Chat.Request, run: ChatRun): readonly Anthropic.ProviderTool[] {
  if (!request.web_search_options) return []
  if (run.options.serverTools === 'native' && run.profile.serverTools) {
    run.notes.loss('server_tool_native', '/web_search_options')
    return [{ type: 'web_search_20250305', name: 'web_search' }]
  }
  run.notes.loss('server_tool_dropped', '/web_search_options', 'web_search_options')
  return []
}

function legacyChoice(choice: Chat.Request['function_call']): Chat.Request['tool_choice'] {
  if (typeof choice !== 'object' || choice === null) return choice
  return { type: 'function', function: { name: choice.name } }
}

interface Chosen {
  readonly tools: readonly Anthropic.CustomTool[]
  readonly choice: Anthropic.ToolChoice | undefined
}

function chosen(wanted: Chat.Request['tool_choice'], tools: readonly Anthropic.CustomTool[], run: ChatRun): Chosen {
  if (wanted === undefined || wanted === null) return { tools, choice: undefined }
  if (tools.length === 0) {
    if (wanted !== 'none' && wanted !== 'auto') run.notes.loss('feature_dropped', '/tool_choice', 'tool_choice')
    return { tools, choice: undefined }
  }
  if (wanted === 'required' || wanted === 'any') return { tools, choice: required(run) }
  if (typeof wanted === 'string') return { tools, choice: { type: wanted } }
  if (wanted.type === 'allowed_tools') return allowed(wanted.allowed_tools, tools, run)
  const name = run.names.of(wanted.type === 'custom' ? wanted.custom.name : wanted.function.name)
  if (!tools.some((tool) => tool.name === name)) {
    run.notes.refuse('tool_choice_unknown', '/tool_choice', `the chosen tool ${name} is not among the tools`)
  }
  if (run.profile.forcedTools !== 'never') return { tools, choice: { type: 'tool', name } }
  return { tools, choice: required(run) }
}

/** Some models choose for themselves, always. */
function required(run: ChatRun): Anthropic.ToolChoice {
  if (run.profile.forcedTools !== 'never') return { type: 'any' }
  run.notes.loss('tool_choice_weakened', '/tool_choice')
  return { type: 'auto' }
}

type AllowedTools = Extract<Chat.ToolChoice, { readonly type: 'allowed_tools' }>['allowed_tools']

function allowed({ mode, tools: named }: AllowedTools, tools: readonly Anthropic.CustomTool[], run: ChatRun): Chosen {
  run.notes.loss('tools_filtered', '/tool_choice')
  const names = new Set(named.map((entry) => run.names.of(nameIn(entry))))
  const left = tools.filter((tool) => names.has(tool.name))
  if (left.length > 0) return { tools: left, choice: mode === 'required' ? required(run) : { type: 'auto' } }
  if (mode === 'required')
    run.notes.refuse('tool_choice_unknown', '/tool_choice', 'none of the chosen tools is among the tools')
  return { tools: left, choice: undefined }
}

function nameIn(entry: JsonTree): string {
  return stringMember(member(entry, 'function'), 'name') ?? stringMember(member(entry, 'custom'), 'name') ?? ''
}

function singleCall(
  request: Chat.Request,
  choice: Anthropic.ToolChoice | undefined,
  toolCount: number,
): Anthropic.ToolChoice | undefined {
  const isSingle = request.parallel_tool_calls === false || readsFunctionCall(request)
  if (!isSingle || toolCount === 0 || choice?.type === 'none') return choice
  return { ...(choice ?? { type: 'auto' }), disable_parallel_tool_use: true }
}

import type { KeepPaths } from '../raw-json.ts'
import { err, ok, type Result } from '../result.ts'
import { checkEach, checkShape, type Shape, type ShapeProblem, shape } from '../shape.ts'
import type { Request } from './request.ts'

/**
 * What of a request must survive as text: the arguments of past calls, and the schemas.
 *
 * @see https://platform.claude.com/docs/en/api/messages
 */
export const requestKeep: KeepPaths = {
  messages: { '*': { content: { '*': { input: true } } } },
  tools: { '*': { input_schema: true, input_examples: { '*': true } } },
  output_config: { format: { schema: true } },
  output_format: { schema: true },
}

/** What of a whole answer must survive as text. @see https://platform.claude.com/docs/en/api/messages */
export const messageKeep: KeepPaths = { content: { '*': { input: true } } }

/** What of a stream event must survive as text. @see https://platform.claude.com/docs/en/build-with-claude/streaming */
export const eventKeep: KeepPaths = { content_block: { input: true }, message: messageKeep }

const requestShape = shape({
  model: 'string',
  messages: 'array',
  max_tokens: '?number',
  system: '?text',
  stream: '?boolean',
  stop_sequences: '?array',
  temperature: '?number',
  top_p: '?number',
  top_k: '?number',
  tools: '?array',
  tool_choice: '?object',
  thinking: '?object',
  output_config: '?object',
  output_format: '?object',
  metadata: '?object',
  mcp_servers: '?array',
  thread: '?object',
})

const turnShape = shape({ role: 'string', content: 'text' })
const systemTurnShape = shape({ role: 'string', content: '?text', output_config: '?object' })
const toolShape = shape({
  type: '?string',
  name: '?string',
  description: '?string',
  input_examples: '?array',
  allowed_callers: '?array',
})
const customToolShape = shape({ name: 'string', input_schema: 'object' })
const namedShape = shape({ name: 'string' })
const blockShape = shape({ type: 'string', cache_control: '?object' })
const typedShape = shape({ type: 'string' })
const schemaFormatShape = shape({ schema: 'object' })

/** Of blocks and sources: the members that code reads without asking. Types that are not listed are checked by nobody. */
const blockShapes: Readonly<Record<string, Shape>> = {
  text: shape({ text: 'string', citations: '?array' }),
  image: shape({ source: 'object' }),
  document: shape({ source: 'object', title: '?string', context: '?string', citations: '?object' }),
  search_result: shape({ source: 'string', title: 'string', content: 'array' }),
  thinking: shape({ thinking: 'string', signature: '?string' }),
  redacted_thinking: shape({ data: 'string' }),
  tool_use: shape({ id: 'string', name: 'string', input: 'any' }),
  tool_result: shape({ tool_use_id: 'string', content: '?text', is_error: '?boolean' }),
  server_tool_use: shape({ id: 'string', name: 'string', input: 'any' }),
  mcp_tool_use: shape({ id: 'string', name: 'string', server_name: '?string', input: 'any' }),
  web_search_tool_result: shape({ tool_use_id: 'string' }),
  web_fetch_tool_result: shape({ tool_use_id: 'string' }),
  code_execution_tool_result: shape({ tool_use_id: 'string' }),
  bash_code_execution_tool_result: shape({ tool_use_id: 'string' }),
  text_editor_code_execution_tool_result: shape({ tool_use_id: 'string' }),
  tool_search_tool_result: shape({ tool_use_id: 'string' }),
  advisor_tool_result: shape({ tool_use_id: 'string' }),
  mcp_tool_result: shape({ tool_use_id: 'string' }),
  compaction: shape({ content: '?string', encrypted_content: '?string' }),
  tool_addition: shape({ tool: 'object' }),
  tool_removal: shape({ tool: 'object' }),
  tool_reference: shape({ tool_name: 'string' }),
}

const sourceShapes: Readonly<Record<string, Shape>> = {
  base64: shape({ media_type: 'string', data: 'string' }),
  url: shape({ url: 'string' }),
  file: shape({ file_id: 'string' }),
  text: shape({ data: 'string' }),
  content: shape({ content: 'text' }),
}

/**
 * Believes that `value` is a request, after looking at everything that code reads without asking. Unknown members and
 * blocks pass.
 *
 * @see https://platform.claude.com/docs/en/api/messages
 */
export function parseRequest(value: unknown): Result<Request, ShapeProblem> {
  const checked = checkShape(value, requestShape, '')
  if (!checked.ok) return checked
  const request = value as Request
  const checks = [
    checkEach(request.messages, '/messages', checkTurn),
    checkEach(blocksOf(request.system), '/system', checkBlock),
    checkEach(request.tools ?? [], '/tools', checkTool),
    checkEach(request.stop_sequences ?? [], '/stop_sequences', checkString),
    checkChoice(request.tool_choice),
    checkFormat(request.output_config?.format, '/output_config/format'),
    checkFormat(request.output_format, '/output_format'),
    checkEach(request.mcp_servers ?? [], '/mcp_servers', (server, path) => checkShape(server, namedShape, path)),
  ]
  return checks.find((check) => !check.ok) ?? ok(request)
}

function checkTurn(value: unknown, path: string): Result<undefined, ShapeProblem> {
  const isSystem = roleOf(value) === 'system'
  const checked = checkShape(value, isSystem ? systemTurnShape : turnShape, path)
  if (!checked.ok) return checked
  const turn = value as Request['messages'][number]
  if (turn.role !== 'user' && turn.role !== 'assistant' && !isSystem) {
    return err({ path: `${path}/role`, expected: '"user", "assistant" or "system"' })
  }
  return checkEach(blocksOf(turn.content), `${path}/content`, checkBlock)
}

function roleOf(value: unknown): unknown {
  return (value as { readonly role?: unknown } | null | undefined)?.role
}

function checkBlock(value: unknown, path: string): Result<undefined, ShapeProblem> {
  const typed = checkShape(value, blockShape, path)
  if (!typed.ok) return typed
  const block = value as { readonly type: string; readonly content?: unknown; readonly source?: unknown }
  const wanted = Object.hasOwn(blockShapes, block.type) ? blockShapes[block.type] : undefined
  const checked = wanted === undefined ? typed : checkShape(block, wanted, path)
  if (!checked.ok) return checked
  if (block.type === 'image' || block.type === 'document') return checkSource(block.source, `${path}/source`)
  const hasParts = block.type === 'tool_result' || block.type === 'search_result'
  return hasParts ? checkEach(blocksOf(block.content), `${path}/content`, checkBlock) : ok(undefined)
}

function checkSource(value: unknown, path: string): Result<undefined, ShapeProblem> {
  const typed = checkShape(value, typedShape, path)
  if (!typed.ok) return typed
  const source = value as { readonly type: string; readonly content?: unknown }
  const wanted = Object.hasOwn(sourceShapes, source.type) ? sourceShapes[source.type] : undefined
  if (wanted === undefined) return err({ path: `${path}/type`, expected: 'a known kind of source' })
  const checked = checkShape(source, wanted, path)
  if (!checked.ok) return checked
  return source.type === 'content' ? checkEach(blocksOf(source.content), `${path}/content`, checkBlock) : checked
}

function checkTool(value: unknown, path: string): Result<undefined, ShapeProblem> {
  const typed = checkShape(value, toolShape, path)
  if (!typed.ok) return typed
  const { type } = value as { readonly type?: string | null }
  const isCustom = type === undefined || type === null || type === 'custom'
  return isCustom ? checkShape(value, customToolShape, path) : typed
}

function checkChoice(choice: Request['tool_choice']): Result<undefined, ShapeProblem> {
  return choice?.type === 'tool' ? checkShape(choice, namedShape, '/tool_choice') : ok(undefined)
}

function checkFormat(format: Request['output_format'], path: string): Result<undefined, ShapeProblem> {
  if (format === undefined || format === null) return ok(undefined)
  const typed = checkShape(format, typedShape, path)
  return typed.ok && format.type === 'json_schema' ? checkShape(format, schemaFormatShape, path) : typed
}

function checkString(value: unknown, path: string): Result<undefined, ShapeProblem> {
  return typeof value === 'string' ? ok(undefined) : err({ path, expected: 'a string' })
}

/** The blocks of a text that may also be a string or be absent. */
function blocksOf(text: unknown): readonly unknown[] {
  return Array.isArray(text) ? text : []
}

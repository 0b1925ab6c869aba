import { type JsonProblem, parseJson } from '../../json.ts'
import { type JsonTree, type KeepPaths, parseJsonKeeping } from '../../raw-json.ts'
import { err, ok, type Result } from '../../result.ts'
import { checkEach, checkShape, type Shape, type ShapeProblem, shape } from '../../shape.ts'
import type { Request } from './request.ts'

/**
 * What of a request must survive as text: the schemas, also of tools that are told as in Responses or as Anthropic tells them.
 * The arguments of past calls are text already, but in blocks of Anthropic's.
 *
 * @see https://platform.openai.com/docs/api-reference/chat/create
 */
export const requestKeep: KeepPaths = {
  tools: { '*': { function: { parameters: true }, parameters: true, input_schema: true } },
  functions: { '*': { parameters: true } },
  response_format: { json_schema: { schema: true } },
  text: { format: { schema: true } },
  messages: { '*': { content: { '*': { input: true } } } },
}

const said: KeepPaths = { tool_calls: { '*': { function: { arguments: true } } }, function_call: { arguments: true } }
const answerKeep: KeepPaths = { choices: { '*': { delta: said, message: said } } }

/**
 * Parses an answer or a chunk of one. Arguments are text there; where a vendor sends the value itself, it stays text, too.
 *
 * @see https://platform.openai.com/docs/api-reference/chat/object
 */
export function parseAnswer(text: string): Result<JsonTree, JsonProblem> {
  return /"arguments"\s*:\s*[{[]/.test(text) ? parseJsonKeeping(text, answerKeep) : parseJson(text)
}

const requestShape = shape({
  model: 'string',
  messages: 'array',
  max_tokens: '?number',
  max_completion_tokens: '?number',
  temperature: '?number',
  top_p: '?number',
  top_k: '?number',
  stream: '?boolean',
  stream_options: '?object',
  tools: '?array',
  parallel_tool_calls: '?boolean',
  functions: '?array',
  response_format: '?object',
  reasoning_effort: '?string',
  n: '?number',
  modalities: '?array',
  user: '?string',
  safety_identifier: '?string',
  service_tier: '?string',
  prompt_cache_options: '?object',
  cache_control: '?object',
})

const messageShapes: Readonly<Record<string, Shape>> = {
  system: shape({ content: 'text' }),
  developer: shape({ content: 'text' }),
  user: shape({ content: 'text' }),
  assistant: shape({
    content: '?text',
    refusal: '?string',
    annotations: '?array',
    tool_calls: '?array',
    function_call: '?object',
    reasoning_details: '?array',
  }),
  tool: shape({ content: '?text', tool_call_id: 'string' }),
  function: shape({ content: '?string', name: 'string' }),
}

const partShapes: Readonly<Record<string, Shape>> = {
  text: shape({ text: 'string' }),
  refusal: shape({ refusal: 'string' }),
  file: shape({ file: 'object' }),
  input_audio: shape({ input_audio: 'object' }),
}

const formatShape = shape({ name: '?string', schema: '?object', strict: '?boolean' })
const detailShape = shape({ type: 'string', text: '?string', data: '?string', signature: '?string' })
const imageShape = shape({ url: 'string', detail: '?string' })
const fileShape = shape({ file_data: '?string', file_id: '?string', filename: '?string' })
const roleShape = shape({ role: 'string', name: '?string' })
const typeShape = shape({ type: 'string' })
const toolShape = shape({ type: '?string' })
const callShape = shape({ id: 'string', type: '?string' })
const functionShape = shape({ name: 'string', arguments: 'string' })
const customShape = shape({ name: 'string', input: 'string' })
const definitionShape = shape({ name: 'string', description: '?string', parameters: '?object', strict: '?boolean' })
const customToolShape = shape({ name: 'string', description: '?string', format: '?object' })

/**
 * Believes that `value` is a request, after looking at everything that code reads without asking. Unknown members and
 * parts pass.
 *
 * @see https://platform.openai.com/docs/api-reference/chat/create
 */
export function parseRequest(value: unknown): Result<Request, ShapeProblem> {
  const checked = checkShape(value, requestShape, '')
  if (!checked.ok) return checked
  const request = value as Request
  const checks = [
    checkEach(request.messages, '/messages', checkMessage),
    checkEach(request.tools ?? [], '/tools', checkTool),
    checkEach(request.functions ?? [], '/functions', (value, path) => checkShape(value, definitionShape, path)),
    checkStop(request.stop),
    checkToolChoice(request.tool_choice),
    checkFormat(request.response_format),
  ]
  return checks.find((check) => !check.ok) ?? ok(request)
}

function checkMessage(value: unknown, path: string): Result<undefined, ShapeProblem> {
  const role = checkShape(value, roleShape, path)
  if (!role.ok) return role
  const message = value as { readonly role: string; readonly content?: unknown; readonly tool_calls?: unknown }
  const wanted = Object.hasOwn(messageShapes, message.role) ? messageShapes[message.role] : undefined
  if (wanted === undefined) return err({ path: `${path}/role`, expected: 'a known role' })
  const checked = checkShape(message, wanted, path)
  if (!checked.ok) return checked
  const parts = checkEach(elementsOf(message.content), `${path}/content`, checkPart)
  if (!parts.ok || message.role !== 'assistant') return parts
  const { function_call } = message as { readonly function_call?: unknown }
  const { reasoning_details } = message as { readonly reasoning_details?: unknown }
  const details = checkEach(elementsOf(reasoning_details), `${path}/reasoning_details`, (entry, at) =>
    checkShape(entry, detailShape, at),
  )
  if (!details.ok) return details
  const legacy =
    function_call === undefined || function_call === null
      ? parts
      : checkShape(function_call, functionShape, `${path}/function_call`)
  return legacy.ok ? checkEach(elementsOf(message.tool_calls), `${path}/tool_calls`, checkCall) : legacy
}

function checkPart(value: unknown, path: string): Result<undefined, ShapeProblem> {
  const typed = checkShape(value, typeShape, path)
  if (!typed.ok) return typed
  const part = value as { readonly type: string; readonly image_url?: unknown; readonly file?: unknown }
  const wanted = Object.hasOwn(partShapes, part.type) ? partShapes[part.type] : undefined
  const checked = wanted === undefined ? typed : checkShape(part, wanted, path)
  if (!checked.ok) return checked
  if (part.type === 'image_url' && typeof part.image_url !== 'string')
    return checkShape(part.image_url, imageShape, `${path}/image_url`)
  return part.type === 'file' ? checkShape(part.file, fileShape, `${path}/file`) : checked
}

function checkCall(value: unknown, path: string): Result<undefined, ShapeProblem> {
  const checked = checkShape(value, callShape, path)
  if (!checked.ok) return checked
  const call = value as { readonly type?: string; readonly function?: unknown; readonly custom?: unknown }
  return call.type === 'custom'
    ? checkShape(call.custom, customShape, `${path}/custom`)
    : checkShape(call.function, functionShape, `${path}/function`)
}

function checkTool(value: unknown, path: string): Result<undefined, ShapeProblem> {
  const typed = checkShape(value, toolShape, path)
  if (!typed.ok) return typed
  const tool = value as { readonly type?: string | null; readonly function?: unknown; readonly custom?: unknown }
  if ((tool.type ?? 'function') === 'function') return checkShape(tool.function, definitionShape, `${path}/function`)
  return tool.type === 'custom' ? checkShape(tool.custom, customToolShape, `${path}/custom`) : ok(undefined)
}

function checkStop(stop: unknown): Result<undefined, ShapeProblem> {
  const isText = stop === undefined || stop === null || typeof stop === 'string'
  const isList = Array.isArray(stop) && stop.every((entry) => typeof entry === 'string')
  return isText || isList ? ok(undefined) : err({ path: '/stop', expected: 'a string or an array of strings' })
}

function checkToolChoice(choice: unknown): Result<undefined, ShapeProblem> {
  if (choice === undefined || choice === null) return ok(undefined)
  if (typeof choice === 'string') {
    const isKnown = ['none', 'auto', 'required', 'any'].includes(choice)
    return isKnown ? ok(undefined) : err({ path: '/tool_choice', expected: '"none", "auto" or "required"' })
  }
  const typed = checkShape(choice, typeShape, '/tool_choice')
  if (!typed.ok) return typed
  const { type } = choice as { readonly type: string }
  const inner = (choice as { readonly [member: string]: unknown })[type]
  if (type === 'allowed_tools')
    return checkShape(inner, shape({ mode: 'string', tools: 'array' }), `/tool_choice/${type}`)
  if (type === 'function' || type === 'custom')
    return checkShape(inner, shape({ name: 'string' }), `/tool_choice/${type}`)
  return err({ path: '/tool_choice/type', expected: '"function", "custom" or "allowed_tools"' })
}

function checkFormat(format: unknown): Result<undefined, ShapeProblem> {
  if (format === undefined || format === null) return ok(undefined)
  const typed = checkShape(format, typeShape, '/response_format')
  const { type, json_schema } = format as { readonly type?: unknown; readonly json_schema?: unknown }
  return typed.ok && type === 'json_schema'
    ? checkShape(json_schema, formatShape, '/response_format/json_schema')
    : typed
}

function elementsOf(list: unknown): readonly unknown[] {
  return Array.isArray(list) ? list : []
}

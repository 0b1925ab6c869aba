import { isJsonObject, type Json, type JsonObject, stringMember } from '@lb/protocol'
import type { Notes } from '../notes.ts'
import { argumentsText } from './call-arguments.ts'
import { present } from './present.ts'
import { ERROR_MARK } from './tool-result-parts.ts'

/**
 * The messages of a Chat request whose content may hold blocks of Anthropic's, or parts of Responses, as Chat Completions has
 * them: calls and reasoning beside the content, results in messages of their own before it.
 *
 * @returns the very same list when it holds none.
 */
export function messagesWithoutBlocks(messages: Json | undefined, notes: Notes): Json | undefined {
  if (!Array.isArray(messages)) return messages
  let isSame = true
  const after = messages.flatMap((message, index) => {
    const changed = withoutBlocks(message, `/messages/${index}`, notes)
    isSame &&= changed.length === 1 && changed[0] === message
    return changed
  })
  return isSame ? messages : after
}

/** What the content of a message holds. */
interface Held {
  readonly isAnswer: boolean
  readonly parts: Json[]
  readonly calls: JsonObject[]
  readonly results: JsonObject[]
  readonly details: JsonObject[]
}

function withoutBlocks(message: Json, path: string, notes: Notes): readonly Json[] {
  if (!isJsonObject(message) || !Array.isArray(message['content'])) return [message]
  const { content, tool_calls, reasoning_details } = message
  const held: Held = { isAnswer: message['role'] === 'assistant', parts: [], calls: [], results: [], details: [] }
  for (const [index, block] of content.entries()) take(held, block, `${path}/content/${index}`, notes)
  const { parts, calls, results, details } = held
  const isSame = parts.length === content.length && parts.every((part, index) => part === content[index])
  if (isSame) return [message]
  const said: JsonObject = {
    ...message,
    content: parts.length === 0 && held.isAnswer ? null : parts,
    ...(calls.length === 0 ? {} : { tool_calls: [...listOf(tool_calls), ...calls] }),
    ...(details.length === 0 ? {} : { reasoning_details: [...listOf(reasoning_details), ...details] }),
  }
  return results.length > 0 && parts.length === 0 ? results : [...results, said]
}

function listOf(list: Json | undefined): readonly Json[] {
  return Array.isArray(list) ? list : []
}

function take(held: Held, block: Json, path: string, notes: Notes): void {
  const { isAnswer, parts, calls, results, details } = held
  const type = stringMember(block, 'type')
  if (!isJsonObject(block)) parts.push(block)
  else if (type === 'tool_use' && isAnswer) calls.push(callOf(block))
  else if (type === 'tool_result' && !isAnswer) results.push(resultOf(block, path, notes))
  else if (type === 'thinking' && isAnswer && typeof block['thinking'] === 'string') {
    const { thinking: text, signature } = block
    details.push({ type: 'reasoning.text', ...present({ text, signature }), format: FORMAT, index: details.length })
  } else if (type === 'redacted_thinking' && isAnswer)
    details.push({
      type: 'reasoning.encrypted',
      ...present({ data: block['data'] }),
      format: FORMAT,
      index: details.length,
    })
  else parts.push(partOf(block))
}

/** The form in which gateways hand Anthropic's reasoning on. */
const FORMAT = 'anthropic-claude-v1'

function callOf({ id, name, input }: JsonObject): JsonObject {
  return {
    type: 'function',
    ...present({ id }),
    function: { ...present({ name }), arguments: argumentsText(input ?? {}) },
  }
}

/** Chat Completions has no flag for a result that failed. */
function resultOf(
  { tool_use_id, content, is_error, cache_control }: JsonObject,
  path: string,
  notes: Notes,
): JsonObject {
  if (is_error === true) notes.loss('tool_error_as_text', `${path}/is_error`)
  const parts = Array.isArray(content) ? content.map((part) => (isJsonObject(part) ? partOf(part) : part)) : content
  return {
    role: 'tool',
    ...present({
      tool_call_id: tool_use_id,
      content: is_error === true ? failed(parts) : (parts ?? ''),
      cache_control,
    }),
  }
}

function failed(content: Json | undefined): Json {
  return Array.isArray(content)
    ? [{ type: 'text', text: ERROR_MARK }, ...content]
    : `${ERROR_MARK} ${content ?? ''}`.trim()
}

/** A part in Chat Completions' words; the very same one where it is. */
function partOf(part: JsonObject): JsonObject {
  const { type, text, source, image_url, detail, file_url, file_data, file_id, filename, cache_control } = part
  if (type === 'input_text' || type === 'output_text') return present({ type: 'text', text, cache_control })
  if (type === 'image' && isJsonObject(source))
    return { type: 'image_url', image_url: present({ url: urlOf(source) }), ...present({ cache_control }) }
  if (type === 'input_image' && typeof image_url === 'string')
    return { type: 'image_url', image_url: present({ url: image_url, detail }) }
  if (type === 'input_file' || type === 'input_image')
    return { type: 'file', file: present({ file_data: file_data ?? file_url, file_id, filename }) }
  return part
}

function urlOf({ type, url, media_type, data }: JsonObject): Json | undefined {
  return type === 'base64' ? `data:${String(media_type)};base64,${String(data)}` : url
}

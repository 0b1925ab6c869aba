import {
  err,
  isJsonObject,
  type Json,
  type JsonObject,
  type JsonTree,
  parseChatRequest,
  type Result,
} from '@lb/protocol'
import type { Loss } from '../losses.ts'
import { createNotes, type Notes } from '../notes.ts'
import type { Refusal } from '../refusal.ts'
import { messagesWithoutBlocks } from './chat-from-blocks.ts'
import { chatFromResponses } from './chat-from-responses.ts'
import { present } from './present.ts'
import { openAiShape, readRequest, refusal } from './result.ts'

/** A Chat request in the API's own words. */
export interface SanitizedChatRequest {
  /** The very same value when nothing had to be changed: then the client's own bytes can be sent. */
  readonly value: JsonTree
  readonly losses: readonly Loss[]
}

/**
 * Puts a Chat request into the API's own words: clients send Chat Completions what belongs to other dialects. Cursor does all
 * of this, by the name of the model, and looks for a Chat answer:
 *
 * - a Responses request: `input` in the place of `messages`, and what belongs to it;
 * - tools, and the choice of one, that are flat as in Responses;
 * - Anthropic's tools, and its blocks of calls, results, reasoning and images.
 *
 * `convertChatRequestToAnthropic` does it by itself; this is for an upstream that speaks Chat Completions.
 *
 * @param request the parsed body; read it with `parseJsonKeeping(text, chatRequestKeep)`.
 * @see https://forum.cursor.com/t/cursor-agent-sends-responses-api-format-to-chat-completions-endpoint/153019
 * @see https://github.com/BerriAI/litellm/pull/34029
 */
export function sanitizeChatRequest(request: unknown): Result<SanitizedChatRequest, Refusal> {
  const notes = createNotes()
  const parsed = readRequest(request, (body) => parseChatRequest(chatRequestOf(body, notes)), openAiShape)
  if (!parsed.ok) return parsed
  const losses = notes.losses()
  const refused = notes.refused()
  if (refused !== undefined) return err(refusal(refused, losses, [], openAiShape))
  return { ok: true, value: { value: parsed.value as JsonTree, losses } }
}

/** The same, for whoever looks at the rest of the request, too. What is no request of any kind passes as it is. */
export function chatRequestOf(said: unknown, notes: Notes): unknown {
  if (!isJsonObject(said)) return said
  const body =
    (said['messages'] ?? null) === null && said['input'] !== undefined ? chatFromResponses(said, notes) : said
  const { tools, tool_choice: choice, messages } = body
  const changed = {
    tools: listed(tools, (tool) => [chatTool(tool)]),
    messages: messagesWithoutBlocks(messages, notes),
    ...choiceOf(choice),
  }
  const isSame = Object.entries(changed).every(([name, value]) => value === body[name])
  return isSame ? body : { ...body, ...present(changed) }
}

/** The list with its entries changed; the very same one when none is. */
function listed(list: Json | undefined, change: (entry: Json, index: number) => readonly Json[]): Json | undefined {
  if (!Array.isArray(list)) return list
  const after = list.flatMap(change)
  return after.length === list.length && after.every((entry, index) => entry === list[index]) ? list : after
}

/** A tool that is told flat, as in Responses, or as Anthropic tells it. Tools that a provider runs are neither. */
function chatTool(tool: Json): Json {
  if (!isJsonObject(tool) || typeof tool['name'] !== 'string') return tool
  const { type, name, description, parameters, input_schema: schema, strict, format, ...rest } = tool
  const kind = schema === undefined ? (type ?? 'function') : 'function'
  if ((type ?? 'custom') !== 'custom' && type !== 'function') return tool
  if (kind === 'custom')
    return { ...rest, type: kind, custom: present({ name, description, format: grammarOf(format) }) }
  return { ...rest, type: kind, function: present({ name, description, parameters: parameters ?? schema, strict }) }
}

/** Chat Completions has what is said of a grammar in an object of its own. */
function grammarOf(format: Json | undefined): Json | undefined {
  if (!isJsonObject(format) || format['type'] !== 'grammar' || format['grammar'] !== undefined) return format
  const { type, ...grammar } = format
  return { type, grammar }
}

function choiceOf(choice: Json | undefined): JsonObject {
  if (!isJsonObject(choice)) return {}
  const { type, name, mode, tools } = choice
  const single = choice['disable_parallel_tool_use'] === true ? { parallel_tool_calls: false } : {}
  if (type === 'any') return { tool_choice: 'required', ...single }
  if (type === 'auto' || type === 'none') return { tool_choice: type, ...single }
  if (type === 'tool') return { tool_choice: { type: 'function', function: present({ name }) }, ...single }
  if (typeof type !== 'string' || choice[type] !== undefined) return {}
  if (type === 'allowed_tools')
    return { tool_choice: { type, allowed_tools: present({ mode, tools: listed(tools, (tool) => [chatTool(tool)]) }) } }
  const isTool = type === 'function' || type === 'custom'
  return isTool && name !== undefined ? { tool_choice: { type, [type]: { name } } } : {}
}

import { isJsonObject, type Json, type JsonObject, stringMember } from '@lb/protocol'
import type { Notes } from '../notes.ts'
import { present } from './present.ts'

/**
 * The body of a Responses request as one of Chat Completions. Its parts, tools and choices stay in their own form: those are
 * put right wherever they come from.
 */
export function chatFromResponses(body: JsonObject, notes: Notes): JsonObject {
  const { input, instructions, max_output_tokens, text, reasoning, ...others } = body
  const effort = isJsonObject(reasoning) ? reasoning['effort'] : undefined
  const format = isJsonObject(text) ? text['format'] : undefined
  const messages: JsonObject[] = instructions ? [{ role: 'system', content: instructions }] : []
  if (!Array.isArray(input)) messages.push({ role: 'user', content: input ?? null })
  else for (const [index, item] of input.entries()) addItem(messages, item, `/input/${index}`, notes)
  if (isJsonObject(reasoning) && reasoning['summary']) notes.loss('feature_dropped', '/reasoning/summary', 'summary')
  return {
    ...withoutServerState(others, notes),
    ...present({
      max_completion_tokens: max_output_tokens,
      reasoning_effort: effort,
      verbosity: isJsonObject(text) ? text['verbosity'] : undefined,
      response_format: isJsonObject(format) ? formatOf(format) : undefined,
    }),
    messages,
  }
}

/** What only the provider of Responses can do. A history that it keeps is not in the request. */
function withoutServerState(body: JsonObject, notes: Notes): JsonObject {
  const left = Object.entries(body).filter(([name, value]) => {
    const isHistory = histories.includes(name)
    if (!isHistory && !ofResponses.includes(name)) return true
    if (value === null || value === false) return false
    if (isHistory)
      notes.refuse('thread_not_supported', `/${name}`, 'the history is not in the request; send it as messages')
    else notes.loss('feature_dropped', `/${name}`, name)
    return false
  })
  return Object.fromEntries(left)
}

const ofResponses: readonly string[] = ['include', 'truncation', 'background', 'max_tool_calls', 'context_management']
const histories: readonly string[] = ['previous_response_id', 'conversation', 'prompt']

function formatOf(format: JsonObject): JsonObject {
  const { type, ...json_schema } = format
  return type === 'json_schema' ? { type, json_schema } : format
}

type AddItem = (messages: JsonObject[], item: JsonObject, path: string, notes: Notes) => void

const addResult: AddItem = (messages, { call_id, output }) =>
  messages.push({ role: 'tool', ...present({ tool_call_id: call_id, content: output }) })

/** One function for each kind of item. */
const adders: Readonly<Record<string, AddItem>> = {
  message: (messages, { role, content }) => messages.push(present({ role, content })),
  function_call: (messages, { call_id, name, arguments: text }) =>
    addCall(messages, { type: 'function', ...present({ id: call_id }), function: present({ name, arguments: text }) }),
  custom_tool_call: (messages, { call_id, name, input }) =>
    addCall(messages, { type: 'custom', ...present({ id: call_id }), custom: present({ name, input }) }),
  function_call_output: addResult,
  custom_tool_call_output: addResult,
  reasoning: (_messages, _item, path, notes) => notes.loss('thinking_dropped', path),
  item_reference: (_messages, _item, path, notes) =>
    notes.refuse('thread_not_supported', path, 'the item is not in the request; send it itself'),
}

function addItem(messages: JsonObject[], item: Json, path: string, notes: Notes): void {
  const type = stringMember(item, 'type') ?? 'message'
  const add = Object.hasOwn(adders, type) ? adders[type] : undefined
  if (add === undefined) notes.loss('unknown_block', path, type)
  // What is no object is refused with everything else that is no message.
  else add(messages, isJsonObject(item) ? item : {}, path, notes)
}

/** Calls belong to the message before them, which is of the same answer. */
function addCall(messages: JsonObject[], call: JsonObject): void {
  const last = messages.at(-1)
  const calls = last?.['tool_calls']
  if (Array.isArray(calls)) calls.push(call)
  else if (last?.['role'] === 'assistant') last['tool_calls'] = [call]
  else messages.push({ role: 'assistant', content: null, tool_calls: [call] })
}

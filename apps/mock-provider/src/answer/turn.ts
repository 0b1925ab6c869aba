import { type Json, member, stringMember } from '@lb/protocol'
import type { Dialect } from '../script/script.ts'

/** What a client asked in its last turn, in no dialect: all that the demo answer is made from. */
export interface AskedTurn {
  /** The last text a human wrote; reminders that a client wraps around it are left out. */
  readonly userText: string
  /** Results of tool calls that came after the model's last words. */
  readonly toolResults: readonly ToolResult[]
  readonly tools: readonly DeclaredTool[]
  readonly toolChoice: 'auto' | 'none' | 'required' | { readonly name: string }
  /** The JSON Schema the answer must follow, where one was asked for. */
  readonly answerSchema: Json | undefined
  /** Whether the client wants to see reasoning. */
  readonly thinking: boolean
}

/** The result of one tool call. */
export interface ToolResult {
  readonly name: string
  readonly text: string
  readonly isError: boolean
}

/** A tool that the client runs itself. */
export interface DeclaredTool {
  readonly name: string
  readonly schema: Json
}

/** Reads the last turn out of a request body. Total: a body of any shape gives an empty turn at worst. */
export function readTurn(body: Json | undefined, dialect: Dialect): AskedTurn {
  return readers[dialect](body)
}

const readers: { readonly [D in Dialect]: (body: Json | undefined) => AskedTurn } = {
  anthropic: (body) => {
    const messages = list(member(body, 'messages'))
    const tail = afterLast(messages, (message) => stringMember(message, 'role') === 'assistant')
    const names = namesById(messages.flatMap(blocksOf), 'tool_use', 'id', (block) => stringMember(block, 'name'))
    const thinking = member(body, 'thinking')
    const format = member(member(body, 'output_config'), 'format') ?? member(body, 'output_format')
    return {
      userText: lastText(messages, 'user'),
      toolResults: tail.flatMap(blocksOf).flatMap((block) => {
        if (stringMember(block, 'type') !== 'tool_result') return []
        const name = names.get(stringMember(block, 'tool_use_id') ?? '') ?? 'tool'
        return [{ name, text: textOf(member(block, 'content')), isError: member(block, 'is_error') === true }]
      }),
      tools: list(member(body, 'tools')).flatMap((tool) => declared(tool, member(tool, 'input_schema'))),
      toolChoice: choiceOf(member(body, 'tool_choice'), stringMember(member(body, 'tool_choice'), 'name')),
      answerSchema: member(format, 'schema'),
      thinking:
        thinking !== undefined &&
        stringMember(thinking, 'type') !== 'disabled' &&
        stringMember(thinking, 'display') !== 'omitted',
    }
  },
  'openai-chat': (body) => {
    const messages = list(member(body, 'messages'))
    const calls = messages.flatMap((message) => list(member(message, 'tool_calls')))
    const names = new Map(calls.map((call) => [stringMember(call, 'id') ?? '', nameOfCall(call)]))
    const tail = afterLast(messages, (message) => stringMember(message, 'role') === 'assistant')
    const choice = member(body, 'tool_choice')
    return {
      userText: lastText(messages, 'user'),
      toolResults: tail.flatMap((message) => {
        if (stringMember(message, 'role') !== 'tool') return []
        const name = names.get(stringMember(message, 'tool_call_id') ?? '') ?? 'tool'
        return [{ name, text: textOf(member(message, 'content')), isError: false }]
      }),
      tools: list(member(body, 'tools')).flatMap((tool) => {
        const declaration = member(tool, 'function')
        return declared(declaration, member(declaration, 'parameters'))
      }),
      toolChoice: choiceOf(choice, stringMember(member(choice, 'function'), 'name')),
      answerSchema: chatSchema(member(body, 'response_format')),
      thinking: wantsEffort(stringMember(body, 'reasoning_effort')),
    }
  },
  'openai-responses': (body) => {
    const input = member(body, 'input')
    const items = typeof input === 'string' ? [{ role: 'user', content: input }] : list(input)
    const names = namesById(items, 'function_call', 'call_id', (item) => stringMember(item, 'name'))
    const spoken = ['function_call', 'reasoning']
    const tail = afterLast(
      items,
      (item) => spoken.includes(stringMember(item, 'type') ?? '') || stringMember(item, 'role') === 'assistant',
    )
    const choice = member(body, 'tool_choice')
    return {
      userText: lastText(items, 'user'),
      toolResults: tail.flatMap((item) => {
        if (stringMember(item, 'type') !== 'function_call_output') return []
        const name = names.get(stringMember(item, 'call_id') ?? '') ?? 'tool'
        return [{ name, text: textOf(member(item, 'output')), isError: false }]
      }),
      tools: list(member(body, 'tools')).flatMap((tool) =>
        stringMember(tool, 'type') === 'function' ? declared(tool, member(tool, 'parameters')) : [],
      ),
      toolChoice: choiceOf(choice, stringMember(choice, 'name')),
      answerSchema: member(member(member(body, 'text'), 'format'), 'schema'),
      thinking: wantsEffort(stringMember(member(body, 'reasoning'), 'effort')),
    }
  },
}

/** The text of a content value: a string, or the texts of its parts. */
function textOf(content: Json | undefined): string {
  if (typeof content === 'string') return content
  return list(content)
    .map((part) => (typeof part === 'string' ? part : (stringMember(part, 'text') ?? '')))
    .filter((text) => text !== '')
    .join('\n')
}

/** A JSON list, or an empty one. */
export function list(value: Json | undefined): readonly Json[] {
  return Array.isArray(value) ? value : []
}

/** Claude Code puts its reminders into the user's message as texts of their own, or around the user's words. */
function lastText(messages: readonly Json[], role: string): string {
  for (const message of messages.toReversed()) {
    if (stringMember(message, 'role') !== role) continue
    const content = member(message, 'content')
    const texts =
      typeof content === 'string' ? [content] : list(content).map((part) => stringMember(part, 'text') ?? '')
    const spoken = texts
      .map((text) => text.replace(/<(system-reminder|local-command-caveat)>[\s\S]*?<\/\1>/g, '').trim())
      .filter((text) => text !== '')
    const last = spoken.at(-1)
    if (last !== undefined) return last
  }
  return ''
}

function blocksOf(message: Json): readonly Json[] {
  return list(member(message, 'content'))
}

function afterLast(items: readonly Json[], ends: (item: Json) => boolean): readonly Json[] {
  return items.slice(items.findLastIndex(ends) + 1)
}

function namesById(
  items: readonly Json[],
  type: string,
  idField: string,
  nameOf: (item: Json) => string | undefined,
): ReadonlyMap<string, string> {
  const calls = items.filter((item) => stringMember(item, 'type') === type)
  return new Map(calls.map((call) => [stringMember(call, idField) ?? '', nameOf(call) ?? 'tool']))
}

function nameOfCall(call: Json): string {
  return stringMember(member(call, 'function'), 'name') ?? 'tool'
}

/** Hosted tools have a type and no schema: the API runs them, the client does not. */
function declared(tool: Json | undefined, schema: Json | undefined): readonly DeclaredTool[] {
  const name = stringMember(tool, 'name')
  if (name === undefined || (schema === undefined && stringMember(tool, 'type')?.includes('_') === true)) return []
  return [{ name, schema: schema ?? { type: 'object' } }]
}

function wantsEffort(effort: string | undefined): boolean {
  return effort !== undefined && effort !== 'none'
}

function choiceOf(choice: Json | undefined, name: string | undefined): AskedTurn['toolChoice'] {
  if (name !== undefined) return { name }
  const word = typeof choice === 'string' ? choice : stringMember(choice, 'type')
  if (word === 'none') return 'none'
  return word === 'any' || word === 'required' ? 'required' : 'auto'
}

function chatSchema(format: Json | undefined): Json | undefined {
  const type = stringMember(format, 'type')
  if (type === 'json_object') return { type: 'object' }
  return type === 'json_schema' ? (member(member(format, 'json_schema'), 'schema') ?? { type: 'object' }) : undefined
}

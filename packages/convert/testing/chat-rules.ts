import type { Chat } from '@lb/protocol'
import type { Profile } from '../src/index.ts'

/** How a Chat request breaks the rules of its target. Empty: not at all. Written apart from the conversions. */
export function chatRuleProblems(request: Chat.Request, profile: Profile): readonly string[] {
  return [
    ...pairProblems(request.messages),
    ...request.messages.flatMap((message, index) => messageProblems(message, index, profile)),
    ...toolProblems(request, profile),
    ...(request.messages.length === 0 ? ['no messages'] : []),
    ...((request.stop?.length ?? 0) > profile.stopMax ? ['too many stop sequences'] : []),
  ]
}

const idRules: Readonly<Record<Profile['toolIds'], RegExp>> = {
  openai40: /^[a-zA-Z0-9_-]{1,40}$/,
  responses64: /^[a-zA-Z0-9_-]{1,64}$/,
  mistral9: /^[a-zA-Z0-9]{9}$/,
  any: /^/,
}

/** Results follow their calls at once, each call has one, and none is left over. */
function pairProblems(messages: readonly Chat.Message[]): readonly string[] {
  const problems: string[] = []
  let open = new Set<string>()
  for (const [index, message] of messages.entries()) {
    if (message.role === 'tool') {
      if (!open.delete(message.tool_call_id)) problems.push(`message ${index} answers no open call`)
      continue
    }
    if (open.size > 0) problems.push(`message ${index} stands before the result of ${[...open]}`)
    const calls = message.role === 'assistant' ? (message.tool_calls ?? []) : []
    open = new Set(calls.map(({ id }) => id))
    if (open.size < calls.length) problems.push(`message ${index} uses an id twice`)
  }
  return open.size > 0 ? [...problems, `no result of ${[...open]}`] : problems
}

function messageProblems(message: Chat.Message, index: number, profile: Profile): readonly string[] {
  const problems: string[] = []
  const kind = message.role === 'developer' ? 'system' : message.role
  const isArray = Array.isArray(message.content)
  // Reasoning of Mistral's models has no other place than an array.
  const isFree = profile.reasoningField === 'content-parts' || kind === 'function'
  if (isArray && !isFree && !profile.contentArrays.some((role) => role === kind))
    problems.push(`an array in message ${index}`)
  if (isArray && message.content.length === 0) problems.push(`an empty array in message ${index}`)
  if (kind === 'system' && index > 0 && profile.systemPlacement === 'first-only')
    problems.push(`a system message at ${index}`)
  if (kind === 'user' && message.content === '') problems.push(`message ${index} is empty`)
  if (message.role !== 'assistant') return problems
  const calls = message.tool_calls ?? []
  for (const call of calls) {
    if (!idRules[profile.toolIds].test(call.id)) problems.push(`the id ${call.id}`)
    if (call.type === 'function' && !isLegalName(call.function.name, profile))
      problems.push(`the name ${call.function.name}`)
  }
  if (!message.content && calls.length === 0 && message.reasoning_content === undefined)
    problems.push(`message ${index} says nothing`)
  return problems
}

function toolProblems(request: Chat.Request, profile: Profile): readonly string[] {
  const names = (request.tools ?? []).flatMap((tool) => ('function' in tool ? tool.function.name : []))
  const choice = request.tool_choice
  const kind = typeof choice === 'object' ? 'named' : choice
  return [
    ...names.filter((name) => !isLegalName(name, profile)).map((name) => `the tool name ${name}`),
    ...(new Set(names).size < names.length ? ['two tools of one name'] : []),
    ...(choice !== undefined && names.length === 0 ? ['a choice among no tools'] : []),
    ...(kind !== undefined && kind !== 'auto' && !profile.toolChoice.some((known) => known === kind)
      ? [`the choice ${kind}`]
      : []),
  ]
}

function isLegalName(name: string, profile: Profile): boolean {
  return name.length <= profile.toolNameMax && /^[a-zA-Z0-9_-]+$/.test(name)
}

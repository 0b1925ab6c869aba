import type { Chat } from '@lb/protocol'
import type { ChatRun } from './chat-run.ts'
import { type Members, members, reportMembers } from './unknown-members.ts'

const ofInstructions = members('role', 'content', 'name', 'cache_control')
const ofRoles: ReadonlyMap<string, Members> = new Map([
  ['system', ofInstructions],
  ['developer', ofInstructions],
  ['user', ofInstructions],
  [
    'assistant',
    members(
      'role',
      'content',
      'name',
      'refusal',
      'tool_calls',
      'function_call',
      'reasoning_content',
      'reasoning',
      'reasoning_text',
      'reasoning_opaque',
      'reasoning_details',
      'annotations',
      'cache_control',
      // How several vendors mark a prefilled answer: what stands last is one in any case.
      'prefix',
      'partial',
    ),
  ],
  ['tool', members('role', 'content', 'name', 'tool_call_id', 'cache_control')],
  ['function', members('role', 'content', 'name')],
])
const ofParts: ReadonlyMap<string, Members> = new Map([
  ['text', members('text', 'cache_control', 'prompt_cache_breakpoint')],
  ['image_url', members('image_url', 'cache_control', 'prompt_cache_breakpoint')],
  ['file', members('file', 'cache_control', 'prompt_cache_breakpoint')],
])
const ofTools = members('function', 'custom', 'cache_control')
const ofCalls = members('id', 'index', 'function', 'custom')

/** What stands inside of those, by its name. */
const ofInner: ReadonlyMap<string, Members> = new Map([
  ['function', members('name', 'description', 'parameters', 'strict', 'arguments')],
  ['custom', members('name', 'description', 'format', 'input')],
  ['image_url', members('url', 'detail')],
  ['file', members('file_data', 'file_id', 'filename')],
  ['json_schema', members('name', 'schema', 'strict')],
  ['reasoning', members('effort', 'max_tokens', 'enabled')],
  ['thinking', members('budget_tokens')],
])

/** Reports members of the parts of a request that nobody here knows. Those of the request itself are told apart by `reportChatFields`. */
export function reportChatParts(request: Chat.Request, { notes }: ChatRun): void {
  const report = (part: object, known: Members, path: string): void => {
    reportMembers(part, known, path, notes)
    for (const [name, value] of Object.entries(part)) {
      const inner = typeof value === 'object' && value !== null ? ofInner.get(name) : undefined
      if (inner !== undefined) reportMembers(value, inner, `${path}/${name}`, notes)
    }
  }
  const { reasoning, thinking, response_format: format } = request
  report({ reasoning, thinking }, ofControls, '')
  if (format) report(format, ofFormats, '/response_format')
  for (const [index, tool] of (request.tools ?? []).entries()) {
    if ('function' in tool || 'custom' in tool) report(tool, ofTools, `/tools/${index}`)
  }
  for (const [index, message] of request.messages.entries()) {
    const path = `/messages/${index}`
    reportMembers(message, ofRoles.get(message.role) as Members, path, notes)
    if (message.role === 'assistant') reportAnswer(message, path)
    const { content } = message
    for (const [at, part] of (Array.isArray(content) ? content : []).entries()) {
      const known = ofParts.get((part as Chat.Part).type)
      if (known !== undefined) report(part as Chat.Part, known, `${path}/content/${at}`)
    }
  }

  function reportAnswer({ annotations, tool_calls }: Chat.AssistantMessage, path: string): void {
    if (annotations?.length) notes.loss('annotations_dropped', `${path}/annotations`)
    for (const [at, call] of (tool_calls ?? []).entries()) report(call, ofCalls, `${path}/tool_calls/${at}`)
  }
}

const ofControls = members('reasoning', 'thinking')
const ofFormats = members('json_schema')

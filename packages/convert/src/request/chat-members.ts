import type { Chat } from '@lb/protocol'
import type { ChatRun } from './chat-run.ts'
import { type Members, members, reportMembers } from './unknown-members.ts'

const ofInstructions = members('role', 'content', 'name')
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
      // How several vendors mark a prefilled answer: what stands last is one in any case.
      'prefix',
      'partial',
    ),
  ],
  ['tool', members('role', 'content', 'name', 'tool_call_id')],
  ['function', members('role', 'content', 'name')],
])
const ofParts: ReadonlyMap<string, Members> = new Map([
  ['text', members('text', 'cache_control', 'prompt_cache_breakpoint')],
  ['image_url', members('image_url', 'cache_control', 'prompt_cache_breakpoint')],
  ['file', members('file', 'cache_control', 'prompt_cache_breakpoint')],
])
const ofTools = members('function', 'cache_control')
const ofFunctions = members('name', 'description', 'parameters', 'strict')

/** Reports members of the parts of a request that nobody here knows. Those of the request itself are told apart by `reportChatFields`. */
export function reportChatParts(request: Chat.Request, { notes }: ChatRun): void {
  for (const [index, tool] of (request.tools ?? []).entries()) {
    if (!('function' in tool)) continue
    reportMembers(tool, ofTools, `/tools/${index}`, notes)
    reportMembers(tool.function, ofFunctions, `/tools/${index}/function`, notes)
  }
  for (const [index, message] of request.messages.entries()) {
    const path = `/messages/${index}`
    reportMembers(message, ofRoles.get(message.role) as Members, path, notes)
    if (message.role === 'assistant' && message.annotations?.length)
      notes.loss('annotations_dropped', `${path}/annotations`)
    const { content } = message
    for (const [at, part] of (Array.isArray(content) ? content : []).entries()) {
      const known = ofParts.get((part as Chat.Part).type)
      if (known !== undefined) reportMembers(part as Chat.Part, known, `${path}/content/${at}`, notes)
    }
  }
}

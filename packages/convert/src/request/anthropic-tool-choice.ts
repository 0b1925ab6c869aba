import type { Anthropic, JsonObject } from '@lb/protocol'
import { blocksOf, isCall } from './anthropic-pairs.ts'
import { declaredTools, type ToolDeclaration } from './anthropic-tools.ts'
import type { Run } from './run.ts'

/** Which tools there are, and how freely the model may use them. */
export interface ToolPlan {
  readonly tools: readonly ToolDeclaration[]
  readonly choice: Choice | undefined
  /** Whether to ask for one call at a time. */
  readonly singleCall: boolean
  /** Members that switch the target's own web search on. */
  readonly webSearch: JsonObject
}

/** Which tool the model has to call. `name` is the client's. */
export type Choice = { readonly kind: 'auto' | 'none' | 'required' } | { readonly kind: 'named'; readonly name: string }

/** Plans the tools of a request. */
export function planTools(request: Anthropic.Request, run: Run): ToolPlan {
  const declared = declaredTools(request, run)
  const webSearch = { ...(declared.webSearch && run.profile.webSearch) }
  if (declared.tools.length === 0) return { ...withoutTools(request, run), webSearch }
  const wanted = request.tool_choice
  const singleCall = wanted != null && wanted.type !== 'none' && isSingle(wanted, run)
  return { ...chosen(wanted, declared.tools, run), singleCall, webSearch }
}

function withoutTools(request: Anthropic.Request, run: Run): Omit<ToolPlan, 'webSearch'> {
  if (request.tool_choice) run.notes.loss('feature_dropped', '/tool_choice', 'tool_choice')
  if (!run.profile.declareHistoryTools) return { tools: [], choice: undefined, singleCall: false }
  const calls = request.messages.flatMap((message) => blocksOf(message).filter(isCall))
  const tools = [...new Set(calls.map((call) => call.name))].map(historyTool)
  return { tools, choice: tools.length === 0 ? undefined : { kind: 'none' }, singleCall: false }
}

/** A tool that is only declared because past calls name it. */
function historyTool(name: string): ToolDeclaration {
  return {
    name,
    description: undefined,
    parameters: { type: 'object', properties: {} },
    strict: false,
    cache: undefined,
    path: '/messages',
  }
}

function isSingle(wanted: Exclude<Anthropic.ToolChoice, { readonly type: 'none' }>, run: Run): boolean {
  if (wanted.disable_parallel_tool_use !== true) return false
  if (run.profile.parallelToolCalls === 'supported') return true
  run.notes.loss('parallel_not_enforced', '/tool_choice/disable_parallel_tool_use')
  return false
}

/** The nearest choice that the target has. Where it has no word for a choice, leaving tools out may say the same. */
function chosen(
  wanted: Anthropic.Request['tool_choice'],
  tools: readonly ToolDeclaration[],
  run: Run,
): Pick<ToolPlan, 'tools' | 'choice'> {
  const available = run.profile.toolChoice
  switch (wanted?.type) {
    case 'none':
      if (available.includes('none')) return { tools, choice: { kind: 'none' } }
      run.notes.loss('tools_filtered', '/tool_choice')
      return { tools: [], choice: undefined }
    case 'any':
      return available.includes('required') ? { tools, choice: { kind: 'required' } } : weakened(tools, run)
    case 'tool':
      return named(wanted.name, tools, run)
    case 'auto':
      return { tools, choice: { kind: 'auto' } }
    case undefined:
      return { tools, choice: undefined }
    default:
      return made(wanted, tools, run)
  }
}

/** A choice that was made after this was written. */
function made(
  { type }: { readonly type: string | null },
  tools: readonly ToolDeclaration[],
  run: Run,
): Pick<ToolPlan, 'tools' | 'choice'> {
  if (type !== null) run.notes.loss('tool_choice_weakened', '/tool_choice', type)
  return { tools, choice: undefined }
}

function named(name: string, tools: readonly ToolDeclaration[], run: Run): Pick<ToolPlan, 'tools' | 'choice'> {
  const tool = tools.find((candidate) => candidate.name === name)
  if (tool === undefined) {
    run.notes.refuse('tool_choice_unknown', '/tool_choice/name', `the chosen tool ${name} is not among the tools`)
    return { tools, choice: undefined }
  }
  if (run.profile.toolChoice.includes('named')) return { tools, choice: { kind: 'named', name } }
  if (!run.profile.toolChoice.includes('required')) return weakened(tools, run)
  run.notes.loss('tools_filtered', '/tool_choice')
  return { tools: [tool], choice: { kind: 'required' } }
}

function weakened(tools: readonly ToolDeclaration[], run: Run): Pick<ToolPlan, 'tools' | 'choice'> {
  run.notes.loss('tool_choice_weakened', '/tool_choice')
  return { tools, choice: { kind: 'auto' } }
}

import type { Anthropic } from '@lb/protocol'
import { isCarrier } from '../carrier.ts'
import type { Notes } from '../notes.ts'
import type { AnthropicProfile } from '../profiles/anthropic.ts'
import { isCall, isResult } from './anthropic-pairs.ts'
import type { SanitizeOptions } from './anthropic-to-anthropic.ts'
import { withoutMembers } from './betas.ts'
import { isUnsignedLoop } from './chat-thinking.ts'
import { budgetLevels, budgetWithin, levelBudgets, nearestLevel } from './effort.ts'
import { hashedId } from './identity.ts'
import { mapBlocks } from './map-blocks.ts'
import { withReminders } from './system-reminders.ts'

/** What the steps share. */
export interface SanitizeContext {
  readonly target: AnthropicProfile
  readonly options: SanitizeOptions
  readonly notes: Notes
}

/** One change. Returns the very same request when there is nothing to change. */
export type SanitizeStep = (request: Anthropic.Request, context: SanitizeContext) => Anthropic.Request

/** All changes, in their order. Each is idempotent, and none undoes another. */
export const sanitizeSteps: readonly SanitizeStep[] = [
  dropForeignThinking,
  dropServerTools,
  refuseUnsupportedBlocks,
  moveSystemTurns,
  dropSampling,
  dropCitations,
  fitThinking,
  fitEffort,
  dropOutputFormat,
  dropStrictTools,
  hashUserId,
]

function dropForeignThinking(
  request: Anthropic.Request,
  { target, options, notes }: SanitizeContext,
): Anthropic.Request {
  const keep = options.keepThinking ?? 'genuine'
  const openTurn = openTurnOf(request.messages)
  const isKept = (signature: string, turn: Anthropic.Turn): boolean => {
    if (isCarrier(signature) || keep === 'none') return false
    if (target.signatures === 'ignored') return true
    return signature !== '' && (keep === 'genuine' || (keep === 'open-turn' && turn === openTurn))
  }
  return mapBlocks(
    request,
    (block, { path, turn }) => {
      if (block.type !== 'thinking' && block.type !== 'redacted_thinking') return block
      const signature = block.type === 'thinking' ? (block.signature ?? '') : block.data
      if (isKept(signature, turn) && !target.unsupportedBlocks.includes(block.type)) return block
      notes.loss('thinking_dropped', path)
      return undefined
    },
    notes,
  )
}

/** The assistant turn whose calls are being answered by the last turn. */
function openTurnOf(messages: readonly Anthropic.Turn[]): Anthropic.Turn | undefined {
  const last = messages.at(-1)
  const isAnswering =
    last?.role === 'user' && Array.isArray(last.content) && last.content.some((block) => block.type === 'tool_result')
  return isAnswering ? messages.findLast((turn) => turn.role === 'assistant') : undefined
}

function dropServerTools(request: Anthropic.Request, { target, options, notes }: SanitizeContext): Anthropic.Request {
  if (target.serverTools) return request
  const isServerTool = (tool: Anthropic.ToolDefinition): boolean => {
    const type = tool.type ?? 'custom'
    return type !== 'custom' && !/^(bash|text_editor|memory)_/.test(type)
  }
  const tools = request.tools ?? []
  const history = mapBlocks(
    request,
    (block, { path }) => {
      const isServers = block.type !== 'tool_use' && block.type !== 'tool_result' && (isCall(block) || isResult(block))
      if (!isServers) return block
      notes.loss('block_dropped', path, block.type)
      return undefined
    },
    notes,
  )
  const left = tools.filter((tool, index) => {
    if (!isServerTool(tool)) return true
    const path = `/tools/${index}`
    const type = String(tool.type)
    if (options.serverTools !== 'drop') {
      notes.refuse('server_tool_not_supported', path, `the tool ${type} cannot be run by this provider; leave it out`)
    }
    notes.loss('server_tool_dropped', path, type)
    return false
  })
  if (left.length === tools.length) return history
  // A choice among no tools is refused.
  return left.length === 0 ? withoutMembers(history, ['tools', 'tool_choice']) : { ...history, tools: left }
}

/** What carries content is refused, so that nobody wonders why the model did not see it. */
function refuseUnsupportedBlocks(request: Anthropic.Request, { target, notes }: SanitizeContext): Anthropic.Request {
  const unsupported = target.unsupportedBlocks
  const check = (blocks: readonly Anthropic.RequestBlock[], path: string): void => {
    for (const [index, block] of blocks.entries()) {
      const at = `${path}/${index}`
      if (unsupported.includes(block.type)) {
        notes.refuse(
          'media_not_supported',
          at,
          `a block of type ${block.type} cannot be sent to this provider; leave it out`,
        )
      } else if (block.type === 'tool_result' && Array.isArray(block.content)) check(block.content, `${at}/content`)
    }
  }
  for (const [index, turn] of request.messages.entries()) {
    if (Array.isArray(turn.content)) check(turn.content, `/messages/${index}/content`)
  }
  return request
}

function moveSystemTurns(request: Anthropic.Request, { target, notes }: SanitizeContext): Anthropic.Request {
  return target.systemTurns ? request : withReminders(request, notes)
}

const samplingNames = ['temperature', 'top_p', 'top_k'] as const

function dropSampling(request: Anthropic.Request, { target, notes }: SanitizeContext): Anthropic.Request {
  const isOlder = target.apiVersion === '2023-06-01'
  const allowed = isOlder ? target.sampling : []
  // On the older version the newest models take the temperature that they have anyway.
  const isTolerated = (name: string): boolean => isOlder && name === 'temperature' && request.temperature === 1
  const hasBoth = !target.samplingTogether && request.temperature != null && request.top_p != null
  const dropped = samplingNames.filter(
    (name) =>
      (request[name] !== undefined && !allowed.includes(name) && !isTolerated(name)) || (name === 'top_p' && hasBoth),
  )
  for (const name of dropped) notes.loss('sampling_dropped', `/${name}`, name)
  return dropped.length === 0 ? request : withoutMembers(request, dropped)
}

/** From 2026-10-21 on a user's text has no citations, and an answer no documents. */
function dropCitations(request: Anthropic.Request, { target, notes }: SanitizeContext): Anthropic.Request {
  if (target.apiVersion === '2023-06-01') return request
  return mapBlocks(
    request,
    (block, { path, turn }) => {
      if (turn.role === 'assistant' && block.type === 'document') {
        notes.loss('block_dropped', path, 'document')
        return undefined
      }
      if (turn.role !== 'user' || block.type !== 'text' || !block.citations) return block
      notes.loss('citations_dropped', `${path}/citations`)
      const { citations, ...rest } = block
      return rest
    },
    notes,
  )
}

/** Reasoning by the model's own measure or by a budget, whichever the model has. */
function fitThinking(request: Anthropic.Request, { target, notes }: SanitizeContext): Anthropic.Request {
  const { thinking } = request
  if (!thinking || thinking.type === 'disabled') return request
  if (target.thinking === 'none') {
    notes.loss('thinking_not_controlled', '/thinking')
    return withoutMembers(request, ['thinking'])
  }
  if (target.thinking === 'adaptive') {
    if (thinking.type !== 'enabled') return request
    notes.loss('thinking_budget_as_effort', '/thinking')
    const level = budgetLevels.find(([below]) => thinking.budget_tokens < below)?.[1] ?? 'xhigh'
    const effort = request.output_config?.effort ?? nearestLevel(target.effort, level)
    const output_config = { ...request.output_config, effort: effort as Anthropic.Effort }
    return {
      ...request,
      thinking: { type: 'adaptive', ...displayOf(thinking) },
      ...(effort === undefined ? {} : { output_config }),
    }
  }
  return fitBudget(request, thinking, target, notes)
}

function fitBudget(
  request: Anthropic.Request,
  thinking: Exclude<Anthropic.Thinking, { readonly type: 'disabled' }>,
  target: AnthropicProfile,
  notes: Notes,
): Anthropic.Request {
  if (target.signatures === 'verified' && isUnsignedLoop(request.messages)) {
    notes.loss('thinking_disabled', '/thinking', 'unsigned tool calls')
    return { ...request, thinking: { type: 'disabled' } }
  }
  if (thinking.type === 'enabled') return request
  const budget = budgetWithin(request.max_tokens, levelBudgets[request.output_config?.effort ?? 'medium'])
  if (budget === undefined) {
    notes.loss('thinking_disabled', '/thinking', 'max_tokens')
    return { ...request, thinking: { type: 'disabled' } }
  }
  notes.loss('effort_changed', '/thinking', thinking.type)
  return { ...request, thinking: { type: 'enabled', budget_tokens: budget, ...displayOf(thinking) } }
}

/** Whether the client wants to see it: that changes neither with the model nor with its measure. */
function displayOf(thinking: Anthropic.Thinking): { readonly display?: Anthropic.ThinkingDisplay } {
  return 'display' in thinking && thinking.display ? { display: thinking.display } : {}
}

function fitEffort(request: Anthropic.Request, { target, notes }: SanitizeContext): Anthropic.Request {
  const { effort, ...rest } = request.output_config ?? {}
  if (!effort || target.effort.includes(effort)) return request
  notes.loss('effort_changed', '/output_config/effort', effort)
  const nearest = nearestLevel(target.effort, effort)
  if (nearest !== undefined) return { ...request, output_config: { ...rest, effort: nearest as Anthropic.Effort } }
  return Object.keys(rest).length === 0
    ? withoutMembers(request, ['output_config'])
    : { ...request, output_config: rest }
}

function dropOutputFormat(request: Anthropic.Request, { target, notes }: SanitizeContext): Anthropic.Request {
  if (target.outputFormat || (!request.output_config?.format && !request.output_format)) return request
  notes.loss('output_format_weakened', '/output_config/format')
  const { format, ...rest } = request.output_config ?? {}
  const others = withoutMembers(request, ['output_config', 'output_format'])
  return Object.keys(rest).length === 0 ? others : { ...others, output_config: rest }
}

function dropStrictTools(request: Anthropic.Request, { target, notes }: SanitizeContext): Anthropic.Request {
  const tools = request.tools ?? []
  if (target.strictTools || !tools.some((tool) => 'strict' in tool)) return request
  notes.loss('tool_strict_dropped', '/tools')
  return {
    ...request,
    tools: tools.map((tool) => {
      const { strict, ...rest } = tool as Anthropic.CustomTool
      return rest
    }),
  }
}

function hashUserId(request: Anthropic.Request, { target, notes }: SanitizeContext): Anthropic.Request {
  const id = request.metadata?.user_id
  if (!id || target.userIdPattern === null || new RegExp(target.userIdPattern).test(id)) return request
  notes.loss('user_id_hashed', '/metadata/user_id')
  return { ...request, metadata: { ...request.metadata, user_id: hashedId(id) } }
}

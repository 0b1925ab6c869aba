import type { Anthropic, Chat, JsonObject } from '@lb/protocol'
import type { Level } from '../profiles/profile.ts'
import { blocksOf } from './anthropic-pairs.ts'
import type { ChatRun } from './chat-run.ts'
import { budgetLevels, budgetWithin, leastBudget, levelBudgets, nearestLevel } from './effort.ts'

/** What an Anthropic request says about reasoning. */
export interface AnthropicThinking {
  readonly thinking?: Anthropic.Thinking
  readonly effort?: Anthropic.Effort
}

/** What the rest of the request has to say about it. */
export interface Surroundings {
  readonly maxTokens: number
  readonly forcesTool: boolean
  readonly messages: readonly Anthropic.Turn[]
}

type Wish =
  | { readonly kind: 'absent' | 'off' | 'on' }
  | { readonly kind: 'level'; readonly level: Level; readonly path: string }
  | { readonly kind: 'budget'; readonly tokens: number; readonly path: string }

/** Plans the reasoning of a Chat request: OpenAI's own level, or one of the forms that other vendors have. */
export function planChatThinking(request: Chat.Request, around: Surroundings, run: ChatRun): AnthropicThinking {
  reportUnknownLevel(request.reasoning_effort, run)
  const wish = wishOf(request)
  switch (run.profile.thinking) {
    case 'none':
      if (wish.kind !== 'absent' && wish.kind !== 'off') run.notes.loss('thinking_not_controlled', pathOf(wish))
      return {}
    case 'adaptive':
      return adaptive(wish, around, run)
    case 'budget':
      return budgeted(wish, around, run)
  }
}

function pathOf(wish: Wish): string {
  return 'path' in wish ? wish.path : '/reasoning_effort'
}

const levels: ReadonlySet<string> = new Set<Level>(['minimal', 'low', 'medium', 'high', 'xhigh', 'max'])

function wishOf(request: Chat.Request): Wish {
  const own = levelWish(request.reasoning_effort, '/reasoning_effort')
  if (own !== undefined) return own
  const reasoning = objectOf(request['reasoning'])
  if (reasoning !== undefined) return openRouterWish(reasoning)
  const thinking = objectOf(request['thinking'])
  if (thinking !== undefined) {
    if (typeof thinking['budget_tokens'] === 'number') {
      return { kind: 'budget', tokens: thinking['budget_tokens'], path: '/thinking/budget_tokens' }
    }
    return { kind: thinking['type'] === 'disabled' ? 'off' : 'on' }
  }
  if (typeof request['thinking_budget'] === 'number' && request['enable_thinking'] !== false) {
    return { kind: 'budget', tokens: request['thinking_budget'], path: '/thinking_budget' }
  }
  if (typeof request['enable_thinking'] === 'boolean') return { kind: request['enable_thinking'] ? 'on' : 'off' }
  return { kind: 'absent' }
}

function openRouterWish(reasoning: JsonObject): Wish {
  const { enabled, max_tokens } = reasoning
  if (enabled === false) return { kind: 'off' }
  if (typeof max_tokens === 'number') return { kind: 'budget', tokens: max_tokens, path: '/reasoning/max_tokens' }
  return levelWish(reasoning['effort'], '/reasoning/effort') ?? { kind: enabled === true ? 'on' : 'absent' }
}

function levelWish(effort: unknown, path: string): Wish | undefined {
  if (effort === 'none') return { kind: 'off' }
  return typeof effort === 'string' && levels.has(effort) ? { kind: 'level', level: effort as Level, path } : undefined
}

/** A level that was made after this was written. `default` asks for what comes anyway. */
function reportUnknownLevel(effort: unknown, run: ChatRun): void {
  if (typeof effort !== 'string' || effort === 'default' || levelWish(effort, '') !== undefined) return
  run.notes.loss('effort_changed', '/reasoning_effort', effort)
}

function objectOf(value: unknown): JsonObject | undefined {
  return typeof value === 'object' && value !== null ? (value as JsonObject) : undefined
}

function adaptive(wish: Wish, around: Surroundings, run: ChatRun): AnthropicThinking {
  if (wish.kind !== 'absent' && wish.kind !== 'off' && isForcedBlindly(around, run)) {
    run.notes.loss('thinking_disabled', pathOf(wish), 'tool_choice')
    return { thinking: { type: 'disabled' } }
  }
  switch (wish.kind) {
    case 'absent':
      return {}
    case 'on':
      return { thinking: { type: 'adaptive' } }
    case 'off':
      return switchedOff(run)
    case 'budget': {
      run.notes.loss('thinking_budget_as_effort', wish.path)
      const level = budgetLevels.find(([below]) => wish.tokens < below)?.[1] ?? 'xhigh'
      return { thinking: { type: 'adaptive' }, ...effort(level, wish.path, run) }
    }
    case 'level':
      return { thinking: { type: 'adaptive' }, ...effort(wish.level, wish.path, run) }
  }
}

function switchedOff(run: ChatRun): AnthropicThinking {
  if (run.profile.thinkingOff) return { thinking: { type: 'disabled' } }
  run.notes.loss('thinking_not_disabled', '/reasoning_effort')
  return effort('low', '/reasoning_effort', run)
}

/** The level as the model has it. Where it has none, nothing is said. */
function effort(level: Level, path: string, run: ChatRun): AnthropicThinking {
  const nearest = nearestLevel(run.profile.effort, level)
  if (nearest !== level) run.notes.loss('effort_changed', path, level)
  return nearest === undefined ? {} : { effort: nearest as Anthropic.Effort }
}

function budgeted(wish: Wish, around: Surroundings, run: ChatRun): AnthropicThinking {
  if (wish.kind === 'absent') return {}
  if (wish.kind === 'off') return { thinking: { type: 'disabled' } }
  const wanted = wish.kind === 'budget' ? wish.tokens : levelBudgets[wish.kind === 'level' ? wish.level : 'medium']
  // A client that says how many tokens, and could say so to Anthropic, has its way.
  const isTaken = wish.kind === 'budget' && wanted >= leastBudget && wanted < around.maxTokens
  const budget = isTaken ? wanted : budgetWithin(around.maxTokens, wanted)
  const reason = wanted <= 0 || budget === undefined ? 'max_tokens' : reasonAgainst(around, run)
  if (budget === undefined || reason !== undefined) {
    run.notes.loss('thinking_disabled', pathOf(wish), reason)
    return { thinking: { type: 'disabled' } }
  }
  if (budget !== wanted) run.notes.loss('thinking_budget_lowered', pathOf(wish), String(wanted))
  const level = wish.kind === 'level' ? nearestLevel(run.profile.effort, wish.level) : undefined
  return {
    thinking: { type: 'enabled', budget_tokens: budget },
    ...(level === undefined ? {} : { effort: level as Anthropic.Effort }),
  }
}

/** Whether a tool is forced that the model cannot be made to use while it reasons. */
function isForcedBlindly({ forcesTool }: Surroundings, { profile }: ChatRun): boolean {
  return forcesTool && profile.forcedTools === 'without-thinking'
}

/** Why reasoning with a budget has to be off, whatever the budget. */
function reasonAgainst(around: Surroundings, run: ChatRun): string | undefined {
  if (isForcedBlindly(around, run)) return 'tool_choice'
  return run.profile.signatures === 'verified' && isUnsignedLoop(around.messages) ? 'unsigned tool calls' : undefined
}

/** Whether the last answer called tools and has no reasoning of its own: it cannot go on with reasoning. */
export function isUnsignedLoop(messages: readonly Anthropic.Turn[]): boolean {
  const last = messages.findLast((turn) => turn.role === 'assistant')
  const lastSaid = messages.at(-1)
  if (last === undefined || lastSaid === undefined) return false
  const said = blocksOf(last)
  const isOpen = lastSaid.role !== 'assistant' && blocksOf(lastSaid).every((block) => block.type === 'tool_result')
  if (!isOpen || !said.some((block) => block.type === 'tool_use')) return false
  return !said.some((block) => block.type === 'thinking' || block.type === 'redacted_thinking')
}

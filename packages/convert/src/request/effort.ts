import type { Anthropic, JsonObject } from '@lb/protocol'
import type { Level, ThinkingControl } from '../profiles/profile.ts'
import type { Run } from './run.ts'

/**
 * How hard the model shall think: what an Anthropic request says in three places, as the target's one control.
 *
 * Order: an explicit effort; else a budget; else on or off; else nothing, and the vendor decides. One control is sent, never
 * two that could contradict each other.
 */
export interface ThinkingPlan {
  /** Members of the converted request. */
  readonly members: JsonObject
  /** Whether the model will reason. */
  readonly isOn: boolean
}

/** What the rest of the request has to say about reasoning. */
export interface ThinkingSurroundings {
  readonly hasTools: boolean
  readonly forcesTool: boolean
}

type Wish =
  | { readonly kind: 'absent' }
  | { readonly kind: 'off' }
  | { readonly kind: 'on' }
  | { readonly kind: 'level'; readonly level: Level; readonly path: string }
  | { readonly kind: 'budget'; readonly tokens: number; readonly path: string }

/** Plans the reasoning of a request. */
export function planThinking(request: Anthropic.Request, around: ThinkingSurroundings, run: Run): ThinkingPlan {
  const control = run.profile.thinking
  const wish = wishOf(request)
  reportOverruled(request, run)
  if (control === null) {
    if (wish.kind !== 'absent') run.notes.loss('thinking_not_controlled', pathOf(wish))
    return { members: {}, isOn: false }
  }
  const clash = clashOf(control, around, wish, run)
  return clash ? switchOff(control, clash, run) : follow(control, wish, run)
}

function pathOf(wish: Wish): string {
  return wish.kind === 'level' ? wish.path : '/thinking'
}

function wishOf(request: Anthropic.Request): Wish {
  const { thinking } = request
  const effort = request.output_config?.effort
  if (thinking?.type === 'disabled') return { kind: 'off' }
  if (effort) return { kind: 'level', level: effort, path: '/output_config/effort' }
  if (thinking?.type === 'enabled') return { kind: 'budget', tokens: thinking.budget_tokens, path: '/thinking' }
  return thinking ? { kind: 'on' } : { kind: 'absent' }
}

/** Of several controls one is sent: what the others say is lost. So is what a kind of reasoning means that nobody here knows. */
function reportOverruled({ thinking, output_config }: Anthropic.Request, run: Run): void {
  const effort = output_config?.effort
  if (thinking && !kinds.has(thinking.type)) run.notes.loss('thinking_not_controlled', '/thinking')
  if (effort && thinking?.type === 'disabled') run.notes.loss('effort_changed', '/output_config/effort', effort)
  else if (effort && thinking?.type === 'enabled')
    run.notes.loss('thinking_budget_as_effort', '/thinking/budget_tokens')
}

const kinds: ReadonlySet<string> = new Set<Anthropic.Thinking['type']>([
  'enabled',
  'adaptive',
  'between_tools',
  'disabled',
])

/** The member that does not go with reasoning, whatever the request says about it. */
function clashOf(control: ThinkingControl, around: ThinkingSurroundings, wish: Wish, run: Run): string | undefined {
  const wouldReason = wish.kind === 'absent' ? control.absent === 'on' : wish.kind !== 'off'
  if (!wouldReason) return undefined
  if (around.hasTools && !control.withTools) {
    if (run.options.preferResponses === false) return 'tools'
    run.notes.refuse(
      'needs_responses_dialect',
      '/tools',
      'this model reasons with tools only on the Responses API; use the dialect "responses"',
    )
  }
  return around.forcesTool && !control.withForcedTool ? 'tool_choice' : undefined
}

function switchOff(control: ThinkingControl, reason: string | undefined, run: Run): ThinkingPlan {
  if (control.off !== null) {
    if (reason !== undefined) run.notes.loss('thinking_disabled', `/${reason}`, reason)
    return { members: control.off, isOn: false }
  }
  run.notes.loss('thinking_not_disabled', '/thinking')
  const lowest = control.effort?.levels[0]
  return { members: lowest === undefined ? {} : withLevel(control, lowest), isOn: true }
}

function follow(control: ThinkingControl, wish: Wish, run: Run): ThinkingPlan {
  switch (wish.kind) {
    case 'absent':
      return { members: {}, isOn: control.absent === 'on' }
    case 'off':
      return switchOff(control, undefined, run)
    case 'on':
      return { members: control.absent === 'on' ? {} : control.on, isOn: true }
    case 'budget':
      return { members: withBudget(control, wish.tokens, run), isOn: true }
    case 'level':
      return { members: withWishedLevel(control, wish.level, wish.path, run), isOn: true }
  }
}

function withBudget(control: ThinkingControl, tokens: number, run: Run): JsonObject {
  if (control.budgetMember !== null) return { ...control.on, ...memberAt(control.budgetMember, tokens) }
  run.notes.loss('thinking_budget_as_effort', '/thinking/budget_tokens')
  const level = budgetLevels.find(([below]) => tokens < below)?.[1] ?? 'xhigh'
  return withLevel(control, nearestLevel(control.effort?.levels ?? [], level))
}

function withWishedLevel(control: ThinkingControl, level: Level, path: string, run: Run): JsonObject {
  if (control.effort === null && control.budgetMember !== null) {
    run.notes.loss('effort_changed', path, level)
    return { ...control.on, ...memberAt(control.budgetMember, levelBudgets[level]) }
  }
  const nearest = nearestLevel(control.effort?.levels ?? [], level)
  if (nearest !== level) run.notes.loss('effort_changed', path, level)
  return withLevel(control, nearest)
}

function withLevel(control: ThinkingControl, level: Level | undefined): JsonObject {
  if (control.effort === null || level === undefined) return control.on
  return { ...control.on, ...memberAt(control.effort.member, level) }
}

/** `reasoning.effort` becomes an object: it replaces whatever else was to stand there, so that one control is sent. */
function memberAt(member: string, value: string | number): JsonObject {
  const [outer = member, inner] = member.split('.')
  return inner === undefined ? { [outer]: value } : { [outer]: { [inner]: value } }
}

const order: readonly Level[] = ['none', 'minimal', 'low', 'medium', 'high', 'xhigh', 'max']

/** The level itself, else the nearest lower one, else the nearest higher one. Never `none`: that is no effort. */
export function nearestLevel(available: readonly Level[], wanted: Level): Level | undefined {
  const usable = available.filter((level) => level !== 'none')
  const rank = order.indexOf(wanted)
  const lower = usable.filter((level) => order.indexOf(level) <= rank)
  const by = (one: Level, other: Level): number => order.indexOf(one) - order.indexOf(other)
  return lower.sort(by).at(-1) ?? usable.sort(by)[0]
}

/**
 * Budgets in tokens as levels: below the number, the level. The old budgets of Claude Code (4000, 10000, 31999) come out
 * as low, medium and high.
 */
export const budgetLevels: readonly (readonly [number, Level])[] = [
  [4096, 'low'],
  [16_384, 'medium'],
  [32_768, 'high'],
]

/** Levels as budgets in tokens. Each lies inside its own bucket of {@link budgetLevels}, so a level survives a round trip. */
export const levelBudgets: Readonly<Record<Level, number>> = {
  none: 0,
  minimal: 1024,
  low: 2048,
  medium: 8192,
  high: 24_576,
  xhigh: 32_768,
  max: 65_536,
}

/** The least that Anthropic takes as a budget. @see https://platform.claude.com/docs/en/build-with-claude/extended-thinking */
export const leastBudget = 1024

/** Tokens that are left to the answer where a budget is lb's choice: so many, or where there are few a quarter. */
const ANSWER_ROOM = 4096

/**
 * A budget next to which an answer has room: Anthropic takes any below `max_tokens`, which limits both together, but all of it
 * but one token would buy reasoning and no answer.
 *
 * @returns tokens; `undefined`: there is no room for both.
 */
export function budgetWithin(maxTokens: number, wanted: number): number | undefined {
  const most = maxTokens - Math.min(ANSWER_ROOM, Math.ceil(maxTokens / 4))
  return most < leastBudget ? undefined : Math.max(leastBudget, Math.min(wanted, most))
}

import { type Anthropic, isJsonObject, type JsonObject, type Responses, type Result } from '@lb/protocol'
import type { RequestOptions } from '../options.ts'
import type { Profile } from '../profiles/profile.ts'
import type { Refusal } from '../refusal.ts'
import type { AnswerFormat, RequestPlan } from './anthropic-plan.ts'
import {
  contextOf,
  hidesThinking,
  type Prepared,
  prepare,
  readAnthropicRequest,
  refuseEmpty,
  startRun,
} from './anthropic-prepare.ts'
import type { Choice } from './anthropic-tool-choice.ts'
import type { ToolDeclaration } from './anthropic-tools.ts'
import { anthropicShape, type ConvertedRequest, concluded } from './result.ts'
import type { Run } from './run.ts'
import { instructionItem, responsesItems } from './turns-to-responses.ts'

/** The API refuses less. */
const MIN_OUTPUT_TOKENS = 16

/**
 * Converts the body of an Anthropic Messages request into one for a Responses endpoint, where OpenAI's reasoning models
 * take tools. Nothing is stored there: the history travels with every request, reasoning included.
 *
 * @param profile one whose `dialect` is `responses`, e.g. `namedProfiles['openai-responses']`.
 * @see https://platform.openai.com/docs/api-reference/responses/create
 */
export function convertAnthropicRequestToResponses(
  request: unknown,
  profile: Profile,
  options: RequestOptions,
): Result<ConvertedRequest<Responses.Request>, Refusal> {
  const parsed = readAnthropicRequest(request)
  if (!parsed.ok) return parsed
  const run = startRun(profile, options)
  const prepared = prepare(parsed.value, run)
  const value = responsesRequest(parsed.value, prepared, run)
  const context = contextOf(parsed.value, prepared.plan, run)
  return concluded({ value, context }, run.notes, {
    strict: options.strict,
    urls: run.urls,
    errorShape: anthropicShape,
  })
}

function responsesRequest(request: Anthropic.Request, { plan, turns }: Prepared, run: Run): Responses.Request {
  const { profile, options } = run
  if (turns.at(-1)?.kind === 'assistant') run.notes.loss('prefill_not_supported', '/messages')
  const system = systemOf(plan, run)
  const items = responsesItems(turns, plan.thinking.isOn, run)
  refuseEmpty(items, run)
  const format = plan.format === undefined ? {} : { text: { format: textFormat(plan.format) } }
  return {
    model: options.model,
    ...(system.instructions === undefined ? {} : { instructions: system.instructions }),
    input: [...system.items, ...items],
    ...(plan.maxTokens === undefined ? {} : { max_output_tokens: outputTokens(plan.maxTokens, run) }),
    ...plan.sampling,
    ...(plan.tools.length === 0 ? {} : { tools: plan.tools.map((tool) => responsesTool(tool, run)) }),
    ...(plan.choice === undefined ? {} : { tool_choice: responsesChoice(plan.choice, run) }),
    ...(plan.singleCall ? { parallel_tool_calls: false } : {}),
    ...format,
    ...reasoningMembers(request, plan, run),
    ...(plan.userId === undefined || profile.userField === 'none' ? {} : { [profile.userField]: plan.userId }),
    ...(plan.cacheKey === undefined ? {} : { prompt_cache_key: plan.cacheKey }),
    ...(run.cacheMarks.length > 0 ? { prompt_cache_options: { mode: 'explicit' } } : {}),
    ...(plan.serviceTier === undefined ? {} : { service_tier: plan.serviceTier }),
    ...(request.stream === true ? { stream: true } : {}),
    ...plan.webSearch,
    ...profile.requestDefaults,
    ...options.extra,
  }
}

interface System {
  readonly instructions: string | undefined
  readonly items: readonly Responses.Item[]
}

/** Instructions are one text; where a cache mark stands in them they have to be an item, which can hold it. */
function systemOf({ system }: RequestPlan, run: Run): System {
  if (system.length === 0) return { instructions: undefined, items: [] }
  const isMarked = run.profile.cache === 'breakpoints' && system.some((part) => part.cache !== undefined)
  if (isMarked) return { instructions: undefined, items: [instructionItem(system, run)] }
  for (const part of system) if (part.cache !== undefined) run.notes.loss('cache_control_dropped', part.path)
  if (system.length > 1) run.notes.loss('block_boundaries_joined', '/system/1')
  return { instructions: system.map((part) => part.text).join('\n\n'), items: [] }
}

function outputTokens(wanted: number, run: Run): number {
  if (wanted >= MIN_OUTPUT_TOKENS) return wanted
  run.notes.loss('max_tokens_clamped', '/max_tokens', String(wanted))
  return MIN_OUTPUT_TOKENS
}

function responsesTool(tool: ToolDeclaration, run: Run): Responses.Tool {
  if (tool.cache !== undefined) run.notes.loss('cache_control_dropped', tool.path)
  return {
    type: 'function',
    name: run.names.of(tool.name),
    ...(tool.description === undefined ? {} : { description: tool.description }),
    parameters: tool.parameters,
    // Here it is on when absent, and makes every optional property a required one.
    strict: tool.strict,
  }
}

function responsesChoice(choice: Choice, run: Run): Responses.ToolChoice {
  return choice.kind === 'named' ? { type: 'function', name: run.names.of(choice.name) } : choice.kind
}

function textFormat(format: AnswerFormat): Responses.TextFormat {
  return format
}

/** A summary of the reasoning has to be asked for. A client that does not want to see it gets none made. */
function reasoningMembers(request: Anthropic.Request, plan: RequestPlan, run: Run): JsonObject {
  const { members, isOn } = plan.thinking
  if (!isOn || hidesThinking(request) || run.profile.thinking === null) return members
  const { reasoning } = members
  return { ...members, reasoning: { ...(isJsonObject(reasoning) ? reasoning : {}), summary: 'auto' } }
}

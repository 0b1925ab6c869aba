import type { Anthropic, Chat, Result } from '@lb/protocol'
import type { RequestOptions } from '../options.ts'
import type { Profile } from '../profiles/profile.ts'
import type { Refusal } from '../refusal.ts'
import type { RequestPlan } from './anthropic-plan.ts'
import { contextOf, type Prepared, prepare, readAnthropicRequest, refuseEmpty, startRun } from './anthropic-prepare.ts'
import type { Choice } from './anthropic-tool-choice.ts'
import type { ToolDeclaration } from './anthropic-tools.ts'
import { cacheMark } from './chat-content.ts'
import { anthropicShape, type ConvertedRequest, concluded } from './result.ts'
import type { Run } from './run.ts'
import type { Turn } from './turns.ts'
import { chatMessages, instructionMessage } from './turns-to-chat.ts'

/**
 * Converts the body of an Anthropic Messages request into one for a Chat Completions endpoint.
 *
 * @param request the parsed body; read it with `parseJsonKeeping(text, anthropicRequestKeep)` and the arguments of past
 *   calls and the schemas of tools stay the client's own text.
 * @param profile what the target takes; see `namedProfiles`.
 * @returns the Chat body with what was lost and the context for the answer, or a refusal that names the offending path.
 * @example
 *   const converted = convertAnthropicRequestToChat(body, namedProfiles.openai, { model: 'gpt-4.1', seed: requestId })
 *   if (!converted.ok) return Response.json(converted.error.body, { status: converted.error.status })
 *   send(stringifyJson(converted.value.value))
 */
export function convertAnthropicRequestToChat(
  request: unknown,
  profile: Profile,
  options: RequestOptions,
): Result<ConvertedRequest<Chat.Request>, Refusal> {
  const parsed = readAnthropicRequest(request)
  if (!parsed.ok) return parsed
  const run = startRun(profile, options)
  const prepared = prepare(parsed.value, run)
  const value = chatRequest(parsed.value, prepared, run)
  const context = contextOf(parsed.value, prepared.plan, run)
  return concluded({ value, context }, run.notes, {
    strict: options.strict,
    urls: run.urls,
    errorShape: anthropicShape,
  })
}

function chatRequest(request: Anthropic.Request, { plan, turns }: Prepared, run: Run): Chat.Request {
  const { profile, options } = run
  const messages = chatMessages(turns, plan.thinking.isOn, run)
  refuseEmpty(messages, run)
  const system = plan.system.length === 0 ? [] : [instructionMessage(plan.system, run)]
  const prefilled = prefill(turns, messages, run)
  return {
    model: options.model,
    messages: [...system, ...prefilled.messages],
    ...(plan.maxTokens === undefined ? {} : { [profile.maxTokensField]: plan.maxTokens }),
    ...plan.sampling,
    ...(plan.stop.length === 0 ? {} : { stop: plan.stop }),
    ...(plan.tools.length === 0 ? {} : { tools: plan.tools.map((tool) => chatTool(tool, run)) }),
    ...(plan.choice === undefined ? {} : { tool_choice: chatChoice(plan.choice, run) }),
    ...(plan.singleCall ? { parallel_tool_calls: false } : {}),
    ...(plan.format === undefined ? {} : { response_format: responseFormat(plan.format) }),
    ...plan.thinking.members,
    ...(plan.userId === undefined || profile.userField === 'none' ? {} : { [profile.userField]: plan.userId }),
    ...(plan.cacheKey === undefined ? {} : { prompt_cache_key: plan.cacheKey }),
    ...(run.cacheMarks.length > 0 && profile.cache === 'breakpoints'
      ? { prompt_cache_options: { mode: 'explicit' } }
      : {}),
    ...(plan.serviceTier === undefined ? {} : { service_tier: plan.serviceTier }),
    ...(request.stream === true
      ? { stream: true, ...(profile.streamUsage ? { stream_options: { include_usage: true } } : {}) }
      : {}),
    ...plan.webSearch,
    ...prefilled.members,
    ...profile.requestDefaults,
    ...options.extra,
  }
}

interface Prefilled {
  readonly messages: readonly Chat.Message[]
  readonly members: Readonly<Record<string, unknown>>
}

/** A final assistant turn is the beginning of the answer. */
function prefill(turns: readonly Turn[], messages: readonly Chat.Message[], run: Run): Prefilled {
  const last = messages.at(-1)
  if (turns.at(-1)?.kind !== 'assistant' || last === undefined) return { messages, members: {} }
  const { prefill: mark } = run.profile
  if (mark === null) {
    run.notes.loss('prefill_not_supported', '/messages')
    return { messages, members: {} }
  }
  if ('request' in mark) return { messages, members: mark.request }
  return { messages: [...messages.slice(0, -1), { ...last, ...mark.message }], members: {} }
}

function chatTool(tool: ToolDeclaration, run: Run): Chat.Tool {
  const mark = run.profile.cache === 'cache_control' ? cacheMark(tool, run) : {}
  if (run.profile.cache !== 'cache_control' && tool.cache !== undefined)
    run.notes.loss('cache_control_dropped', tool.path)
  return {
    type: 'function',
    function: {
      name: run.names.of(tool.name),
      ...(tool.description === undefined ? {} : { description: tool.description }),
      parameters: tool.parameters,
      ...(tool.strict ? { strict: true } : {}),
    },
    ...(mark.cache_control === undefined ? {} : { cache_control: mark.cache_control }),
  }
}

function chatChoice(choice: Choice, run: Run): Chat.ToolChoice {
  return choice.kind === 'named' ? { type: 'function', function: { name: run.names.of(choice.name) } } : choice.kind
}

function responseFormat(format: NonNullable<RequestPlan['format']>): Chat.ResponseFormat {
  if (format.type === 'json_object') return { type: 'json_object' }
  const { name, schema, strict } = format
  return { type: 'json_schema', json_schema: { name, schema, ...(strict ? { strict } : {}) } }
}

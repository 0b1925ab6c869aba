import { type Anthropic, type Chat, parseChatRequest, type Result } from '@lb/protocol'
import type { ChatClientContext } from '../context.ts'
import { createUpstreamIds } from '../ids.ts'
import { createUpstreamNames } from '../names.ts'
import { createNotes } from '../notes.ts'
import type { RequestOptions } from '../options.ts'
import { type AnthropicProfile, anthropicProfileForModel } from '../profiles/anthropic.ts'
import type { Sampling } from '../profiles/profile.ts'
import type { Refusal } from '../refusal.ts'
import { withoutExtraBreakpoints } from './cache-breakpoints.ts'
import { refuseChatFields, reportChatFields } from './chat-fields.ts'
import { anthropicFormat } from './chat-format.ts'
import { reportChatParts } from './chat-members.ts'
import type { ChatRun } from './chat-run.ts'
import { chatRequestOf } from './chat-shapes.ts'
import { planChatThinking } from './chat-thinking.ts'
import { anthropicTools, readsFunctionCall } from './chat-tools.ts'
import { anthropicTurns } from './chat-turns.ts'
import { hashedId, isPlainId } from './identity.ts'
import { type ConvertedRequest, concluded, openAiShape, readRequest } from './result.ts'

/**
 * Converts the body of a Chat Completions request into one for an endpoint that speaks Anthropic Messages. What clients send in
 * other dialects' words is read, too: see `sanitizeChatRequest`, whose form the paths of losses speak of then.
 *
 * @param request the parsed body; read it with `parseJsonKeeping(text, chatRequestKeep)` and schemas stay the client's text.
 * @param profile what the target takes; see `namedAnthropicProfiles`.
 */
export function convertChatRequestToAnthropic(
  request: unknown,
  profile: AnthropicProfile,
  options: RequestOptions,
): Result<ConvertedRequest<Anthropic.Request, ChatClientContext>, Refusal> {
  const notes = createNotes()
  const parsed = readRequest(request, (body) => parseChatRequest(chatRequestOf(body, notes)), openAiShape)
  if (!parsed.ok) return parsed
  const run: ChatRun = {
    profile: anthropicProfileForModel(profile, options.model),
    options,
    notes,
    ids: createUpstreamIds('anthropic'),
    names: createUpstreamNames(128),
    urls: [],
  }
  const { value, custom } = anthropicRequest(parsed.value, run)
  const context: ChatClientContext = {
    version: 1,
    model: parsed.value.model,
    seed: options.seed,
    renamedTools: run.names.changed(),
    customTools: custom,
    ...(readsFunctionCall(parsed.value) ? { legacyFunctions: true } : {}),
    includeUsage: parsed.value.stream_options?.include_usage === true,
    createdEpochS: options.createdEpochS ?? 0,
  }
  return concluded({ value, context }, run.notes, { strict: options.strict, urls: run.urls, errorShape: openAiShape })
}

function anthropicRequest(
  request: Chat.Request,
  run: ChatRun,
): { readonly value: Anthropic.Request; readonly custom: readonly string[] } {
  reportChatFields(request, run)
  reportChatParts(request, run)
  refuseChatFields(request, run)
  const tools = anthropicTools(request, run)
  const { format, instruction } = anthropicFormat(request, run)
  const turns = anthropicTurns(request, run)
  const messages = ended(turns.messages, run)
  const system = [...turns.system, ...(instruction === undefined ? [] : [{ type: 'text', text: instruction } as const])]
  const maxTokens = maxTokensOf(request, run)
  const forcesTool = tools.choice?.type === 'any' || tools.choice?.type === 'tool'
  const { thinking, effort } = planChatThinking(request, { maxTokens, forcesTool, messages }, run)
  const outputConfig = { ...(effort === undefined ? {} : { effort }), ...(format === undefined ? {} : { format }) }
  const userId = userIdOf(request, run)
  const value: Anthropic.Request = {
    model: run.options.model,
    max_tokens: maxTokens,
    ...(system.length === 0 ? {} : { system }),
    messages,
    ...sampling(request, thinking !== undefined && thinking.type !== 'disabled', run),
    ...stopMembers(request, run),
    ...(tools.tools.length === 0 ? {} : { tools: tools.tools }),
    ...(tools.choice === undefined ? {} : { tool_choice: tools.choice }),
    ...(thinking === undefined ? {} : { thinking }),
    ...(Object.keys(outputConfig).length === 0 ? {} : { output_config: outputConfig }),
    ...(userId === undefined ? {} : { metadata: { user_id: userId } }),
    ...serviceTier(request, run),
    ...(request.stream === true ? { stream: true } : {}),
    ...(request.cache_control ? { cache_control: request.cache_control } : {}),
    ...run.options.extra,
  }
  return { value: withoutExtraBreakpoints(value, run.profile.cacheBreakpoints, run.notes), custom: tools.custom }
}

/** The first and the last turn as the model wants them. */
function ended(messages: readonly Anthropic.Turn[], run: ChatRun): readonly Anthropic.Turn[] {
  const started = startedByUser(messages, run)
  const last = started.at(-1)
  if (last === undefined) run.notes.refuse('empty_turn', '/messages', 'a request without messages cannot be sent')
  if (last?.role !== 'assistant') return started
  if (run.profile.prefill) return [...started.slice(0, -1), trimmed(last, run)]
  if (run.options.lenient !== true) {
    run.notes.refuse(
      'prefill_not_supported',
      '/messages',
      'the conversation must end with a user message for this model',
    )
  }
  run.notes.loss('prefill_continued', '/messages')
  return [...started, { role: 'user', content: 'Continue.' }]
}

function startedByUser(messages: readonly Anthropic.Turn[], run: ChatRun): readonly Anthropic.Turn[] {
  if (!run.profile.userFirst || messages[0]?.role !== 'assistant') return messages
  run.notes.loss('role_changed', '/messages/0')
  return [{ role: 'user', content: '[start of the conversation]' }, ...messages]
}

function trimmed(turn: Anthropic.AssistantTurn, run: ChatRun): Anthropic.AssistantTurn {
  const last = turn.content.at(-1)
  if (typeof last !== 'object' || last.type !== 'text' || last.text === last.text.trimEnd()) return turn
  run.notes.loss('prefill_trimmed', '/messages')
  const blocks = turn.content.slice(0, -1) as readonly Anthropic.RequestBlock[]
  return { ...turn, content: [...blocks, { ...last, text: last.text.trimEnd() }] }
}

function maxTokensOf(request: Chat.Request, run: ChatRun): number {
  const { maxOutputTokens } = run.profile
  const wanted = request.max_completion_tokens ?? request.max_tokens ?? maxOutputTokens
  if (wanted <= maxOutputTokens) return wanted
  run.notes.loss('max_tokens_clamped', '/max_tokens', String(wanted))
  return maxOutputTokens
}

const samplingNames: readonly Sampling[] = ['temperature', 'top_p', 'top_k']

function sampling(request: Chat.Request, isThinking: boolean, run: ChatRun): Partial<Record<Sampling, number>> {
  const allowed = run.profile.apiVersion === '2023-06-01' && !isThinking ? run.profile.sampling : []
  const members: Partial<Record<Sampling, number>> = {}
  for (const name of samplingNames) {
    const value = request[name]
    if (value === undefined || value === null) continue
    const isOneTooMany = name === 'top_p' && members.temperature !== undefined && !run.profile.samplingTogether
    if (!allowed.includes(name) || isOneTooMany) run.notes.loss('sampling_dropped', `/${name}`, name)
    else if (name === 'temperature' && value > 1) {
      run.notes.loss('sampling_clamped', '/temperature', String(value))
      members[name] = 1
    } else members[name] = value
  }
  return members
}

function stopMembers(request: Chat.Request, run: ChatRun): Pick<Anthropic.Request, 'stop_sequences'> {
  const wanted = typeof request.stop === 'string' ? [request.stop] : (request.stop ?? [])
  const legible = wanted.filter((sequence) => sequence.trim() !== '')
  if (legible.length < wanted.length) run.notes.loss('stop_dropped', '/stop')
  return legible.length === 0 ? {} : { stop_sequences: legible }
}

/** Anthropic asks that the id names no person. */
function userIdOf(request: Chat.Request, run: ChatRun): string | undefined {
  const id = request.safety_identifier ?? request.user
  if (!id) return undefined
  if (isPlainId(id)) return id
  run.notes.loss('user_id_hashed', request.safety_identifier ? '/safety_identifier' : '/user')
  return hashedId(id)
}

function serviceTier(request: Chat.Request, run: ChatRun): Pick<Anthropic.Request, 'service_tier'> {
  const tier = request.service_tier
  if (!tier) return {}
  if (tier !== 'auto') run.notes.loss('service_tier_changed', '/service_tier', tier)
  return { service_tier: tier === 'default' ? 'standard_only' : 'auto' }
}

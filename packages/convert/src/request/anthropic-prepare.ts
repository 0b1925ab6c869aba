import { type Anthropic, parseAnthropicRequest, type Result } from '@lb/protocol'
import type { ConversionContext } from '../context.ts'
import { createUpstreamIds } from '../ids.ts'
import { createUpstreamNames } from '../names.ts'
import { createNotes } from '../notes.ts'
import type { RequestOptions } from '../options.ts'
import { type Profile, profileForModel } from '../profiles/profile.ts'
import type { Refusal } from '../refusal.ts'
import { refuseFields, reportFields } from './anthropic-fields.ts'
import { reportParts } from './anthropic-members.ts'
import { blocksOf } from './anthropic-pairs.ts'
import { planRequest, type RequestPlan } from './anthropic-plan.ts'
import { turnsOf } from './anthropic-turns.ts'
import { anthropicShape, readRequest } from './result.ts'
import type { Run } from './run.ts'
import type { Turn } from './turns.ts'

/** Believes that a body is a request, or refuses it in the words of Anthropic's API. */
export function readAnthropicRequest(body: unknown): Result<Anthropic.Request, Refusal> {
  return readRequest(body, parseAnthropicRequest, anthropicShape)
}

/** Starts the conversion of one request. */
export function startRun(profile: Profile, options: RequestOptions): Run {
  const resolved = profileForModel(profile, options.model)
  return {
    profile: resolved,
    options,
    notes: createNotes(),
    ids: createUpstreamIds(resolved.toolIds),
    names: createUpstreamNames(resolved.toolNameMax),
    urls: [],
    cacheMarks: [],
  }
}

/** A request, understood but not yet written in a dialect. */
export interface Prepared {
  readonly plan: RequestPlan
  readonly turns: readonly Turn[]
}

/** Everything that the dialects of OpenAI have in common. */
export function prepare(request: Anthropic.Request, run: Run): Prepared {
  reportFields(request, run)
  refuseFields(request, run)
  reportParts(request, run)
  const plan = planRequest(request, run)
  // Declared tools come first, so that a tool keeps its name when the history grows.
  for (const tool of plan.tools) run.names.of(tool.name)
  const turns = turnsOf(request.messages, run)
  return { plan, turns: request.cache_control ? markedLast(turns, request.cache_control, run) : turns }
}

/** Refuses a conversation of which nothing is left to be sent. */
export function refuseEmpty(messages: readonly object[], run: Run): void {
  if (messages.length === 0) run.notes.refuse('empty_turn', '/messages', 'a request without messages cannot be sent')
}

/** Automatic caching marks the end of the last turn. */
function markedLast(turns: readonly Turn[], cache: Anthropic.CacheControl, run: Run): readonly Turn[] {
  const last = turns.at(-1)
  const before = turns.slice(0, -1)
  if (last?.kind === 'user') {
    return [
      ...before,
      { ...last, parts: [...last.parts.slice(0, -1), ...last.parts.slice(-1).map((part) => ({ ...part, cache }))] },
    ]
  }
  if (last?.kind !== 'results') {
    run.notes.loss('cache_control_dropped', '/cache_control')
    return turns
  }
  const results = [...last.results.slice(0, -1), ...last.results.slice(-1).map((result) => ({ ...result, cache }))]
  return [...before, { ...last, results }]
}

/** Whether the client wants the signature of the reasoning, and not its text. */
export function hidesThinking({ thinking }: Anthropic.Request): boolean {
  return thinking != null && 'display' in thinking && thinking.display === 'omitted'
}

/** What the conversion of the answer needs. */
export function contextOf(request: Anthropic.Request, plan: RequestPlan, run: Run): ConversionContext {
  const { options, profile } = run
  const only = plan.tools.length === 1 && plan.choice?.kind === 'required' ? plan.tools[0]?.name : undefined
  return {
    version: 1,
    model: request.model,
    seed: options.seed,
    profile,
    tools: plan.tools.map((tool) => tool.name),
    renamedTools: run.names.changed(),
    forcedTool: (plan.choice?.kind === 'named' ? plan.choice.name : only) ?? null,
    usedToolIds: request.messages.flatMap((turn) =>
      blocksOf(turn).flatMap((block) => ('id' in block ? [block.id] : [])),
    ),
    stopSequences: request.stop_sequences ?? [],
    emulateStop: plan.emulateStop,
    showThinking: !hidesThinking(request),
    carrier: options.carrier ?? 'full',
    inputTokensEstimate: options.inputTokensEstimate ?? 0,
  }
}

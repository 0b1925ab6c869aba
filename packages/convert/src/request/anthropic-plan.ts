import { type Anthropic, isJsonObject, type JsonObject, type JsonTree, stringifyJson } from '@lb/protocol'
import type { Sampling } from '../profiles/profile.ts'
import { text, textPart } from './anthropic-parts.ts'
import { planTools, type ToolPlan } from './anthropic-tool-choice.ts'
import { adaptedSchema } from './anthropic-tools.ts'
import { planThinking, type ThinkingPlan } from './effort.ts'
import { hashedId, identityOf, isPlainId } from './identity.ts'
import type { Run } from './run.ts'
import { isStrictCompliant, parsedSchema } from './schema.ts'
import type { TextPart } from './turns.ts'

/**
 * What an Anthropic request asks for beside its messages, worked out for the target but not yet written in its dialect:
 * the two dialects of OpenAI differ in where these things stand, not in what they mean.
 */
export interface RequestPlan extends ToolPlan {
  readonly system: readonly TextPart[]
  readonly thinking: ThinkingPlan
  readonly maxTokens: number | undefined
  readonly sampling: JsonObject
  readonly stop: readonly string[]
  readonly emulateStop: boolean
  readonly format: AnswerFormat | undefined
  readonly userId: string | undefined
  /** Groups the requests of one conversation for the target's prompt cache. */
  readonly cacheKey: string | undefined
  readonly serviceTier: 'auto' | 'default' | undefined
}

export type AnswerFormat =
  | { readonly type: 'json_object' }
  | { readonly type: 'json_schema'; readonly name: string; readonly schema: JsonTree; readonly strict: boolean }

/** Plans everything but the messages. */
export function planRequest(request: Anthropic.Request, run: Run): RequestPlan {
  const toolPlan = planTools(request, run)
  const forcesTool = toolPlan.choice?.kind === 'required' || toolPlan.choice?.kind === 'named'
  const thinking = planThinking(request, { hasTools: toolPlan.tools.length > 0, forcesTool }, run)
  const format = planFormat(request, toolPlan.tools.length > 0, run)
  const stop = planStop(request, run)
  return {
    ...toolPlan,
    system: [...systemTexts(request, run), ...formatInstruction(request, format)],
    thinking,
    maxTokens: planMaxTokens(request, run),
    sampling: planSampling(request, thinking.isOn, run),
    ...stop,
    format,
    ...planIdentity(request, run),
    serviceTier: planServiceTier(request, run),
  }
}

function systemTexts(request: Anthropic.Request, run: Run): readonly TextPart[] {
  const system = request.system ?? []
  if (typeof system === 'string') return system === '' ? [] : [text(system, '/system')]
  return system.flatMap((block, index) => {
    const path = `/system/${index}`
    if (block.type !== 'text') {
      run.notes.loss('unknown_block', path, block.type)
      return []
    }
    // The line changes with every request of some clients; in a prompt it would defeat every cache.
    if (index > 0 || !block.text.startsWith('x-anthropic-billing-header:')) return textPart(block, path, run)
    run.notes.loss('billing_header_dropped', path)
    return []
  })
}

function planMaxTokens(request: Anthropic.Request, run: Run): number | undefined {
  const { maxOutputTokens } = run.profile
  // The body of count_tokens has none.
  const wanted: number | undefined = request.max_tokens ?? undefined
  if (wanted === undefined || maxOutputTokens === null || wanted <= maxOutputTokens) return wanted
  run.notes.loss('max_tokens_clamped', '/max_tokens', String(wanted))
  return maxOutputTokens
}

const samplingNames: readonly Sampling[] = ['temperature', 'top_p', 'top_k']

function planSampling(request: Anthropic.Request, isThinking: boolean, run: Run): JsonObject {
  const allowed = isThinking ? run.profile.samplingWithThinking : run.profile.sampling
  const members: JsonObject = {}
  for (const name of samplingNames) {
    const value = request[name]
    if (value === undefined || value === null) continue
    if (allowed.includes(name)) members[name] = value
    else run.notes.loss('sampling_dropped', `/${name}`, name)
  }
  return members
}

function planStop(request: Anthropic.Request, run: Run): Pick<RequestPlan, 'stop' | 'emulateStop'> {
  const wanted = request.stop_sequences ?? []
  const emulateStop = wanted.length > run.profile.stopMax
  if (emulateStop) run.notes.loss('stop_emulated', '/stop_sequences')
  return { stop: wanted.slice(0, run.profile.stopMax), emulateStop }
}

function planFormat(request: Anthropic.Request, hasTools: boolean, run: Run): AnswerFormat | undefined {
  const wanted = formatOf(request)
  if (wanted === undefined) return undefined
  const { output_config, output_format } = request
  if (
    output_config?.format &&
    output_format &&
    stringifyJson(output_config.format.schema) !== stringifyJson(output_format.schema)
  ) {
    run.notes.refuse(
      'conflicting_output_format',
      '/output_format',
      'output_config.format asks for something else; leave one out',
    )
  }
  const path = output_config?.format ? '/output_config/format/schema' : '/output_format/schema'
  const { jsonOutput, jsonOutputWithTools } = run.profile
  const canEnforce = jsonOutput !== 'none' && (!hasTools || jsonOutputWithTools)
  const strict = isStrictCompliant(parsedSchema(wanted.schema))
  if (!canEnforce || jsonOutput === 'json_object' || !strict) run.notes.loss('output_format_weakened', path)
  if (!canEnforce) return undefined
  if (jsonOutput === 'json_object') return { type: 'json_object' }
  return {
    type: 'json_schema',
    name: schemaName(wanted.schema),
    schema: adaptedSchema(wanted.schema, path, run),
    strict,
  }
}

function formatOf({ output_config, output_format }: Anthropic.Request): Anthropic.OutputFormat | undefined {
  const wanted = output_config?.format ?? output_format
  return wanted?.type === 'json_schema' ? wanted : undefined
}

function schemaName(schema: JsonTree): string {
  const parsed = parsedSchema(schema)
  const title = isJsonObject(parsed) && typeof parsed['title'] === 'string' ? parsed['title'] : ''
  return title.replace(/[^\w-]+/g, '_').slice(0, 64) || 'output'
}

/** Where the target does not enforce a schema, the model is asked. */
function formatInstruction(request: Anthropic.Request, planned: AnswerFormat | undefined): readonly TextPart[] {
  const wanted = formatOf(request)
  if (wanted === undefined || planned?.type === 'json_schema') return []
  const path = request.output_config?.format ? '/output_config/format' : '/output_format'
  return [text(`Answer with JSON that matches this schema, and nothing else:\n${stringifyJson(wanted.schema)}`, path)]
}

function planIdentity(request: Anthropic.Request, run: Run): Pick<RequestPlan, 'userId' | 'cacheKey'> {
  const raw = request.metadata?.user_id
  if (typeof raw !== 'string' || raw === '') return { userId: undefined, cacheKey: undefined }
  const { user, session } = identityOf(raw)
  const cacheKey = run.profile.promptCacheKey && session !== undefined ? hashedId(session) : undefined
  const path = '/metadata/user_id'
  if (run.profile.userField === 'none') {
    run.notes.loss('user_id_dropped', path)
    return { userId: undefined, cacheKey }
  }
  if (isPlainId(user)) return { userId: user, cacheKey }
  run.notes.loss('user_id_hashed', path)
  return { userId: hashedId(user), cacheKey }
}

function planServiceTier(request: Anthropic.Request, run: Run): 'auto' | 'default' | undefined {
  const { service_tier } = request
  if (!service_tier) return undefined
  const isSame = run.profile.serviceTiers && service_tier === 'auto'
  if (!isSame) run.notes.loss('service_tier_changed', '/service_tier', service_tier)
  if (!run.profile.serviceTiers) return undefined
  return service_tier === 'auto' ? 'auto' : 'default'
}

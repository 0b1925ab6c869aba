import { err, isJsonObject, type Json, ok, type Result } from '@lb/protocol'
import type { AnthropicProfile } from './anthropic.ts'
import { type FieldRule, type ProfileFields, type ProfileProblem, problemsWithChanges } from './changes.ts'
import { conservative } from './conservative.ts'
import type { Profile } from './profile.ts'

/** Which values the fields take that take words. */
const rules: Readonly<Partial<Record<keyof Profile, FieldRule>>> = {
  dialect: { oneOf: ['chat', 'responses'] },
  maxTokensField: { oneOf: ['max_tokens', 'max_completion_tokens'] },
  systemRole: { oneOf: ['developer', 'system', 'user'] },
  systemPlacement: { oneOf: ['first-only', 'anywhere'] },
  contentArrays: { listOf: ['system', 'user', 'assistant', 'tool'] },
  toolResultMedia: { oneOf: ['inside', 'moved'] },
  images: { oneOf: ['none', 'data', 'data-and-url'] },
  files: { oneOf: ['none', 'data', 'data-and-url'] },
  toolIds: { oneOf: ['openai40', 'mistral9', 'responses64', 'any'] },
  toolChoice: { listOf: ['auto', 'none', 'required', 'named'] },
  parallelToolCalls: { oneOf: ['supported', 'ignored', 'rejected'] },
  jsonOutput: { oneOf: ['json_schema', 'json_object', 'none'] },
  reasoningField: { oneOf: ['reasoning_content', 'reasoning', 'reasoning_details', 'content-parts', 'none'] },
  reasoningReplay: { oneOf: ['always', 'tool-turns', 'current-turn', 'never'] },
  sampling: { listOf: ['temperature', 'top_p', 'top_k'] },
  samplingWithThinking: { listOf: ['temperature', 'top_p', 'top_k'] },
  cache: { oneOf: ['none', 'breakpoints', 'cache_control'] },
  userField: { oneOf: ['safety_identifier', 'user', 'none'] },
  emptyAssistant: { oneOf: [null, ''] },
  schemaFixes: { listOf: ['drop-meta', 'const-to-enum', 'nullable-to-any-of'] },
}

/**
 * A profile with some fields changed, as a configuration file changes them. Every field can be; what is unknown or of the
 * wrong kind is a problem, and all problems are told at once.
 *
 * @example
 *   profileWith(namedProfiles.openai, { maxOutputTokens: 32000, toolNameMax: 128 })
 */
export function profileWith(base: Profile, changes: Json): Result<Profile, readonly ProfileProblem[]> {
  if (!isJsonObject(changes)) return err([{ field: '', message: 'a profile is an object' }])
  const problems = problemsWithChanges(changes, openAiFields)
  // Every field was looked at: from here on it is a profile.
  return problems.length > 0 ? err(problems) : ok({ ...base, ...(changes as Partial<Profile>) })
}

const openAiFields: ProfileFields = { defaults: conservative, rules }

const levels = ['low', 'medium', 'high', 'xhigh', 'max'] as const
const anthropicRules: Readonly<Partial<Record<keyof AnthropicProfile, FieldRule>>> = {
  dialect: { oneOf: ['anthropic'] },
  apiVersion: { oneOf: ['2023-06-01', '2026-10-21'] },
  thinking: { oneOf: ['adaptive', 'budget', 'none'] },
  effort: { listOf: levels },
  sampling: { listOf: ['temperature', 'top_p', 'top_k'] },
  forcedTools: { oneOf: ['always', 'without-thinking', 'never'] },
  images: { oneOf: ['none', 'data', 'data-and-url'] },
  documents: { oneOf: ['none', 'data', 'data-and-url'] },
  // `carried` is no property of any endpoint.
  signatures: { oneOf: ['verified', 'ignored'] },
  userIdPattern: { pattern: 'or null' },
  betas: { texts: 'or null' },
}

/**
 * The same for an endpoint that speaks Anthropic Messages.
 *
 * @example
 *   anthropicProfileWith(namedAnthropicProfiles.bedrock, { maxOutputTokens: 32000, effort: ['low', 'high'] })
 */
export function anthropicProfileWith(
  base: AnthropicProfile,
  changes: Json,
): Result<AnthropicProfile, readonly ProfileProblem[]> {
  if (!isJsonObject(changes)) return err([{ field: '', message: 'a profile is an object' }])
  const problems = problemsWithChanges(changes, { defaults: base, rules: anthropicRules })
  return problems.length > 0 ? err(problems) : ok({ ...base, ...(changes as Partial<AnthropicProfile>) })
}

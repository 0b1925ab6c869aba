import { err, isJsonObject, type Json, ok, type Result } from '@lb/protocol'
import { conservative } from './conservative.ts'
import type { Profile } from './profile.ts'

/** What is wrong with an override, and where. */
export interface ProfileProblem {
  /** The field. */
  readonly field: string
  readonly message: string
}

/** Which values a field takes: one of some words, a list of some words, or anything of the kind that its default has. */
type Rule =
  | { readonly oneOf: readonly (string | null)[] }
  | { readonly listOf: readonly string[] }
  | { readonly like: Json }

const rules: Readonly<Partial<Record<keyof Profile, Rule>>> = {
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
  const problems = Object.entries(changes).flatMap(([field, value]) => problemWith(field, value) ?? [])
  // Every field was looked at: from here on it is a profile.
  return problems.length > 0 ? err(problems) : ok({ ...base, ...(changes as Partial<Profile>) })
}

function problemWith(field: string, value: Json): ProfileProblem | undefined {
  if (!isField(field))
    return { field, message: `there is no such field; there are ${Object.keys(conservative).join(', ')}` }
  const rule = rules[field] ?? { like: conservative[field] as Json }
  const expected = expectation(rule, value)
  return expected === undefined ? undefined : { field, message: `expected ${expected}` }
}

function isField(field: string): field is keyof Profile {
  return Object.hasOwn(conservative, field)
}

/** What was expected, if it is not what there is. */
function expectation(rule: Rule, value: Json): string | undefined {
  if ('oneOf' in rule) {
    return rule.oneOf.some((word) => word === value)
      ? undefined
      : rule.oneOf.map((word) => JSON.stringify(word)).join(', ')
  }
  if ('listOf' in rule) {
    const isList =
      Array.isArray(value) && value.every((entry) => typeof entry === 'string' && rule.listOf.includes(entry))
    return isList ? undefined : `a list of ${rule.listOf.map((word) => JSON.stringify(word)).join(', ')}`
  }
  return kindOf(rule.like) === kindOf(value) || rule.like === null || value === null ? undefined : kindOf(rule.like)
}

function kindOf(value: Json): string {
  if (Array.isArray(value)) return 'a list'
  return isJsonObject(value) ? 'an object' : `a ${typeof value}`
}

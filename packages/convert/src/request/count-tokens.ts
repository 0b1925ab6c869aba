import { type Anthropic, type Json, numberMember, type Responses, type Result } from '@lb/protocol'
import type { RequestOptions } from '../options.ts'
import type { Profile } from '../profiles/profile.ts'
import type { Refusal } from '../refusal.ts'
import { convertAnthropicRequestToResponses } from './anthropic-to-responses.ts'
import type { ConvertedRequest } from './result.ts'

/** The members that `POST /v1/responses/input_tokens` takes. */
const counted: readonly (keyof Responses.Request)[] = [
  'model',
  'input',
  'instructions',
  'tools',
  'tool_choice',
  'parallel_tool_calls',
  'reasoning',
  'text',
]

/**
 * Converts the body of an Anthropic `count_tokens` request into one for OpenAI's endpoint that counts. Vendors without one
 * are asked nothing: then the host estimates, from the converted request, because that is what will be sent.
 *
 * @see https://platform.openai.com/docs/api-reference/responses/input-tokens
 */
export function convertAnthropicCountToResponses(
  request: unknown,
  profile: Profile,
  options: RequestOptions,
): Result<ConvertedRequest<Partial<Responses.Request>>, Refusal> {
  const converted = convertAnthropicRequestToResponses(request, profile, options)
  if (!converted.ok) return converted
  const entries = Object.entries(converted.value.value).filter(([name]) => counted.some((member) => member === name))
  return { ok: true, value: { ...converted.value, value: Object.fromEntries(entries) } }
}

/** Converts the answer. `undefined`: it holds no count. */
export function convertResponsesCountToAnthropic(body: Json): Anthropic.TokenCount | undefined {
  const input_tokens = numberMember(body, 'input_tokens')
  return input_tokens === undefined ? undefined : { input_tokens }
}

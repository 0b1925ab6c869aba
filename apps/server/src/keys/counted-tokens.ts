import { type JsonObject, numberMember } from '@lb/protocol'

/** Four bytes of JSON are about one token, in prose and in code. Only what is open is counted by it. */
const BYTES_PER_TOKEN = 4

/** About how many tokens a request's body has, before anybody counted. */
export function estimatedTokens(body: Uint8Array): number {
  return Math.ceil(body.length / BYTES_PER_TOKEN)
}

const countedNames = [
  'input_tokens',
  'cache_creation_input_tokens',
  'output_tokens',
  'prompt_tokens',
  'completion_tokens',
] as const

/** The tokens that count against limits, as an upstream counted them; `undefined`: it did not. */
export function countedTokens(usage: JsonObject | undefined): number | undefined {
  const counts = countedNames.flatMap((name) => numberMember(usage, name) ?? [])
  return counts.length === 0 ? undefined : counts.reduce((sum, count) => sum + count, 0)
}

import { type Loss, type Refusal, sanitizeAnthropicRequest } from '@lb/convert'
import { ok, type Result } from '@lb/protocol'
import { takingAnything } from './anthropic-profiles.ts'
import type { PrepareInput } from './way.ts'

/** A request in Anthropic's dialect, and what was left out of it. */
export interface Thoughtless {
  readonly value: unknown
  readonly losses: readonly Loss[]
}

/** The request without past reasoning, if an upstream has refused its signatures; else as it is. */
export function withoutThinking(
  request: unknown,
  input: Pick<PrepareInput, 'withoutThinking' | 'model'>,
): Result<Thoughtless, Refusal> {
  if (!input.withoutThinking) return ok({ value: request, losses: [] })
  return sanitizeAnthropicRequest(request, takingAnything(request), { model: input.model, keepThinking: 'none' })
}

import { type Anthropic, err, type Result } from '@lb/protocol'
import type { Loss } from '../losses.ts'
import { createNotes } from '../notes.ts'
import type { RequestOptions } from '../options.ts'
import { type AnthropicProfile, anthropicProfileForModel } from '../profiles/anthropic.ts'
import type { Refusal } from '../refusal.ts'
import { readAnthropicRequest } from './anthropic-prepare.ts'
import { withoutUnknownBetas } from './betas.ts'
import { withoutExtraBreakpoints } from './cache-breakpoints.ts'
import { anthropicShape, refusal, refusedLoss } from './result.ts'
import { type SanitizeStep, sanitizeSteps } from './sanitize-steps.ts'

/** A request that an Anthropic endpoint will take. */
export interface SanitizedRequest {
  /** The very same value when nothing had to be changed: then the client's own bytes can be sent. */
  readonly value: Anthropic.Request
  /** The values of `anthropic-beta` to send. */
  readonly betas: readonly string[]
  readonly losses: readonly Loss[]
}

/** What of a client's request changes with the endpoint. */
export interface SanitizeOptions extends Pick<RequestOptions, 'model' | 'strict' | 'serverTools'> {
  /** The values of the client's `anthropic-beta` header. @defaultValue none */
  readonly betas?: readonly string[]
  /**
   * Which reasoning stays.
   * - `genuine`: all that is signed by Anthropic. Right for the endpoint that signed it.
   * - `open-turn`: only that of tool calls which are still being answered.
   * - `none`: none; for another try after `Invalid signature`.
   * @defaultValue `genuine`
   */
  readonly keepThinking?: 'genuine' | 'open-turn' | 'none'
}

/**
 * Makes an Anthropic request fit for another Anthropic endpoint: another account, cloud, version, or a vendor that imitates
 * the API. Reasoning that this package carried for other vendors is removed, always: no Anthropic endpoint ever sees it.
 *
 * Applied twice it changes nothing more. The model's name is left to the caller; `options.model` only says what it will be.
 *
 * @param request the parsed body; see `parseJsonKeeping`.
 */
export function sanitizeAnthropicRequest(
  request: unknown,
  profile: AnthropicProfile,
  options: SanitizeOptions,
): Result<SanitizedRequest, Refusal> {
  const parsed = readAnthropicRequest(request)
  if (!parsed.ok) return parsed
  const notes = createNotes()
  const target = anthropicProfileForModel(profile, options.model)
  const apply = (value: Anthropic.Request, step: SanitizeStep): Anthropic.Request =>
    step(value, { target, options, notes })
  const stepped = sanitizeSteps.reduce(apply, parsed.value)
  const { value, betas } = withoutUnknownBetas(stepped, options.betas ?? [], target.betas, notes)
  const trimmed = withoutExtraBreakpoints(value, target.cacheBreakpoints, notes)
  const losses = notes.losses()
  const refused = notes.refused() ?? refusedLoss(losses, options.strict)
  if (refused !== undefined) return err(refusal(refused, losses, [], anthropicShape))
  return { ok: true, value: { value: trimmed, betas, losses } }
}

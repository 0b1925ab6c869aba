import type { Json } from '@lb/protocol'
import { approximateTokens } from './approximate.ts'
import { type Calibration, type Grade, learnedRatio } from './calibration.ts'
import type { ExactCounter } from './exact.ts'
import { type Doubt, type Pieces, piecesOf } from './pieces.ts'
import { mediaTokens, overheadTokens, profileOf } from './profiles.ts'

/** How many input tokens a request has, as well as one can know without asking. */
export interface TokenEstimate {
  /** The answer: whole tokens of the target's own, rather too many than too few. */
  readonly inputTokens: number
  /** Texts and overhead in o200k tokens, before any ratio: what {@link learn} takes. */
  readonly baseTokens: number
  readonly grade: Grade
  /** Where the ratio comes from: what this provider's model was seen to count, or what its family is known for. */
  readonly basis: 'learned' | 'family'
  /** What makes the estimate uncertain. */
  readonly doubts: readonly Doubt[]
}

/** A provider's model. */
export interface Counted {
  readonly provider: string
  readonly model: string
}

/**
 * Estimates the input tokens of a Messages or Chat Completions request at once, by character classes: a millisecond for
 * 150 KB.
 *
 * @example
 *   estimateTokens(body, { provider: 'anthropic', model: 'claude-sonnet-4-5' }, emptyCalibration).inputTokens  // → 14
 */
export function estimateTokens(request: Json, target: Counted, calibration: Calibration): TokenEstimate {
  const pieces = piecesOf(request)
  const textTokens = pieces.texts.reduce((sum, text) => sum + approximateTokens(text), 0)
  return estimateOf(pieces, textTokens, { ...target, grade: 'fast' }, calibration)
}

/**
 * Estimates with the o200k vocabulary. If it cannot be loaded, the estimate is a `fast` one and says so.
 */
export async function estimateTokensExactly(
  request: Json,
  target: Counted,
  calibration: Calibration,
  counter: ExactCounter,
): Promise<TokenEstimate> {
  const pieces = piecesOf(request)
  try {
    const textTokens = await counter.count(pieces.texts)
    return estimateOf(pieces, textTokens, { ...target, grade: 'exact' }, calibration)
  } catch {
    return estimateTokens(request, target, calibration)
  }
}

function estimateOf(
  pieces: Pieces,
  textTokens: number,
  target: Counted & { readonly grade: Grade },
  calibration: Calibration,
): TokenEstimate {
  const profile = profileOf(target.model)
  const baseTokens = textTokens + overheadTokens(pieces, profile)
  const learned = learnedRatio(calibration, target)
  const inputTokens = Math.ceil(baseTokens * (learned ?? profile.ratio) + mediaTokens(pieces, profile))
  const basis = learned === undefined ? 'family' : 'learned'
  return { inputTokens, baseTokens, grade: target.grade, basis, doubts: [...pieces.doubts] }
}

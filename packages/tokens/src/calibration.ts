import { err, isJsonObject, type Json, ok, type Result } from '@lb/protocol'

/**
 * What was learned about tokenizers: for each provider and model, how many tokens it counted for each one that was
 * estimated. Plain JSON: a snapshot is the value itself.
 *
 * Rules of this file:
 * - A ratio is a quantile of the latest samples' logarithms, not a mean: one absurd sample moves nothing, and twice as
 *   many weighs like half as many. The quantile lies above the middle, because too low is the worse error.
 * - Nothing is believed of too few samples, of small requests (their fixed part is most of them), nor beyond a range that
 *   no tokenizer leaves.
 */
export interface Calibration {
  /** Logarithms of ratios by {@link TokenTarget}, the newest last. The target learned last stands last. */
  readonly samples: Readonly<Record<string, readonly number[]>>
}

/** Whose tokens: a provider's model, and the way in which its texts were counted. */
export interface TokenTarget {
  readonly provider: string
  readonly model: string
  readonly grade: Grade
}

/** `fast`: by character classes. `exact`: by the o200k vocabulary. */
export type Grade = 'fast' | 'exact'

/** Nothing learned yet. */
export const emptyCalibration: Calibration = { samples: {} }

/** Fewer samples than this say nothing. */
export const ENOUGH_SAMPLES = 8
/** Smaller requests teach nothing. */
export const LEAST_TOKENS = 1000

/** Adds one observation: `estimated` tokens before any ratio, and what the provider counted. */
export function learn(
  calibration: Calibration,
  target: TokenTarget,
  estimated: number,
  counted: number,
): Result<Calibration, 'too-small' | 'implausible'> {
  if (!(Math.min(estimated, counted) >= LEAST_TOKENS)) return err('too-small')
  const ratio = counted / estimated
  if (ratio < LOWEST_SAMPLE || ratio > HIGHEST_SAMPLE) return err('implausible')
  const key = keyOf(target)
  const { [key]: known = [], ...others } = calibration.samples
  const kept = Object.entries(others).slice(-(MOST_TARGETS - 1))
  const samples = [...known, Number(Math.log(ratio).toFixed(4))].slice(-WINDOW)
  return ok({ samples: { ...Object.fromEntries(kept), [key]: samples } })
}

/** The learned ratio of `target`, or `undefined` while there is none. What the other grade learned is better than nothing. */
export function learnedRatio(calibration: Calibration, target: TokenTarget): number | undefined {
  const other: Grade = target.grade === 'fast' ? 'exact' : 'fast'
  return ratioOf(calibration, target) ?? ratioOf(calibration, { ...target, grade: other })
}

/** Reads a snapshot back. Entries that are none are left out; a value that is no snapshot at all is an error. */
export function restoreCalibration(snapshot: Json): Result<Calibration, { readonly message: string }> {
  const samples = isJsonObject(snapshot) ? snapshot['samples'] : undefined
  if (!isJsonObject(samples)) return err({ message: 'the snapshot has no samples' })
  const entries = Object.entries(samples).flatMap(([key, values]): [string, readonly number[]][] => {
    const numbers = Array.isArray(values) ? values.filter((value) => typeof value === 'number') : []
    const believable = numbers.filter((value) => value >= Math.log(LOWEST_SAMPLE) && value <= Math.log(HIGHEST_SAMPLE))
    return believable.length > 0 ? [[key, believable.slice(-WINDOW)]] : []
  })
  return ok({ samples: Object.fromEntries(entries.slice(-MOST_TARGETS)) })
}

/** A month's drift is followed, an hour's outliers are not. */
const WINDOW = 32
/** So many pairs of provider and model nobody uses; a client that invents model names does not fill the memory. */
const MOST_TARGETS = 500
const QUANTILE = 0.65
const LOWEST_RATIO = 0.7
const HIGHEST_RATIO = 2.5
const LOWEST_SAMPLE = 0.4
const HIGHEST_SAMPLE = 4

function ratioOf({ samples }: Calibration, target: TokenTarget): number | undefined {
  const known = [...(samples[keyOf(target)] ?? [])]
  if (known.length < ENOUGH_SAMPLES) return undefined
  const sample = known.sort((a, b) => a - b)[Math.floor(known.length * QUANTILE)] as number
  return Math.min(HIGHEST_RATIO, Math.max(LOWEST_RATIO, Math.exp(sample)))
}

function keyOf({ provider, model, grade }: TokenTarget): string {
  return JSON.stringify([grade, provider, model])
}

import { type JsonObject, stringMember } from '@lb/protocol'

/**
 * How much dearer an answer was than the price list says: its usage tells how it was made.
 *
 * @returns a factor for all token prices; 1 for the usual answer.
 * @see https://platform.claude.com/docs/en/build-with-claude/fast-mode
 * @see https://platform.claude.com/docs/en/manage-claude/data-residency
 */
export function surcharge(usage: JsonObject, model: string): number {
  const isFast = stringMember(usage, 'speed') === 'fast'
  const isInUs = stringMember(usage, 'inference_geo') === 'us'
  return (isFast ? fastFactor(model) : 1) * (isInUs ? US_FACTOR : 1)
}

/** Inference that must stay in the United States. */
const US_FACTOR = 1.1

/** The first fast models cost six times as much, all later ones twice. */
function fastFactor(model: string): number {
  return /opus-4[-.][67]/.test(model) ? 6 : 2
}

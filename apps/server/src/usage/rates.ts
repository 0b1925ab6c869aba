import { promptOf, type TokenCounts } from './token-counts.ts'

/**
 * What a model costs: US dollars per million tokens, and per thousand web searches. A rate that is absent is that of the
 * bucket's parent: what is read from a cache or written to it was input, an hour's cache is a cache.
 */
export interface Rates {
  readonly input: Rate
  readonly output: Rate
  readonly cacheRead?: Rate
  readonly cacheWrite5m?: Rate
  readonly cacheWrite1h?: Rate
  readonly webSearch?: number
}

/** A price, or one that depends on how long the prompt is. */
export type Rate = number | TieredRate

/** The price of every token of a request whose prompt is longer than `above` tokens, cached ones included. */
export interface TieredRate {
  readonly base: number
  /** In rising order. */
  readonly tiers: readonly { readonly above: number; readonly price: number }[]
}

/** Dollars are counted in billionths, as whole numbers: so that sums are exact, in any order and however many. */
export const NANO_USD = 1e9

/**
 * What tokens cost, in billionths of a US dollar, rounded to a whole number.
 *
 * @param factor for what makes everything dearer; see {@link surcharge}.
 */
export function nanoUsdOf(counts: TokenCounts, rates: Rates, factor = 1): number {
  const prompt = promptOf(counts)
  const { input, output, cacheRead = input, cacheWrite5m = input, cacheWrite1h = cacheWrite5m, webSearch = 0 } = rates
  // A dollar per million tokens is a thousand billionths per token.
  const tokens =
    counts.input * at(input, prompt) +
    counts.cacheRead * at(cacheRead, prompt) +
    counts.cacheWrite5m * at(cacheWrite5m, prompt) +
    counts.cacheWrite1h * at(cacheWrite1h, prompt) +
    counts.output * at(output, prompt)
  const nanoUsd = Math.round(tokens * 1000 * factor + counts.webSearches * webSearch * 1e6)
  return Math.min(nanoUsd, MOST_NANO_USD)
}

/** A million dollars: more than any request costs. Keeps sums whole whatever an upstream counts or a configuration says. */
const MOST_NANO_USD = 1e15

function at(rate: Rate, prompt: number): number {
  if (typeof rate === 'number') return rate
  let price = rate.base
  for (const tier of rate.tiers) if (prompt > tier.above) price = tier.price
  return price
}

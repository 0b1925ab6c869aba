import { calcPrice, type ModelPrice } from '@pydantic/genai-prices'
import { priceSupplement } from './price-supplement.ts'
import type { Rate, Rates } from './rates.ts'

/** A model somewhere. */
export interface Priced {
  /** As its provider calls it. */
  readonly model: string
  /** Where the provider is: the same model may cost more at one vendor than at another. */
  readonly baseUrl: string
}

/** The published price of a model. */
export interface ListPrice {
  readonly rates: Rates
  /** It is another one at another time of the day, or was until some date: ask again. */
  readonly changes: boolean
}

/**
 * Looks a price up in the published lists: the vendor's own where the address tells who it is, else that of whoever makes a
 * model of this name. Loads a list of some hundred kilobytes and takes a tenth of a millisecond: not for the main thread.
 *
 * @returns `null`: nobody has published a price for such a model.
 */
export function lookUpPrice({ model, baseUrl }: Priced, date: Date): ListPrice | null {
  for (const name of namesOf(model)) {
    const added = priceSupplement.find((row) => row.model.test(name))
    if (added !== undefined) return { rates: added.rates, changes: false }
    for (const where of [{ providerApiUrl: baseUrl }, {}]) {
      const found = calcPrice({ input_tokens: 0 }, name, { ...where, timestamp: date })
      const rates = found === null ? undefined : ratesOf(found.model_price)
      if (rates !== undefined) return { rates, changes: Array.isArray(found?.model.prices) }
    }
  }
  return null
}

/** A model's names from the provider's own to the plain one: `us.anthropic.claude-x-v1:0`, `anthropic/claude-x`, `claude-x[1m]`. */
function namesOf(model: string): readonly string[] {
  const bare = model
    .trim()
    .toLowerCase()
    .replace(/\[\w+\]$/, '')
  const plain = (bare.split('/').at(-1) ?? bare)
    .replace(/^(?:[a-z]+\.)?anthropic\./, '')
    .replace(/-v\d+(?::\d+)?$/, '')
    .replace('@', '-')
    .replace(/^(claude-.*\d)\.(\d)/, '$1-$2')
  return [...new Set([bare, plain])]
}

/** `undefined`: priced by something else than tokens. */
function ratesOf(price: ModelPrice): Rates | undefined {
  const input = rateOf(price['input_mtok'])
  const output = rateOf(price['output_mtok'])
  if (input === undefined || output === undefined) return undefined
  const optional: Record<string, Rate | undefined> = {
    cacheRead: rateOf(price['cache_read_mtok']),
    cacheWrite5m: rateOf(price['cache_write_5m_mtok'] ?? price['cache_write_mtok']),
    cacheWrite1h: rateOf(price['cache_write_1h_mtok']),
    webSearch: rateOf(price['web_searches_kcount']),
  }
  const known = Object.entries(optional).filter(([, rate]) => rate !== undefined)
  return { input, output, ...Object.fromEntries(known) }
}

function rateOf(price: ModelPrice[string]): Rate | undefined {
  if (price === undefined || typeof price === 'number') return price
  const tiers = [...price.tiers].sort((a, b) => a.start - b.start)
  return { base: price.base, tiers: tiers.map(({ start, price: dearer }) => ({ above: start, price: dearer })) }
}

import type { Config, Provider } from '@lb/config'
import { matchRules } from '@lb/router'
import type { CompiledConfig } from '../state/compiled-config.ts'
import type { ListPrice, Priced } from './price-list.ts'
import type { Rate, Rates } from './rates.ts'

/** Prices at hand, without looking anything up: what is not known yet is asked for and known a moment later. */
export interface Prices {
  /** `null`: nobody knows one. `undefined`: not known yet. */
  ratesOf(compiled: CompiledConfig, provider: Provider | undefined, model: string): Rates | null | undefined
  /** When everything that was asked for is known, or will not be. Never rejects. */
  settled(): Promise<unknown>
}

export interface PricesDeps {
  lookUp(priced: Priced): Promise<ListPrice | null>
  readonly nowMs: () => number
}

interface Known {
  rates: Rates | null | undefined
  /** Monotonic; from then on it is looked up again. */
  validUntilMs: number
}

/** A price that changes with the time of the day does so at a full minute. */
const CHANGING_MS = 60_000
/** A lookup that failed, because the thread died, is tried again soon. */
const FAILED_MS = 5_000
/** Clients may ask for any model; more than this at a time are not in use. */
const MOST_MODELS = 2_000

export function createPrices({ lookUp, nowMs }: PricesDeps): Prices {
  /** Addresses and prices are those of a configuration. */
  const byConfig = new WeakMap<CompiledConfig, Map<string, Known>>()
  const asked = new Set<Promise<unknown>>()

  function ask(known: Known, priced: Priced, own: Partial<Rates>): void {
    known.validUntilMs = Number.POSITIVE_INFINITY
    const question = lookUp(priced).then(
      (listed) => {
        known.rates = merged(listed?.rates, own)
        if (listed?.changes) known.validUntilMs = nowMs() + CHANGING_MS
      },
      () => {
        known.validUntilMs = nowMs() + FAILED_MS
      },
    )
    asked.add(question)
    void question.finally(() => asked.delete(question))
  }

  function mapOf(compiled: CompiledConfig): Map<string, Known> {
    const map = byConfig.get(compiled) ?? new Map<string, Known>()
    byConfig.set(compiled, map)
    if (map.size >= MOST_MODELS) map.clear()
    return map
  }

  return {
    ratesOf(compiled, provider, model) {
      const key = `${provider?.id ?? ''} ${model}`
      const found = byConfig.get(compiled)?.get(key)
      if (found !== undefined && found.validUntilMs > nowMs()) return found.rates
      const own = ownPrice(compiled.config.settings.usage, model)
      const known: Known = found ?? { rates: isWhole(own) ? own : undefined, validUntilMs: Number.POSITIVE_INFINITY }
      if (found === undefined) mapOf(compiled).set(key, known)
      if (!isWhole(own)) ask(known, { model, baseUrl: provider?.baseUrl ?? '' }, own)
      return known.rates
    },
    settled: () => Promise.all(asked),
  }
}

/**
 * What a million tokens of a request cost there, in US dollars, as far as that can be said beforehand: three of a prompt for
 * one of an answer. `null`: not known, or not yet.
 */
export function blendOf(
  { ratesOf }: Pick<Prices, 'ratesOf'>,
  compiled: CompiledConfig,
  provider: Provider | undefined,
  model: string,
): number | null {
  const rates = ratesOf(compiled, provider, model)
  // One's own need no list: what they leave out is no part of the blend.
  const { input = rates?.input, output = rates?.output } = ownPrice(compiled.config.settings.usage, model)
  return input === undefined || output === undefined ? null : (3 * baseOf(input) + baseOf(output)) / 4
}

/** What `settings.usage.prices` says of a model. */
function ownPrice({ prices }: Config['settings']['usage'], model: string): Partial<Rates> {
  const rules = prices.map(([pattern, own]) => ({ pattern, own }))
  return matchRules(rules, model)[0]?.own ?? {}
}

/** Of a prompt that is not longer than usual. */
function baseOf(rate: Rate): number {
  return typeof rate === 'number' ? rate : rate.base
}

/** Prices of one's own for everything: no list is needed. */
function isWhole(own: Partial<Rates>): own is Rates {
  return [own.input, own.output, own.cacheRead, own.cacheWrite5m, own.cacheWrite1h].every((rate) => rate !== undefined)
}

/** One's own prices go before those of the list, each by itself. */
function merged(listed: Rates | undefined, own: Partial<Rates>): Rates | null {
  const { input = listed?.input, output = listed?.output } = own
  return input === undefined || output === undefined ? null : { ...listed, ...own, input, output }
}

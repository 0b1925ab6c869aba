import type { Rates } from './rates.ts'

/**
 * Prices that the price package does not know yet or has wrong: Anthropic's, since lb is made for its clients. A row goes when
 * the package has it; a test says when.
 *
 * @see https://platform.claude.com/docs/en/about-claude/pricing
 */
export const priceSupplement: readonly { readonly model: RegExp; readonly rates: Rates }[] = [
  {
    // Since 2026-11-09.
    model: /^claude-fable-5-2(-\d{8})?$/,
    rates: { input: 8, output: 40, cacheRead: 0.2, cacheWrite5m: 10, cacheWrite1h: 16, webSearch: 10 },
  },
  {
    // Cache reads since 2026-10-07; the package takes it for Sonnet 5.
    model: /^claude-sonnet-5-5(-\d{8})?$/,
    rates: { input: 2, output: 10, cacheRead: 0.1, cacheWrite5m: 2.5, cacheWrite1h: 4, webSearch: 10 },
  },
  {
    // Since 2026-10-07. The first Claude since Sonnet 4.5 whose price depends on the length of the prompt.
    model: /^claude-haiku-5-5(-\d{8})?$/,
    rates: {
      input: longPrompt(0.1, 0.5),
      output: longPrompt(0.5, 2.5),
      cacheRead: longPrompt(0.01, 0.05),
      cacheWrite5m: longPrompt(0.125, 0.625),
      cacheWrite1h: longPrompt(0.2, 1),
      webSearch: 10,
    },
  },
  {
    model: /^claude-mythos-5-1(-\d{8})?$/,
    rates: { input: 10, output: 50, cacheRead: 0.25, cacheWrite5m: 12.5, cacheWrite1h: 20, webSearch: 10 },
  },
  {
    model: /^claude-mythos-5(-\d{8})?$/,
    rates: { input: 10, output: 50, cacheRead: 1, cacheWrite5m: 12.5, cacheWrite1h: 20, webSearch: 10 },
  },
]

function longPrompt(base: number, price: number): Rates['input'] {
  return { base, tiers: [{ above: 100_000, price }] }
}

import { describe, expect, test } from 'vitest'
import { type BudgetEvent, fullBudget, type RetryBudget, retryTokens, stepBudget } from './budget.ts'

const after = (budget: RetryBudget, ...events: BudgetEvent[]): RetryBudget => events.reduce(stepBudget, budget)
const empty: RetryBudget = { tokens: 0, retrying: 0 }

describe('the retry budget', () => {
  test('is full at the start, and never fuller', () => {
    expect(retryTokens(fullBudget)).toBe(20)
    expect(after(fullBudget, 'request', 'answered')).toEqual(fullBudget)
  })

  test('earns a fifth with each request, and more with each answer', () => {
    expect(after(empty, 'request').tokens).toBeCloseTo(0.2, 9)
    expect(after(empty, 'answered').tokens).toBeCloseTo(0.3, 9)
    expect(after({ tokens: 19.9, retrying: 2 }, 'request')).toEqual({ tokens: 20, retrying: 2 })
    expect(after({ tokens: 19.9, retrying: 2 }, 'answered')).toEqual({ tokens: 20, retrying: 2 })
  })

  test('pays one for each retry, and is never in debt', () => {
    expect(after(fullBudget, 'retry-started')).toEqual({ tokens: 19, retrying: 1 })
    expect(after({ tokens: 0.5, retrying: 0 }, 'retry-started')).toEqual({ tokens: 0, retrying: 1 })
    expect(after({ tokens: 3, retrying: 1 }, 'retry-ended', 'retry-ended')).toEqual({ tokens: 3, retrying: 0 })
  })

  test('always allows three at once', () => {
    expect([0, 1, 2, 3, 4].map((retrying) => retryTokens({ tokens: 0.9, retrying }))).toEqual([3, 2, 1, 0, 0])
    expect(retryTokens({ tokens: 7.8, retrying: 2 })).toBe(7)
  })
})

/**
 * The retries of all requests together: a share of the traffic, so that an outage is not answered with a multiple of it.
 *
 * @see https://github.com/twitter/finagle/blob/develop/doc/src/sphinx/Clients.rst (retry budgets)
 */
export interface RetryBudget {
  readonly tokens: number
  /** Paid retries that are open now. */
  readonly retrying: number
}

/** What the budget is told. `answered`: an attempt brought content; what answers can bear more. */
export type BudgetEvent = 'request' | 'answered' | 'retry-started' | 'retry-ended'

const PER_REQUEST = 0.2
/** With three upstreams that fail at random three times in ten, 0.43 retries a request are needed to hide it. */
const PER_ANSWER = 0.3
const TOKENS_MAX = 20
/** Even with nothing in the bucket so many may run: a laptop's first request must be allowed its second try. */
const ALWAYS = 3

/** A full bucket. */
export const fullBudget: RetryBudget = { tokens: TOKENS_MAX, retrying: 0 }

/** The decider. */
export function stepBudget(budget: RetryBudget, event: BudgetEvent): RetryBudget {
  const { tokens, retrying } = budget
  switch (event) {
    case 'request':
      return { tokens: Math.min(TOKENS_MAX, tokens + PER_REQUEST), retrying }
    case 'answered':
      return { tokens: Math.min(TOKENS_MAX, tokens + PER_ANSWER), retrying }
    case 'retry-started':
      return { tokens: Math.max(0, tokens - 1), retrying: retrying + 1 }
    case 'retry-ended':
      return { tokens, retrying: Math.max(0, retrying - 1) }
  }
}

/** How many retries may start now: what the loop wants as `retryTokens`. */
export function retryTokens({ tokens, retrying }: RetryBudget): number {
  return Math.max(Math.floor(tokens), ALWAYS - retrying, 0)
}

import { type BudgetPeriod, stretchOf } from './budget-period.ts'
import type { KeyLimits } from './caller.ts'
import { createMinuteWindow, type MinuteWindow } from './minute-window.ts'

/**
 * What ONE key has used up, and whether that leaves room for another request.
 *
 * Rules of this file:
 * - A request that is refused uses nothing up.
 * - Tokens are counted twice: an estimate while the request is open, what the upstream counted from then on.
 * - A request that is larger than a whole minute's tokens needs a minute of its own; it is never refused for good.
 * - Token counts (`count_tokens`) cost nothing. They have requests and places of their own, under the same limits, as at the
 *   API itself.
 *
 * Pure but for its own books; time comes in with every call.
 */
export interface Ledger {
  /** What stands in the way of a request, and for how long; `undefined`: nothing. Takes nothing. */
  judge(limits: KeyLimits, wish: Wish, now: Now): Reached | undefined
  /** The request begins. */
  begin(wish: Wish, now: Now): void
  /** Its client has its answer, or is gone: its place is free. Once for each that began. */
  close(wish: Wish): void
  /** It is over, and this is how many tokens it used. */
  end(wish: Wish, usedTokens: number, now: Now): void
}

/** A request, as far as limits are concerned. */
export interface Wish {
  readonly kind: 'generate' | 'count'
  /** Estimated. */
  readonly tokens: number
}

/** Both clocks: monotonic for minutes, wall clock for calendar days. */
export interface Now {
  readonly nowMs: number
  readonly epochMs: number
}

/** A limit that leaves no room. */
export type Reached =
  | { readonly limit: 'requests' | 'tokens' | 'concurrency'; readonly max: number; readonly waitMs: number }
  | { readonly limit: 'budget'; readonly usd: number; readonly per: BudgetPeriod; readonly waitMs: number }

/** When one of the open requests ends nobody knows; a second is the shortest wait that a client can be told. */
const PLACE_WAIT_MS = 1000

interface Lane {
  readonly requests: MinuteWindow
  open: number
}

/**
 * @param spentSince what this key has spent from a date on, in US dollars. Asked each time: a price may be known only some time
 * after the first request that needs it is over, and what earlier processes spent some time after a reload brought the budget.
 */
export function createLedger(spentSince: (epochMs: number) => number): Ledger {
  const lanes: Readonly<Record<Wish['kind'], Lane>> = { generate: newLane(), count: newLane() }
  const tokens = createMinuteWindow()
  let reserved = 0

  function requestsReached({ requestsPerMinute: max }: KeyLimits, { kind }: Wish, { nowMs }: Now): Reached[] {
    if (max === undefined) return []
    const waitMs = lanes[kind].requests.waitMs(max - 1, nowMs)
    return waitMs > 0 ? [{ limit: 'requests', max, waitMs }] : []
  }

  function tokensReached({ tokensPerMinute: max }: KeyLimits, wish: Wish, { nowMs }: Now): Reached[] {
    if (max === undefined || wish.kind === 'count') return []
    const room = max - Math.min(wish.tokens, max)
    if (tokens.sum(nowMs) + reserved <= room) return []
    // Open requests give back what they did not need when they end, nobody knows when.
    const waitMs = Math.max(tokens.waitMs(Math.max(0, room - reserved), nowMs), reserved > 0 ? PLACE_WAIT_MS : 0)
    return [{ limit: 'tokens', max, waitMs }]
  }

  function placesReached({ concurrency: max }: KeyLimits, { kind }: Wish): Reached[] {
    return max !== undefined && lanes[kind].open >= max ? [{ limit: 'concurrency', max, waitMs: PLACE_WAIT_MS }] : []
  }

  function budgetReached({ budget }: KeyLimits, { kind }: Wish, { epochMs }: Now): Reached[] {
    if (budget === undefined || kind === 'count') return []
    const stretch = stretchOf(budget.per, epochMs)
    return spentSince(stretch.startMs) >= budget.usd
      ? [{ limit: 'budget', ...budget, waitMs: stretch.endMs - epochMs }]
      : []
  }

  return {
    judge(limits, wish, now) {
      const reached = [
        ...budgetReached(limits, wish, now),
        ...requestsReached(limits, wish, now),
        ...tokensReached(limits, wish, now),
        ...placesReached(limits, wish),
      ]
      // The longest wait is the honest one: after any other the answer would be the same.
      return reached.reduce<Reached | undefined>(
        (longest, one) => (longest === undefined || one.waitMs > longest.waitMs ? one : longest),
        undefined,
      )
    },
    begin(wish, { nowMs }) {
      const lane = lanes[wish.kind]
      lane.requests.add(1, nowMs)
      lane.open += 1
      reserved += wish.tokens
    },
    close({ kind }) {
      lanes[kind].open -= 1
    },
    end(wish, usedTokens, { nowMs }) {
      reserved -= wish.tokens
      if (usedTokens > 0) tokens.add(usedTokens, nowMs)
    },
  }
}

function newLane(): Lane {
  return { requests: createMinuteWindow(), open: 0 }
}

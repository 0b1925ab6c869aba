/** How often a budget begins anew. */
export type BudgetPeriod = 'day' | 'week' | 'month'

/** One stretch of a budget, in epoch milliseconds: from `startMs` on, up to but not including `endMs`. */
export interface Stretch {
  readonly startMs: number
  readonly endMs: number
}

const DAY_MS = 86_400_000
/** 1970-01-01 was a Thursday: the Monday before it lies three days back. */
const FIRST_MONDAY_MS = -3 * DAY_MS

/** The calendar day, week (from Monday) or month, in UTC, that a moment lies in. */
export function stretchOf(period: BudgetPeriod, epochMs: number): Stretch {
  switch (period) {
    case 'day':
      return evenStretch(epochMs, 0, DAY_MS)
    case 'week':
      return evenStretch(epochMs, FIRST_MONDAY_MS, 7 * DAY_MS)
    case 'month': {
      const date = new Date(epochMs)
      const [year, month] = [date.getUTCFullYear(), date.getUTCMonth()]
      return { startMs: Date.UTC(year, month), endMs: Date.UTC(year, month + 1) }
    }
  }
}

function evenStretch(epochMs: number, originMs: number, lengthMs: number): Stretch {
  const startMs = Math.floor((epochMs - originMs) / lengthMs) * lengthMs + originMs
  return { startMs, endMs: startMs + lengthMs }
}

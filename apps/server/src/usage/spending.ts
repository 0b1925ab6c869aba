import { HOUR_MS, type Spent } from './usage-sums.ts'

/** What each key spent, hour by hour, at hand without asking the disk: for budgets. */
export interface Spending {
  add(key: string, atMs: number, nanoUsd: number): void
  /** What earlier processes spent. */
  load(spent: readonly Spent[]): void
  /** In billionths of a US dollar; `sinceMs` is taken for the beginning of its hour. */
  since(key: string, sinceMs: number): number
}

/** A month, the longest period of a budget, and a day. */
export const SPENDING_MS: number = 32 * 24 * HOUR_MS

export function createSpending(): Spending {
  const keys = new Map<string, Map<number, number>>()

  function add(key: string, atMs: number, nanoUsd: number): void {
    const hour = Math.floor(atMs / HOUR_MS)
    const hours = keys.get(key) ?? new Map<number, number>()
    keys.set(key, hours)
    const before = hours.get(hour)
    hours.set(hour, (before ?? 0) + nanoUsd)
    if (before === undefined) forget(hours, hour - SPENDING_MS / HOUR_MS)
  }

  function forget(hours: Map<number, number>, before: number): void {
    for (const hour of hours.keys()) if (hour < before) hours.delete(hour)
  }

  return {
    add,
    load(spent) {
      for (const { key, hourMs, nanoUsd } of spent) add(key, hourMs, nanoUsd)
    },
    since(key, sinceMs) {
      let sum = 0
      for (const [hour, nanoUsd] of keys.get(key) ?? []) if (hour >= Math.floor(sinceMs / HOUR_MS)) sum += nanoUsd
      return sum
    },
  }
}

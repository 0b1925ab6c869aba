import type { PlanCandidate } from '../plan.ts'
import { candidate } from './driven.ts'

/** A candidate with everything that an order goes by; by default like {@link candidate}, the first of its rule, and idle. */
export function planned(id: string, more: Partial<PlanCandidate> = {}): PlanCandidate {
  return { ...candidate(id), rank: 0, priority: 1, weight: 1, price: null, inFlight: 0, ttftMs: null, ...more }
}

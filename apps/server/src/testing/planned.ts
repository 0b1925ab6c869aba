import type { PlanCandidate } from '@lb/router'
import { planCandidate } from '../state/plan-candidate.ts'

/** A candidate that is available and idle: its own provider's, with one key. */
export function planned(id: string, more: Partial<PlanCandidate> = {}): PlanCandidate {
  const key = { provider: id, credential: 'key', model: 'm', passThrough: false }
  const route = { rank: 0, priority: 1, weight: 1, price: null }
  return { ...planCandidate({ id, ...key, ...route }, { kind: 'available', share: 1 }, 0, null), ...more }
}

import { isReady } from './candidate.ts'
import type { PlanCandidate } from './plan.ts'
import { sortedBy } from './sorted.ts'

/** How candidates are ordered. */
export type Strategy = 'priority' | 'round_robin' | 'random' | 'weighted' | 'least_busy' | 'fastest' | 'cheapest'

/** Whose turn it is, between the requests of one route. Plain JSON. */
export interface Turns {
  readonly next: number
  /** Smooth weighted round robin: what each candidate is owed. */
  readonly owed: Readonly<Record<string, number>>
}

/** Nobody had a turn yet. */
export const firstTurns: Turns = { next: 0, owed: {} }

/** An order, and the turns after it. */
export interface Ordered {
  readonly candidates: readonly PlanCandidate[]
  readonly turns: Turns
}

type Order = (sorted: readonly PlanCandidate[], turns: Turns, draw: () => number) => Ordered

/**
 * One row per strategy. Each is given the candidates sorted by priority.
 *
 * `round_robin` and `random` choose over all tiers, as the predecessor's users know them; the others choose inside a
 * tier, and tiers follow each other.
 */
export const strategies: Readonly<Record<Strategy, Order>> = {
  priority: (sorted, turns) => ({ candidates: sorted, turns }),
  round_robin: (sorted, turns) => {
    const usable = usableOf(sorted)
    const chosen = usable[turns.next % Math.max(1, usable.length)]
    return {
      candidates: toFront(sorted, chosen),
      turns: { ...turns, next: (turns.next + 1) % Number.MAX_SAFE_INTEGER },
    }
  },
  random: (sorted, turns, draw) => {
    const first = usableOf(sorted).slice(0, 3)
    return { candidates: toFront(sorted, first[Math.floor(draw() * first.length)]), turns }
  },
  weighted: smoothWeighted,
  least_busy: byTier((tier) => sortedBy(tier, ({ inFlight, weight }) => (inFlight + 1) / weight)),
  fastest: byTier(twoChoices),
  cheapest: byTier((tier) => sortedBy(tier, priceOf)),
}

/** Who has no weight, or no known price, is nobody's first choice. */
function priceOf({ price, weight }: PlanCandidate): number {
  return weight > 0 ? (price ?? Number.POSITIVE_INFINITY) : Number.POSITIVE_INFINITY
}

/**
 * What one more request would cost there, in time: peak-sensitive latency times the queue, per weight. One that is due
 * for a probe costs nothing: its latency is that of its illness, and would keep it out for good.
 */
export function loadCost({ ttftMs, inFlight, weight, availability }: PlanCandidate): number {
  if (availability.kind === 'probe') return 0
  return weight > 0 ? ((ttftMs ?? 0) * (1 + inFlight)) / weight : Number.MAX_VALUE
}

/**
 * Those that are due for a probe take part: who is never chosen never recovers. Those without any weight do only where
 * nobody else does.
 */
function usableOf(candidates: readonly PlanCandidate[]): readonly PlanCandidate[] {
  if (candidates.every((candidate) => isReady(candidate) && candidate.weight > 0)) return candidates
  const usable = candidates.filter(isReady)
  const weighty = usable.filter(({ weight }) => weight > 0)
  return [weighty, usable].find((some) => some.length > 0) ?? candidates
}

/** The candidates with one of them, if any, before all others. */
export function toFront(
  candidates: readonly PlanCandidate[],
  chosen: PlanCandidate | undefined,
): readonly PlanCandidate[] {
  if (chosen === undefined || chosen === candidates[0]) return candidates
  return [chosen, ...candidates.filter((candidate) => candidate !== chosen)]
}

function tiersOf(sorted: readonly PlanCandidate[]): PlanCandidate[][] {
  const tiers: PlanCandidate[][] = []
  for (const candidate of sorted) {
    const tier = tiers.at(-1)
    if (tier?.[0]?.priority === candidate.priority) tier.push(candidate)
    else tiers.push([candidate])
  }
  return tiers
}

function byTier(order: (tier: readonly PlanCandidate[], draw: () => number) => readonly PlanCandidate[]): Order {
  return (sorted, turns, draw) => {
    const isOneTier = sorted[0]?.priority === sorted.at(-1)?.priority
    return { candidates: isOneTier ? order(sorted, draw) : tiersOf(sorted).flatMap((tier) => order(tier, draw)), turns }
  }
}

/**
 * Power of two choices: the better of two random ones goes first. The best of all would be everybody's choice at once,
 * on news that is old by the time it is used.
 *
 * @see https://github.com/twitter/finagle/blob/develop/doc/src/sphinx/Clients.rst (P2C, Peak EWMA)
 */
function twoChoices(tier: readonly PlanCandidate[], draw: () => number): readonly PlanCandidate[] {
  const byCost = sortedBy(tier, loadCost)
  const usable = usableOf(tier)
  const first = Math.floor(draw() * usable.length)
  const second = (first + 1 + Math.floor(draw() * (usable.length - 1))) % usable.length
  const better = byCost.find((candidate) => candidate === usable[first] || candidate === usable[second])
  return toFront(byCost, better)
}

/**
 * Smooth weighted round robin: everybody is owed its weight per turn, who is owed most goes, and pays for all.
 *
 * @see https://github.com/nginx/nginx/commit/52327e0627f49dbda1e8db695e63a4b0af4448b1
 */
function smoothWeighted(sorted: readonly PlanCandidate[], turns: Turns): Ordered {
  const tiers = tiersOf(sorted)
  const first = Math.max(
    0,
    tiers.findIndex((members) => members.some(isReady)),
  )
  const tier = tiers[first] ?? []
  const usable = usableOf(tier)
  const total = usable.reduce((sum, { weight }) => sum + weight, 0)
  const raised = usable.map((candidate) => ({ candidate, owed: (turns.owed[candidate.id] ?? 0) + candidate.weight }))
  const claims = sortedBy(raised, ({ owed }) => -owed)
  const owed: Record<string, number> = { ...turns.owed }
  for (const claim of claims) owed[claim.candidate.id] = claim === claims[0] ? claim.owed - total : claim.owed
  const rest = usable.length === tier.length ? [] : tier.filter((candidate) => !usable.includes(candidate))
  const order = [...claims.map(({ candidate }) => candidate), ...rest]
  return {
    candidates: tiers.length === 1 ? order : tiers.flatMap((members, index) => (index === first ? order : members)),
    turns: { next: turns.next, owed },
  }
}

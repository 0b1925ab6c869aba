import type { Moment } from '@lb/protocol'
import { type Availability, isAvailable, isReady } from './candidate.ts'
import { draws, hashOf, hashUnit, unitOf } from './chance.ts'
import type { RouteTarget } from './route.ts'
import { sortedBy } from './sorted.ts'
import { type Strategy, strategies, type Turns, toFront } from './strategy.ts'

/** A target and its present condition. */
export interface PlanCandidate extends RouteTarget {
  readonly availability: Availability
  /** Attempts that are open on it now. */
  readonly inFlight: number
  /** Its usual time to first token (`peakEwma`), or `null` while nobody knows. */
  readonly ttftMs: number | null
  /** Its usual time to a whole answer, in the same way; absent also where it is short. */
  readonly wholeMs?: number | null
}

/** What the order depends on beside the candidates. */
export interface PlanWishes {
  readonly strategy: Strategy
  /** Of the conversation, or `null`: keeps a conversation on one of several equal credentials. */
  readonly session: string | null
  /** The candidate that this session is at home with (`stepAffinity`), or `null`. */
  readonly home: string | null
  /** Who stands in for that home, if anybody did. A home that recovers gets such conversations back as its share grows. */
  readonly lent?: string | null
  /** Targets of other rules than the best one are left out: the predecessor's rule. Default: they stand behind it. */
  readonly onlyBestRule?: boolean
}

/** The candidates in the order in which they are to be asked. */
export interface Plan {
  readonly candidates: readonly PlanCandidate[]
  /** To be handed in with the next request of the same route. */
  readonly turns: Turns
}

/**
 * Orders the candidates of one request: home first, then tiers by priority, inside a tier by strategy. Those of the other
 * rules stand behind, rule by rule: they are for a request that the best rule could not serve.
 *
 * Barred candidates keep their place: the attempt loop passes over them, and comes back when nothing else is left.
 */
export function plan(all: readonly PlanCandidate[], wishes: PlanWishes, turns: Turns, at: Moment): Plan {
  const draw = draws(at.roll)
  const best = bestRank(all)
  const candidates = spreadKeys(best, wishes.session, draw)
  const ordered = strategies[wishes.strategy](candidates, turns, draw)
  const eased = easedIn(ordered.candidates, draw)
  const first = wishes.home === null ? eased : toFront(eased, homeIn(eased, wishes))
  if (best === all || wishes.onlyBestRule === true) return { candidates: first, turns: ordered.turns }
  return { candidates: [...first, ...otherRanks(all, best, wishes.session, draw)], turns: ordered.turns }
}

/** Where the conversation goes: home, unless others go home first. Each returns once, at a moment of its own. */
function homeIn(ordered: readonly PlanCandidate[], { home, lent, session }: PlanWishes): PlanCandidate | undefined {
  const ready = (id: string | null | undefined): PlanCandidate | undefined =>
    ordered.find((candidate) => candidate.id === id && isReady(candidate))
  const found = ready(home)
  if (found === undefined || !isRecovering(found) || hashUnit(`home ${session}`) < found.availability.share)
    return found
  return ready(lent) ?? found
}

/** The first rule that has anybody usable; if none has, the first. Targets come in the order of their rules. */
function bestRank(all: readonly PlanCandidate[]): readonly PlanCandidate[] {
  const first = all.find(isReady) ?? all[0]
  return first === undefined || all.every(({ rank }) => rank === first.rank)
    ? all
    : all.filter(({ rank }) => rank === first.rank)
}

/** Nobody is sent there by choice, so no strategy has a say: by rule, then by priority. */
function otherRanks(
  all: readonly PlanCandidate[],
  best: readonly PlanCandidate[],
  session: string | null,
  draw: () => number,
): readonly PlanCandidate[] {
  const others = all.filter(({ rank }) => rank !== best[0]?.rank)
  const ranks = new Set(others.map(({ rank }) => rank))
  return [...ranks].flatMap((rank) =>
    spreadKeys(
      others.filter((other) => other.rank === rank),
      session,
      draw,
    ),
  )
}

/**
 * By priority, then who has a weight, then in the order of the file, except that the credentials of one provider are equals:
 * among them the session decides (weighted rendezvous: it stays where it was when others come and go), without a session chance.
 *
 * @see https://www.snia.org/sites/default/files/SDC15_presentations/dist_sys/Jason_Resch_New_Consistent_Hashings_Rev.pdf
 */
function spreadKeys(
  all: readonly PlanCandidate[],
  session: string | null,
  draw: () => number,
): readonly PlanCandidate[] {
  const sorted = sortedBy(idleLast(all), priorityOf)
  if (!hasEquals(sorted)) return sorted
  const spread: PlanCandidate[] = []
  let equals: PlanCandidate[] = []
  for (const candidate of sorted) {
    if (!isEqual(candidate, equals[0])) {
      spread.push(...byLot(equals, session, draw))
      equals = []
    }
    equals.push(candidate)
  }
  spread.push(...byLot(equals, session, draw))
  return spread
}

function priorityOf({ priority }: PlanCandidate): number {
  return priority
}

/** Those without any weight wait, under every strategy, until nobody else of their tier is usable. */
function idleLast(all: readonly PlanCandidate[]): readonly PlanCandidate[] {
  if (all.every(({ weight }) => weight > 0)) return all
  return sortedBy(all, (candidate) => Number(isIdle(candidate, all)))
}

/** A spare key stands in for its neighbours, where they stand. */
function isIdle(candidate: PlanCandidate, all: readonly PlanCandidate[]): boolean {
  return candidate.weight === 0 && !all.some((other) => other.weight > 0 && isEqual(other, candidate))
}

function hasEquals(sorted: readonly PlanCandidate[]): boolean {
  let last: PlanCandidate | undefined
  for (const candidate of sorted) {
    if (isEqual(candidate, last)) return true
    last = candidate
  }
  return false
}

/** Another credential of the same provider, at the same place of the route. */
function isEqual(a: PlanCandidate, b: PlanCandidate | undefined): boolean {
  return b !== undefined && a.provider === b.provider && a.model === b.model && a.priority === b.priority
}

function byLot(equals: readonly PlanCandidate[], session: string | null, draw: () => number): readonly PlanCandidate[] {
  if (equals.length < 2) return equals
  const begun = session === null ? undefined : hashOf(`${session}\n`)
  const lots = equals.map((candidate) => {
    const lot = begun === undefined ? draw() : unitOf(hashOf(candidate.id, begun))
    return { candidate, cost: -Math.log(lot) / candidate.weight }
  })
  return sortedBy(lots, ({ cost }) => cost).map(({ candidate }) => candidate)
}

/** Slow start: a recovering candidate keeps its place only as often as its share says, else it goes behind the healthy. */
function easedIn(ordered: readonly PlanCandidate[], draw: () => number): readonly PlanCandidate[] {
  if (!ordered.some(isRecovering)) return ordered
  const isEased = (candidate: PlanCandidate): boolean =>
    isRecovering(candidate) && draw() >= candidate.availability.share
  const late = new Set(ordered.filter(isEased))
  if (late.size === 0) return ordered
  const inPlace = ordered.filter((candidate) => !late.has(candidate))
  const lastHealthy = inPlace.findLastIndex(isAvailable)
  return [...inPlace.slice(0, lastHealthy + 1), ...late, ...inPlace.slice(lastHealthy + 1)]
}

/** It has only a share of its usual traffic. */
function isRecovering(candidate: PlanCandidate): candidate is PlanCandidate & { availability: { share: number } } {
  const { availability } = candidate
  return availability.kind === 'available' && availability.share < 1
}

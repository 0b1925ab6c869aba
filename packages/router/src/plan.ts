import type { Moment } from '@lb/protocol'
import { type Availability, isAvailable } from './candidate.ts'
import { draws, hashUnit } from './chance.ts'
import type { RouteTarget } from './route.ts'
import { type Strategy, strategies, type Turns } from './strategy.ts'

/** A target and its present condition. */
export interface PlanCandidate extends RouteTarget {
  readonly availability: Availability
  /** Attempts that are open on it now. */
  readonly inFlight: number
  /** Its usual time to first token (`peakEwma`), or `null` while nobody knows. */
  readonly ttftMs: number | null
}

/** What the order depends on beside the candidates. */
export interface PlanWishes {
  readonly strategy: Strategy
  /** Of the conversation, or `null`: keeps a conversation on one of several equal credentials. */
  readonly session: string | null
  /** The candidate that this session is at home with (`stepAffinity`), or `null`. */
  readonly home: string | null
}

/** The candidates in the order in which they are to be asked. */
export interface Plan {
  readonly candidates: readonly PlanCandidate[]
  /** To be handed in with the next request of the same route. */
  readonly turns: Turns
}

/**
 * Orders the candidates of one request: home first, then tiers by priority, inside a tier by strategy.
 *
 * Barred candidates keep their place: the attempt loop passes over them, and comes back when nothing else is left.
 */
export function plan(all: readonly PlanCandidate[], wishes: PlanWishes, turns: Turns, at: Moment): Plan {
  const draw = draws(at.roll)
  const candidates = spreadKeys(bestRank(all), wishes.session, draw)
  const ordered = strategies[wishes.strategy](candidates, turns, draw)
  const eased = easedIn(ordered.candidates, draw)
  const home = eased.find(({ id, availability }) => id === wishes.home && isUsable(availability))
  return {
    candidates: home === undefined ? eased : [home, ...eased.filter((candidate) => candidate !== home)],
    turns: ordered.turns,
  }
}

function isUsable({ kind }: Availability): boolean {
  return kind === 'available' || kind === 'probe'
}

/** The first rule that has anybody usable; if none has, the first. */
function bestRank(all: readonly PlanCandidate[]): readonly PlanCandidate[] {
  const usable = all.filter(({ availability }) => isUsable(availability)).map(({ rank }) => rank)
  const best = Math.min(...(usable.length > 0 ? usable : all.map(({ rank }) => rank)))
  return all.filter(({ rank }) => rank === best)
}

/**
 * By priority, then in the order of the file, except that the credentials of one provider are equals: among them the
 * session decides (weighted rendezvous: it stays where it was when others come and go), without a session chance.
 *
 * @see https://www.snia.org/sites/default/files/SDC15_presentations/dist_sys/Jason_Resch_New_Consistent_Hashings_Rev.pdf
 */
function spreadKeys(all: readonly PlanCandidate[], session: string | null, draw: () => number): PlanCandidate[] {
  const groups = new Map<string, PlanCandidate[]>()
  for (const candidate of [...all].sort((a, b) => a.priority - b.priority)) {
    const key = JSON.stringify([candidate.priority, candidate.provider, candidate.model])
    groups.set(key, [...(groups.get(key) ?? []), candidate])
  }
  return [...groups.values()].flatMap((group) => {
    if (group.length < 2) return group
    const score = ({ id, weight }: PlanCandidate): number =>
      Math.log(session === null ? draw() : hashUnit(`${session}\n${id}`)) / weight
    return group
      .map((candidate) => ({ candidate, score: score(candidate) }))
      .sort((a, b) => b.score - a.score)
      .map(({ candidate }) => candidate)
  })
}

/** Slow start: a recovering candidate keeps its place only as often as its share says, else it goes behind the healthy. */
function easedIn(ordered: readonly PlanCandidate[], draw: () => number): readonly PlanCandidate[] {
  const isEased = ({ availability }: PlanCandidate): boolean =>
    availability.kind === 'available' && availability.share < 1 && draw() >= availability.share
  const late = new Set(ordered.filter(isEased))
  if (late.size === 0) return ordered
  const inPlace = ordered.filter((candidate) => !late.has(candidate))
  const lastHealthy = inPlace.findLastIndex(isAvailable)
  return [...inPlace.slice(0, lastHealthy + 1), ...late, ...inPlace.slice(lastHealthy + 1)]
}

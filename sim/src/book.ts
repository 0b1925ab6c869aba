import type { Target } from '@lb/health'
import { type Availability, type Latency, type Limit, noLimit, type PlanCandidate, type RouteTarget } from '@lb/router'

/** A target with what is known about it. */
export interface Book {
  readonly target: RouteTarget
  readonly healthTarget: Target
  limit: Limit
  latency: Latency | null
  /** How it stood in the last plan; most of the time it still does. */
  candidate: PlanCandidate | null
}

/** The book of a target that nobody has asked yet. */
export function newBook(target: RouteTarget): Book {
  return { target, healthTarget: healthTarget(target), limit: noLimit, latency: null, candidate: null }
}

/** The target as it stands now: the same object as long as nothing about it changes. */
export function candidateIn(book: Book, availability: Availability): PlanCandidate {
  const { inFlight } = book.limit
  const ttftMs = book.latency?.ms ?? null
  const last = book.candidate
  if (last !== null && last.availability === availability && last.inFlight === inFlight && last.ttftMs === ttftMs)
    return last
  const candidate = candidateOf(book.target, availability, inFlight, ttftMs)
  book.candidate = candidate
  return candidate
}

/** Field by field: see `draftOf` of the router. */
export function candidateOf(
  { id, provider, credential, model, passThrough, rank, priority, weight, price }: RouteTarget,
  availability: Availability,
  inFlight: number,
  ttftMs: number | null,
): PlanCandidate {
  return { id, provider, credential, model, passThrough, rank, priority, weight, price, availability, inFlight, ttftMs }
}

/** A target as health names it. */
function healthTarget({ provider, credential, model, passThrough }: RouteTarget): Target {
  return { provider, credential: passThrough ? null : credential, model }
}

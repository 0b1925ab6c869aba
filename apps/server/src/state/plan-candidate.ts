import type { Availability, PlanCandidate, RouteTarget } from '@lb/router'

/**
 * A target in its present condition. Written out, because this is done for every candidate of every request, and to spread
 * objects of several shapes costs ten times as much.
 */
export function planCandidate(
  { id, provider, credential, model, passThrough, rank, priority, weight, price, timeouts }: RouteTarget,
  availability: Availability,
  inFlight: number,
  ttftMs: number | null,
): PlanCandidate {
  const now = {
    id,
    provider,
    credential,
    model,
    passThrough,
    rank,
    priority,
    weight,
    price,
    availability,
    inFlight,
    ttftMs,
  }
  return timeouts === undefined ? now : { ...now, timeouts }
}

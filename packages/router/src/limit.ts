/**
 * How many attempts ONE credential and model may carry at once. Nobody tells us, so the limit learns (AIMD, as in TCP):
 * unlimited until the upstream says 429 without a date, then 0.7 of what was open, one more per full round of successes,
 * and unlimited again after a minute without a refusal. It delays and never refuses: see docs/decisions/0043.
 *
 * @see https://github.com/Netflix/concurrency-limits (AIMD is its choice for clients)
 */
export interface Limit {
  /** `null`: no limit known. */
  readonly max: number | null
  readonly inFlight: number
  /** Requests that wait for a place, first come first served. */
  readonly waiting: readonly string[]
  /** Requests that were woken for a place and have not taken it yet. */
  readonly invited: readonly string[]
  /** A burst of refusals is one piece of news: what began before the last decrease does not decrease again. */
  readonly decreasedMs: number | null
}

/** What the limit is told. `request` is the id that waits; an attempt is told by its request. */
export type LimitEvent =
  | { readonly type: 'attempt-started'; readonly request: string }
  | {
      readonly type: 'attempt-ended'
      readonly startedMs: number
      readonly outcome: 'succeeded' | 'limited' | 'other'
    }
  /** The loop waits with `queue`. */
  | { readonly type: 'request-queued'; readonly request: string }
  /** It does not wait any more: it left, found something else, or lost patience. */
  | { readonly type: 'request-left'; readonly request: string }

/** A place is free for this request: give its loop `candidates-changed`. */
export interface LimitEffect {
  readonly type: 'wake'
  readonly request: string
}

/** A limit and whom to wake. */
export interface LimitStep {
  readonly limit: Limit
  readonly effects: readonly LimitEffect[]
}

/** No limit known, nothing open. */
export const noLimit: Limit = { max: null, inFlight: 0, waiting: [], invited: [], decreasedMs: null }

const DECREASE = 0.7
/** A limit that is not used much is not raised: it would say nothing. */
const USED_MIN = 0.8
const QUEUE_PER_PLACE = 2
const FORGET_MS = 60_000

const quiet: readonly LimitEffect[] = []

/** The decider. */
export function stepLimit(limit: Limit, event: LimitEvent, nowMs: number): LimitStep {
  switch (event.type) {
    case 'attempt-started':
      return { limit: withInFlight(without(limit, event.request), limit.inFlight + 1), effects: quiet }
    case 'attempt-ended':
      return inviting(ended(limit, event, nowMs))
    case 'request-queued':
      return inviting({ ...limit, waiting: [...limit.waiting, event.request] })
    case 'request-left':
      return inviting(without(limit, event.request))
  }
}

/** Whether `request` finds a place now; else whether it may wait for one. */
export function placeOf(limit: Limit, request: string): 'free' | 'queue' | 'none' {
  if (
    limit.max === null ||
    limit.invited.includes(request) ||
    limit.inFlight + limit.invited.length < places(limit.max)
  )
    return 'free'
  // Who waits already keeps its place in the queue, however long the queue has become.
  if (limit.waiting.includes(request)) return 'queue'
  return limit.waiting.length < QUEUE_PER_PLACE * places(limit.max) ? 'queue' : 'none'
}

function ended(limit: Limit, event: Extract<LimitEvent, { type: 'attempt-ended' }>, nowMs: number): Limit {
  const { max, inFlight, decreasedMs } = limit
  const fewer = withInFlight(limit, Math.max(0, inFlight - 1))
  if (event.outcome === 'limited') {
    const isOld = decreasedMs !== null && event.startedMs < decreasedMs
    return isOld ? fewer : { ...fewer, max: Math.max(1, DECREASE * (max ?? inFlight)), decreasedMs: nowMs }
  }
  if (max === null || event.outcome === 'other') return fewer
  if (nowMs - (decreasedMs ?? 0) >= FORGET_MS) return { ...fewer, max: null }
  return inFlight > USED_MIN * max ? { ...fewer, max: max + 1 / max } : fewer
}

/** As many of the waiting as there are places. */
function inviting(limit: Limit): LimitStep {
  const { max, inFlight, waiting, invited } = limit
  if (waiting.length === 0) return { limit, effects: quiet }
  const free = max === null ? waiting.length : Math.max(0, places(max) - inFlight - invited.length)
  const woken = waiting.slice(0, free)
  if (woken.length === 0) return { limit, effects: quiet }
  return {
    limit: { ...limit, waiting: waiting.slice(free), invited: [...invited, ...woken] },
    effects: woken.map((request) => ({ type: 'wake', request })),
  }
}

/** Field by field: every attempt does this twice. */
function withInFlight({ max, waiting, invited, decreasedMs }: Limit, inFlight: number): Limit {
  return { max, inFlight, waiting, invited, decreasedMs }
}

function without(limit: Limit, request: string): Limit {
  const { waiting, invited } = limit
  if (!waiting.includes(request) && !invited.includes(request)) return limit
  return {
    ...limit,
    waiting: waiting.filter((other) => other !== request),
    invited: invited.filter((other) => other !== request),
  }
}

function places(max: number): number {
  return Math.max(1, Math.floor(max))
}

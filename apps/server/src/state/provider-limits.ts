import type { Provider } from '@lb/config'
import { type Limit, type LimitEvent, noLimit, type PlanCandidate, placeOf, stepLimit } from '@lb/router'
import { createLedger, type Ledger, type Wish } from '../keys/ledger.ts'
import type { WaitReason } from './waiting-room.ts'

/**
 * `providers[].limits`: what each provider is known to allow, all of its keys, models and clients together.
 *
 * What is used up belongs to the provider, not to a configuration: a reload changes what is allowed, and nothing that was
 * counted. An attempt that began before a limit was configured still holds its place.
 */
export interface ProviderLimits {
  /** What is left of a target's availability within the limits of its provider. */
  within(provider: string, asked: Asking, availability: Availability, nowMs: number): Availability
  started(provider: string, asked: Asked, nowMs: number): void
  /** @param counted tokens; `undefined`: nobody counted, so a success is believed to have used what was estimated. */
  ended(attempt: string, counted: number | undefined, isSuccess: boolean, nowMs: number): void
  /** A request waits for one of these, or ceases to. */
  waiting(candidates: readonly PlanCandidate[], request: string, why: WaitReason | null, nowMs: number): void
  /** Another configuration is in force: who waits may find more room in it. */
  changed(): void
  /** Forgets what the providers that are not kept have used up. */
  keep(isKept: (provider: string) => boolean): void
}

/** Who asks for room, and for how much. */
export interface Asking {
  readonly request: string
  /** Estimated. */
  readonly tokens: number
}

/** An attempt on behalf of a request. */
export interface Asked extends Asking {
  /** Its name over all requests. */
  readonly attempt: string
}

type Availability = PlanCandidate['availability']
type Full = Extract<Availability, { readonly kind: 'full' }>
type Limits = Partial<Provider['limits']>

interface Entry {
  places: Limit
  readonly ledger: Ledger
}

interface Ticket {
  readonly provider: string
  readonly entry: Entry
  readonly wish: Wish
}

/** When an open request ends nobody knows; those who may not wait in the queue look again after this. */
const PLACE_WAIT_MS = 1000

/**
 * @param wake a request finds a place now.
 * @param limitsOf what the configuration in force says.
 */
export function createProviderLimits(
  wake: (request: string) => void,
  limitsOf: (provider: string) => Limits,
): ProviderLimits {
  const entries = new Map<string, Entry>()
  const open = new Map<string, Ticket>()

  function entryOf(provider: string): Entry {
    const found = entries.get(provider)
    if (found !== undefined) return found
    // Providers have no budgets: what they cost is limited by whose keys are used.
    const fresh = { places: noLimit, ledger: createLedger(() => 0) }
    entries.set(provider, fresh)
    return fresh
  }

  function tell(provider: string, entry: Entry, event: LimitEvent, nowMs: number): void {
    const { limit, effects } = stepLimit(withMax(entry.places, limitsOf(provider)), event, nowMs)
    entry.places = limit
    for (const effect of effects) wake(effect.request)
  }

  return {
    within(provider, asked, availability, nowMs) {
      const entry = entries.get(provider)
      const full = entry === undefined ? undefined : fullness(entry, limitsOf(provider), asked, nowMs)
      return full === undefined ? availability : limitedBy(full, availability, nowMs)
    },
    started(provider, { request, attempt, tokens }, nowMs) {
      const entry = entryOf(provider)
      const wish: Wish = { kind: 'generate', tokens }
      open.set(attempt, { provider, entry, wish })
      entry.ledger.begin(wish, { nowMs, epochMs: 0 })
      tell(provider, entry, { type: 'attempt-started', request }, nowMs)
    },
    ended(attempt, counted, isSuccess, nowMs) {
      const ticket = open.get(attempt)
      if (ticket === undefined) return
      open.delete(attempt)
      const { provider, entry, wish } = ticket
      entry.ledger.end(wish, counted ?? (isSuccess ? wish.tokens : 0), { nowMs, epochMs: 0 })
      // How it ended says nothing about a limit that is given: nothing is learned here.
      tell(provider, entry, { type: 'attempt-ended', startedMs: nowMs, outcome: 'other' }, nowMs)
    },
    waiting(candidates, request, why, nowMs) {
      if (why !== 'queue' && why !== null) return
      const type = why === 'queue' ? 'request-queued' : 'request-left'
      for (const provider of new Set(candidates.map((candidate) => candidate.provider))) {
        const entry = entries.get(provider)
        const isQueue = why === null || limitsOf(provider).concurrency !== undefined
        if (entry !== undefined && isQueue) tell(provider, entry, { type, request }, nowMs)
      }
    },
    changed() {
      for (const { places } of entries.values()) for (const request of places.waiting) wake(request)
    },
    keep(isKept) {
      for (const provider of entries.keys()) if (!isKept(provider)) entries.delete(provider)
    },
  }
}

/** What stands in the way of one more attempt; `undefined`: nothing. */
function fullness(entry: Entry, limits: Limits, { request, tokens }: Asking, nowMs: number): Full | undefined {
  if (!isLimited(limits)) return undefined
  const { concurrency: _, ...rates } = limits
  const reached = entry.ledger.judge(rates, { kind: 'generate', tokens }, { nowMs, epochMs: 0 })
  if (reached !== undefined) return { kind: 'full', queue: true, firm: { opensAtMs: nowMs + reached.waitMs } }
  const place = placeOf(withMax(entry.places, limits), request)
  return place === 'free' ? undefined : { kind: 'full', queue: place === 'queue', firm: { opensAtMs: null } }
}

/** What a provider's limit makes of what health and the learned limit say. */
function limitedBy(limit: Full, availability: Availability, nowMs: number): Availability {
  if (availability.kind !== 'barred') return limit
  // It stays barred, and is not asked as a last resort while there is no room either.
  const opensAtMs = limit.firm?.opensAtMs ?? nowMs + PLACE_WAIT_MS
  const { lastResortAtMs, notBeforeMs } = availability
  if (lastResortAtMs === null) return availability
  return {
    ...availability,
    lastResortAtMs: Math.max(lastResortAtMs, opensAtMs),
    notBeforeMs: Math.max(notBeforeMs ?? 0, opensAtMs),
  }
}

function withMax(
  places: Limit,
  { concurrency: max = null }: { readonly concurrency?: number | null | undefined },
): Limit {
  return places.max === max ? places : { ...places, max }
}

function isLimited({ concurrency, requestsPerMinute, tokensPerMinute }: Limits): boolean {
  return concurrency !== undefined || requestsPerMinute !== undefined || tokensPerMinute !== undefined
}

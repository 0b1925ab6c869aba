import type { NodePath } from '@lb/health'
import { assertNever, type Failure, failureTable } from '@lb/protocol'
import {
  type Latency,
  type Limit,
  type LimitEvent,
  noLimit,
  type Outcome,
  observeLatency,
  placeOf,
  stepLimit,
} from '@lb/router'

/** How busy each target is, how fast it answers, and how much it may carry. By {@link RouteTarget.id}. */
export interface TargetBooks {
  inFlight(target: string): number
  /** Usual time to first token; `null` while nobody knows. */
  ttftMs(target: string): number | null
  /** Usual time to a whole answer; `null` while nobody knows. */
  wholeMs(target: string): number | null
  placeOf(target: string, request: string): 'free' | 'queue' | 'none'
  /** Tells a target's limit; calls `wake` for each request that now finds a place. */
  tellLimit(target: string, event: LimitEvent, nowMs: number): void
  observeTtft(target: string, ttftMs: number, nowMs: number): void
  observeWhole(target: string, tookMs: number, nowMs: number): void
  /** Forgets the targets that are not kept and not in use. */
  keep(isKept: (target: NodePath) => boolean): void
}

interface Entry {
  limit: Limit
  latency: Latency | null
  whole: Latency | null
}

/** Targets that nobody uses any more, of models that clients made up, must not fill the memory. */
const MAX_TARGETS = 5_000

export function createTargetBooks(wake: (request: string) => void): TargetBooks {
  const entries = new Map<string, Entry>()

  function entryOf(target: string): Entry {
    const found = entries.get(target)
    if (found !== undefined) return found
    if (entries.size >= MAX_TARGETS) forgetIdle(entries)
    const fresh: Entry = { limit: noLimit, latency: null, whole: null }
    entries.set(target, fresh)
    return fresh
  }

  return {
    inFlight: (target) => entries.get(target)?.limit.inFlight ?? 0,
    ttftMs: (target) => entries.get(target)?.latency?.ms ?? null,
    wholeMs: (target) => entries.get(target)?.whole?.ms ?? null,
    placeOf(target, request) {
      const limit = entries.get(target)?.limit
      return limit === undefined || limit.max === null ? 'free' : placeOf(limit, request)
    },
    tellLimit(target, event, nowMs) {
      const entry = entryOf(target)
      const { limit, effects } = stepLimit(entry.limit, event, nowMs)
      entry.limit = limit
      for (const effect of effects) wake(effect.request)
    },
    observeTtft(target, ttftMs, nowMs) {
      const entry = entryOf(target)
      entry.latency = observeLatency(entry.latency, ttftMs, nowMs)
    },
    observeWhole(target, tookMs, nowMs) {
      const entry = entryOf(target)
      entry.whole = observeLatency(entry.whole, tookMs, nowMs)
    },
    keep(isKept) {
      for (const [target, entry] of entries) if (isIdle(entry) && !isKept(pathOf(target))) entries.delete(target)
    },
  }
}

/** What an attempt's end means for its target's limit: only "too much" makes it smaller. */
export function limitOutcome(outcome: Exclude<Outcome, { kind: 'alive' }>): 'succeeded' | 'limited' | 'other' {
  switch (outcome.kind) {
    case 'succeeded':
      return 'succeeded'
    case 'failed':
      return saysTooMuch(outcome.failure) ? 'limited' : 'other'
    case 'abandoned':
      return 'other'
    default:
      return assertNever(outcome)
  }
}

function saysTooMuch({ kind }: Failure): boolean {
  const { aftermath } = failureTable[kind]
  return aftermath === 'overload' || kind === 'rate-limited'
}

function forgetIdle(entries: Map<string, Entry>): void {
  for (const [target, entry] of entries) if (isIdle(entry)) entries.delete(target)
}

function isIdle({ limit }: Entry): boolean {
  return limit.inFlight === 0 && limit.waiting.length === 0
}

/** The parts of a {@link RouteTarget.id}. */
function pathOf(target: string): NodePath {
  const [provider, credential, model]: string[] = JSON.parse(target)
  return { provider: provider ?? '', credential: credential ?? null, model: model ?? null }
}

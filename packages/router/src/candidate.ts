import type { OwnTimeouts } from './timeouts.ts'

/**
 * A target that is considered for one request, with everything that a decision about it needs. The server fills it in:
 * availability from health, in-flight counts and latency from its own books.
 */
export interface Candidate {
  /** Unique within the request: provider, credential and model in one text. */
  readonly id: string
  readonly provider: string
  /** Which credential, by a stable name that is no secret. */
  readonly credential: string
  /** The model as this provider is asked for it. */
  readonly model: string
  /** The client's own credential goes up: what it is refused for must not be paid with another one. */
  readonly passThrough: boolean
  /** Its provider's own; absent: those of the policy. */
  readonly timeouts?: OwnTimeouts
  /** Its usual time to the first token of a stream, peaks remembered; `null` or absent: nobody knows. */
  readonly ttftMs?: number | null
  /** Its usual time to a whole answer, in the same way. */
  readonly wholeMs?: number | null
  readonly availability: Availability
}

/**
 * May this candidate be used now? Health's answer, or that of the concurrency limit (`full`).
 */
export type Availability =
  /** Yes. `share` < 1: it recovers, and takes only so much of its usual traffic. */
  | { readonly kind: 'available'; readonly share: number }
  /** It was barred and is due: one request may find out. */
  | { readonly kind: 'probe' }
  | Full
  | Barred

/** At its limit. */
export interface Full {
  readonly kind: 'full'
  /** Whether a request may still wait for a place. */
  readonly queue: boolean
  /**
   * The limit is the operator's and is never passed, not even as a last resort; absent: we guessed it. `opensAtMs`: when
   * there is room again, on the monotonic clock; `null`: when another attempt ends.
   */
  readonly firm?: { readonly opensAtMs: number | null }
}

/** Not to be used, save as a last resort. */
export interface Barred {
  readonly kind: 'barred'
  /** A word for the record: `ejected`, `paused`, … */
  readonly reason: string
  /** A wait does not help: a dead credential, a missing model. */
  readonly hard: boolean
  /** When it is expected back, on the monotonic clock; `null`: nobody knows. */
  readonly untilMs: number | null
  /** The date that the upstream gave, if it gave one. */
  readonly notBeforeMs: number | null
  /** From when a request that has nothing else left may try it all the same; `null`: not at all. */
  readonly lastResortAtMs: number | null
}

/** A candidate that is not to be used, save as a last resort. */
export interface BarredCandidate extends Candidate {
  readonly availability: Barred
}

/** Whether the candidate is not to be used, save as a last resort. */
export function isBarred(candidate: Candidate): candidate is BarredCandidate {
  return candidate.availability.kind === 'barred'
}

/** Whether the candidate is at a limit that is never passed. */
export function isFirmlyFull({ availability }: Candidate): boolean {
  return availability.kind === 'full' && availability.firm !== undefined
}

/** Whether the candidate may be used without a second thought. */
export function isAvailable({ availability }: Candidate): boolean {
  return availability.kind === 'available'
}

/** Whether it may be used, if only to find out whether it works again. */
export function isReady({ availability: { kind } }: Candidate): boolean {
  return kind === 'available' || kind === 'probe'
}

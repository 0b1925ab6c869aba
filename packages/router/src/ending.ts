import { type Failure, type FailureKind, failureTable } from '@lb/protocol'
import type { Candidate } from './candidate.ts'
import type { Heard } from './choice.ts'
import type { Attempt, Ending, LoopState } from './loop-state.ts'

/**
 * How a request that cannot be answered ends, by what its client has seen.
 *
 * @param pick whose words count when `ours` is `null`; with `latest` nobody is asked as a last resort.
 */
export function endingOf(state: LoopState, ours: Failure | null, nowMs: number, pick: Heard = 'most-useful'): Ending {
  const best = ours === null ? mostUseful(pick === 'latest' ? state.attempts.slice(-1) : state.attempts) : undefined
  const failure = best?.failure ?? ours ?? nobodyUsable(state)
  const attempt = best?.attempt ?? null
  if (state.stage !== 'nothing') {
    // Whoever sends a dropped request again by itself would take an error event here for the end of its turn.
    const isSentAgain = state.client === 'retries-drops' && !state.blockDone && isWorthRetrying(failure)
    return isSentAgain ? { type: 'abort-client', failure } : { type: 'end-truthfully', attempt, failure }
  }
  return {
    type: 'give-up',
    attempt,
    failure,
    retryAfterMs:
      pick === 'latest' && best !== undefined ? (failure.retryAfterMs ?? null) : soonestReturnMs(state, nowMs, pick),
    shouldRetry: isWorthRetrying(failure),
  }
}

/** How a committed answer ends that broke. A block that was relayed whole must not be generated a second time. */
export function brokenEnding(state: LoopState, attempt: number, failure: Failure): Ending {
  if (state.client === 'retries-drops' && !state.blockDone) return { type: 'abort-client', failure }
  return { type: 'end-truthfully', attempt, failure }
}

/** The next candidate may know better, but the same request will fare no better here. */
const hopeless: ReadonlySet<FailureKind> = new Set<FailureKind>([
  'credits-exhausted',
  'usage-credits-required',
  'conversion-refused',
  'loop-detected',
])

/** Whether the client may send the same request again with some hope. */
export function isWorthRetrying({ kind }: Failure): boolean {
  const { act, aftermath, origin } = failureTable[kind]
  if (kind === 'no-candidate' || kind === 'deadline-exceeded' || kind === 'shutting-down') return true
  if (origin === 'downstream' || hopeless.has(kind)) return false
  return (act === 'next' || act === 'same') && aftermath !== 'down' && aftermath !== 'unsupported'
}

/**
 * The upstream's word that helps the client most: what is wrong with its own request, then what an upstream said about
 * its load or its health, then that nobody answered, then that its own credential was refused; what was wrong with a
 * credential of ours comes last. Among equals the first.
 */
function mostUseful(attempts: readonly Attempt[]): { readonly attempt: number; readonly failure: Failure } | undefined {
  let best: { readonly attempt: number; readonly failure: Failure } | undefined
  for (const { attempt, failure } of attempts) {
    if (failure !== null && (best === undefined || usefulness(failure) > usefulness(best.failure)))
      best = { attempt, failure }
  }
  return best
}

function usefulness({ kind, status }: Failure): number {
  const { act, origin, scope } = failureTable[kind]
  // It was answered by another try; what came of that is the news.
  if (act === 'mend') return 1
  // Whoever was asked before needed none of the client's: that it is good for nothing here must not look like the reason.
  if (kind === 'client-credential-rejected') return 1.5
  if (origin === 'downstream') return 4
  const isOurs = scope === 'credential' || origin === 'internal'
  return (isOurs ? 0 : 2) + (status === undefined ? 0 : 1)
}

/** Nothing was ever tried: say what the candidates wait for, if it is one thing. */
function nobodyUsable({ candidates }: LoopState): Failure {
  const reasons = new Set(
    candidates.map(({ availability }) => {
      if (availability.kind === 'full') return availability.firm?.opensAtMs == null ? 'full' : 'paused'
      return availability.kind === 'barred' ? availability.reason : availability.kind
    }),
  )
  const [only] = reasons
  if (reasons.size === 1 && only === 'paused')
    return { kind: 'rate-limited', message: 'every candidate is rate limited' }
  if (reasons.size === 1 && (only === 'overloaded' || only === 'full'))
    return { kind: 'overloaded', message: 'every candidate is at its capacity' }
  return { kind: 'no-candidate', message: 'no candidate is usable' }
}

/** A guess of ours is no reason to come back sooner than this. */
const GUESS_MIN_MS = 1_000

/** When it is worth asking again; `null` when nobody said, or one of the candidates is usable as it is. */
function soonestReturnMs({ candidates }: LoopState, nowMs: number, pick: Heard): number | null {
  const dates = candidates.map((candidate) => returnMs(candidate, nowMs, pick))
  const known = dates.filter((date) => typeof date === 'number')
  if (dates.includes(undefined) || known.length === 0) return null
  return Math.max(0, Math.min(...known) - nowMs)
}

/** On the monotonic clock; `null`: nobody knows; `undefined`: it is usable. */
function returnMs({ availability }: Candidate, nowMs: number, pick: Heard): number | null | undefined {
  if (availability.kind === 'full') return availability.firm?.opensAtMs
  if (availability.kind !== 'barred') return undefined
  const { notBeforeMs, untilMs, hard, lastResortAtMs } = availability
  // An upstream's own date is passed on as it is, not our backoff on top of it.
  if (notBeforeMs !== null) return notBeforeMs
  if (hard || lastResortAtMs === null || untilMs === null || pick === 'latest') return untilMs
  // How long we would spare it for others is nothing to a client: some give up when they are told to wait for a minute.
  return Math.min(untilMs, Math.max(lastResortAtMs, nowMs + GUESS_MIN_MS))
}

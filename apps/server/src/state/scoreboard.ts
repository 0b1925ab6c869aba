import { type FailureKind, failureTable } from '@lb/protocol'
import { type Latency, type Outcome, observeLatency } from '@lb/router'
import type { Clock } from '../clock.ts'
import type { RequestObserver } from '../telemetry/observer.ts'

/**
 * How each provider and each of its credentials has been doing: what an operator asks when looking at `/providers`. It only
 * watches; decisions are made by health and router from their own state.
 */
export interface Scoreboard {
  readonly observer: RequestObserver
  /** `credential` absent: the provider as a whole. */
  score(provider: string, credential?: string): Score
  /** Forgets what is gone, or stands for something else now. Attempts on their way are still counted. */
  forget(provider: string, credential: string | null): void
  /** Every provider and credential with a score. */
  names(): readonly { readonly provider: string; readonly credential: string }[]
}

/** One row. */
export interface Score {
  /** Attempts on their way now. */
  readonly inFlight: number
  /** Usual time to first token (jumps to a peak, forgets in a minute); `null` while nobody knows. */
  readonly ttftMs: number | null
  /** Successes among the results of the last minutes, in [0, 1]; `null` without results. */
  readonly successRatio: number | null
  readonly successes: number
  readonly failures: number
  /** The last failure that was the upstream's own; wall clock. */
  readonly lastFailure: {
    readonly kind: FailureKind
    readonly status: number | null
    readonly atEpochMs: number
  } | null
}

interface Row {
  inFlight: number
  latency: Latency | null
  /** Weights of results that fade, and when they were true. */
  good: number
  bad: number
  atMs: number
  successes: number
  failures: number
  lastFailure: Score['lastFailure']
}

/** Results fade with this time constant: the ratio speaks about the last five minutes or so. */
const FADE_MS = 300_000
/** A weight that counts for nothing any more. */
const FADED = 0.001

interface Board {
  whole: Row
  readonly credentials: Map<string, Row>
}

export function createScoreboard(clock: Clock): Scoreboard {
  const boards = new Map<string, Board>()

  function rowsOf(provider: string, credential: string): readonly [Row, Row] {
    const board: Board = boards.get(provider) ?? { whole: freshRow(clock.nowMs()), credentials: new Map() }
    boards.set(provider, board)
    const row = board.credentials.get(credential) ?? freshRow(clock.nowMs())
    board.credentials.set(credential, row)
    return [board.whole, row]
  }

  return {
    observer: {
      attemptStarted({ candidate }) {
        for (const row of rowsOf(candidate.provider, candidate.credential)) row.inFlight += 1
      },
      attemptReported({ candidate, outcome, nowMs }) {
        for (const row of rowsOf(candidate.provider, candidate.credential)) record(row, outcome, nowMs, clock)
      },
    },
    score(provider, credential) {
      const board = boards.get(provider)
      const row = credential === undefined ? board?.whole : board?.credentials.get(credential)
      return scoreOf(row ?? freshRow(0), clock.nowMs())
    },
    forget(provider, credential) {
      const board = boards.get(provider)
      if (board === undefined) return
      for (const [name, row] of board.credentials) {
        if (credential !== null && name !== credential) continue
        if (row.inFlight === 0) board.credentials.delete(name)
        else board.credentials.set(name, { ...freshRow(clock.nowMs()), inFlight: row.inFlight })
      }
      if (credential === null) board.whole = { ...freshRow(clock.nowMs()), inFlight: board.whole.inFlight }
      if (board.credentials.size === 0) boards.delete(provider)
    },
    names: () =>
      [...boards].flatMap(([provider, { credentials }]) =>
        [...credentials.keys()].map((credential) => ({ provider, credential })),
      ),
  }
}

function freshRow(atMs: number): Row {
  return { inFlight: 0, latency: null, good: 0, bad: 0, atMs, successes: 0, failures: 0, lastFailure: null }
}

function record(row: Row, outcome: Outcome, nowMs: number, clock: Clock): void {
  if (outcome.kind === 'alive') {
    row.latency = observeLatency(row.latency, outcome.ttftMs, nowMs)
    return
  }
  row.inFlight = Math.max(0, row.inFlight - 1)
  if (outcome.kind === 'succeeded') {
    fade(row, nowMs)
    row.good += 1
    row.successes += 1
  } else if (outcome.kind === 'failed' && failureTable[outcome.failure.kind].origin === 'upstream') {
    fade(row, nowMs)
    row.bad += 1
    row.failures += 1
    const { kind, status } = outcome.failure
    row.lastFailure = { kind, status: status ?? null, atEpochMs: clock.epochMs() }
  }
}

function fade(row: Row, nowMs: number): void {
  const keep = Math.exp(-Math.max(0, nowMs - row.atMs) / FADE_MS)
  row.good *= keep
  row.bad *= keep
  row.atMs = nowMs
}

function scoreOf(row: Row, nowMs: number): Score {
  const { inFlight, latency, successes, failures, lastFailure } = row
  const weight = (row.good + row.bad) * Math.exp(-Math.max(0, nowMs - row.atMs) / FADE_MS)
  return {
    inFlight,
    ttftMs: latency?.ms ?? null,
    successRatio: weight < FADED ? null : row.good / (row.good + row.bad),
    successes,
    failures,
    lastFailure,
  }
}

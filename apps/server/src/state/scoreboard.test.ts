import type { Failure } from '@lb/protocol'
import type { Outcome, PlanCandidate } from '@lb/router'
import { describe, expect, test } from 'vitest'
import type { ClientRequest } from '../ingress/client-request.ts'
import { createScoreboard, type Scoreboard } from './scoreboard.ts'

/** A scoreboard with a clock that is set by hand. */
function board() {
  const now = { ms: 0 }
  const scores = createScoreboard({ nowMs: () => now.ms, epochMs: () => 1_700_000_000_000 + now.ms })
  return { now, scores, ...told(scores, now) }
}

function told({ observer }: Scoreboard, now: { readonly ms: number }) {
  const candidate = { provider: 'p', credential: 'k', model: 'm', id: 'p/k/m' } as PlanCandidate
  const request = { id: 'r' } as ClientRequest
  return {
    started: () => observer.attemptStarted?.({ request, attempt: 1, candidate }),
    reported: (outcome: Outcome) =>
      observer.attemptReported?.({ request, attempt: 1, candidate, startedMs: 0, outcome, nowMs: now.ms }),
  }
}

const failure: Failure = { kind: 'server-error', message: 'HTTP 500', status: 500 }

describe('a score', () => {
  test('of somebody who was never asked knows nothing', () => {
    expect(board().scores.score('p')).toEqual({
      inFlight: 0,
      ttftMs: null,
      successRatio: null,
      successes: 0,
      failures: 0,
      lastFailure: null,
    })
  })

  test('counts attempts on their way, results and the time to the first token, for the provider and its key', () => {
    const { scores, started, reported } = board()
    started()
    started()
    reported({ kind: 'alive', ttftMs: 120 })
    reported({ kind: 'succeeded' })
    const expected = { inFlight: 1, ttftMs: 120, successRatio: 1, successes: 1, failures: 0 }
    expect(scores.score('p')).toMatchObject(expected)
    expect(scores.score('p', 'k')).toMatchObject(expected)
    expect(scores.score('p', 'other')).toMatchObject({ inFlight: 0, successes: 0 })
  })

  test('names the last failure of the upstream’s own', () => {
    const { scores, started, reported } = board()
    started()
    reported({ kind: 'failed', failure })
    started()
    reported({ kind: 'failed', failure: { kind: 'invalid-request', message: 'HTTP 400', status: 400 } })
    started()
    reported({ kind: 'abandoned' })
    expect(scores.score('p')).toMatchObject({
      inFlight: 0,
      failures: 1,
      lastFailure: { kind: 'server-error', status: 500, atEpochMs: 1_700_000_000_000 },
    })
  })

  test('speaks of the last minutes: old results fade', () => {
    const { now, scores, started, reported } = board()
    for (let count = 0; count < 10; count++) {
      started()
      reported({ kind: 'failed', failure })
    }
    now.ms += 30 * 60_000
    started()
    reported({ kind: 'succeeded' })
    expect(scores.score('p').successRatio).toBeGreaterThan(0.95)
    now.ms += 24 * 3_600_000
    expect(scores.score('p')).toMatchObject({ successRatio: null, successes: 1, failures: 10 })
  })

  test('is forgotten, but not the attempts on their way', () => {
    const { scores, started, reported } = board()
    started()
    started()
    reported({ kind: 'failed', failure })
    scores.forget('p', null)
    expect(scores.score('p')).toMatchObject({ inFlight: 1, failures: 0, lastFailure: null })
    reported({ kind: 'succeeded' })
    scores.forget('p', null)
    expect(scores.names()).toEqual([])
  })

  test('of a key can be forgotten alone', () => {
    const { scores, started, reported } = board()
    started()
    reported({ kind: 'failed', failure })
    scores.forget('p', 'k')
    expect(scores.names()).toEqual([])
  })
})

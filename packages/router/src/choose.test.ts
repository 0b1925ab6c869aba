import type { FailureKind } from '@lb/protocol'
import { describe, expect, test } from 'vitest'
import type { Candidate } from './candidate.ts'
import { choose } from './choose.ts'
import { barred, candidate, Driven, due } from './testing/driven.ts'

const first = (loop: Driven): string | undefined => loop.begin().at(-1)
const next = (
  loop: Driven,
  attempt: number,
  kind: FailureKind = 'server-error',
  atMs = 10 * attempt,
): string | undefined => loop.fail(atMs, attempt, kind).at(-1)
const begun = (candidates: readonly Candidate[], policy = {}): Driven => {
  const loop = new Driven(candidates, policy)
  loop.begin()
  return loop
}

describe('the first choice', () => {
  test('is the first that is available', () => {
    expect(first(new Driven([candidate('a', { availability: barred() }), candidate('b')]))).toBe('start 1 b first')
    expect(first(new Driven([candidate('a', { availability: { kind: 'full', queue: true } }), candidate('b')]))).toBe(
      'start 1 b first',
    )
  })

  test('is a probe in its natural place, if somebody available stands behind it', () => {
    const probe = candidate('a', { availability: due })
    expect(first(new Driven([probe, candidate('b')]))).toBe('start 1 a probe')
    expect(first(new Driven([candidate('b'), probe]))).toBe('start 1 b first')
    expect(first(new Driven([probe, candidate('b', { availability: barred() })]))).toBe('start 1 a probe')
    expect(first(new Driven([probe, candidate('b', { availability: due })]))).toBe('start 1 a probe')
  })

  test('costs nothing, not even as a last resort', () => {
    const loop = new Driven([candidate('a', { availability: barred() })])
    loop.retryTokens = 0
    expect(loop.begin()).toEqual(['start 1 a last-resort'])
  })
})

describe('the next choice', () => {
  test('is untried and available, and free', () => {
    const loop = begun([candidate('a'), candidate('b'), candidate('c')])
    loop.retryTokens = 0
    expect(loop.fail(5, 1, 'server-error')).toEqual(['report 1 failed server-error', 'look', 'start 2 b failover'])
    expect(next(loop, 2)).toBe('start 3 c failover')
  })

  test('passes over a probe while anybody is available', () => {
    const loop = begun([candidate('a'), candidate('b', { availability: due }), candidate('c')])
    expect(next(loop, 1)).toBe('start 2 c failover')
    expect(next(loop, 2)).toBe('start 3 b probe')
  })

  test('is the repetition of a candidate whose upstream gave a date only when that is over', () => {
    const loop = begun([candidate('a'), candidate('b')])
    loop.change('a', barred({ notBeforeMs: 9_000, lastResortAtMs: 9_000 }))
    expect(next(loop, 1, 'stale-connection')).toBe('start 2 b failover')
    const over = begun([candidate('a'), candidate('b')])
    over.change('a', barred({ notBeforeMs: 10 }))
    expect(next(over, 1, 'stale-connection')).toBe('start 2 a again fresh')
    const undated = begun([candidate('a'), candidate('b')])
    undated.change('a', barred({ lastResortAtMs: 9_000 }))
    expect(next(undated, 1, 'stale-connection')).toBe('start 2 a again fresh')
    const gone = begun([candidate('a'), candidate('b')])
    gone.candidates = [candidate('b')]
    expect(next(gone, 1, 'stale-connection')).toBe('start 2 b failover')
  })
})

describe('candidates that share the fault', () => {
  const key = (id: string, provider: string, credential: string, model = 'm'): Candidate =>
    candidate(id, { provider, credential, model })

  test.each<[FailureKind, string[]]>([
    ['server-error', ['q', 'p2', 'p1b']],
    ['overloaded', ['p1b', 'q', 'p2']],
    ['credential-rejected', ['p2', 'q', 'p1b']],
    ['rate-limited', ['p2', 'p1b', 'q']],
    ['request-conflict', ['p2', 'p1b', 'q']],
  ])('of %s go last', (kind, order) => {
    const loop = begun([key('p1', 'p', '1'), key('p2', 'p', '2'), key('p1b', 'p', '1', 'other'), key('q', 'q', '1')])
    const starts = [next(loop, 1, kind)]
    for (const attempt of [2, 3]) starts.push(next(loop, attempt, 'request-conflict'))
    expect(starts.map((line) => line?.split(' ')[2])).toEqual(order)
  })

  test('cost a retry, and are left out when there is none', () => {
    const keys = [key('p1', 'p', '1'), key('p2', 'p', '2')]
    expect(begun(keys).fail(5, 1, 'server-error').slice(2)).toEqual(['spend-budget', 'start 2 p2 failover'])
    const poor = begun(keys, { roundsMax: 1 })
    poor.retryTokens = 0
    expect(next(poor, 1)).toBe('give-up 1 server-error null true')
  })

  test('are found through any earlier attempt, also when its candidate is not offered any more', () => {
    const loop = begun([key('p1', 'p', '1'), key('q', 'q', '1'), key('p2', 'p', '2'), key('r', 'r', '1')])
    next(loop, 1)
    expect(next(loop, 2, 'request-conflict')).toBe('start 3 r failover')
    const gone = begun([key('p1', 'p', '1'), key('p2', 'p', '2')])
    gone.candidates = [key('p2', 'p', '2')]
    expect(gone.fail(5, 1, 'server-error').slice(2)).toEqual(['start 2 p2 failover'])
  })
})

test('an attempt that was not judged speaks against nobody', () => {
  const loop = begun([candidate('p1', { provider: 'p' }), candidate('p2', { provider: 'p' })])
  const chosen = choose({ ...loop.state, retryTokens: 0 }, null, false, { nowMs: 5, roll: 0 }, loop.policy)
  expect(chosen).toMatchObject({ next: 'start', cost: 0, candidate: { id: 'p2' } })
})

describe('a last resort', () => {
  test('is the barred candidate that is expected back first', () => {
    const late = candidate('a', { availability: barred({ untilMs: 9_000 }) })
    const soon = candidate('b', { availability: barred({ untilMs: 1_000 }) })
    const unknown = candidate('c', { availability: barred({ untilMs: null }) })
    const loop = new Driven([unknown, late, soon])
    expect(first(loop)).toBe('start 1 b last-resort')
    expect(loop.fail(5, 1, 'server-error').slice(2)).toEqual(['spend-budget', 'start 2 a last-resort'])
    expect(next(loop, 2)).toBe('start 3 c last-resort')
  })

  test('is not one that is closed to it yet, nor one that is closed for good', () => {
    const open = candidate('c', { availability: barred() })
    const gated = candidate('a', { availability: barred({ untilMs: 1, lastResortAtMs: 5 }) })
    const switched = candidate('b', { availability: barred({ untilMs: 2, lastResortAtMs: null }) })
    expect(first(new Driven([gated, switched, open]))).toBe('start 1 c last-resort')
  })

  test('is a dead credential only if nobody else comes back in time', () => {
    const dead = candidate('a', { availability: barred({ hard: true, reason: 'down' }) })
    expect(first(new Driven([dead, candidate('b', { availability: barred() })]))).toBe('start 1 b last-resort')
    const soon = candidate('b', { availability: barred({ lastResortAtMs: 29_999 }) })
    expect(first(new Driven([dead, soon]))).toBeUndefined()
    const tomorrow = candidate('b', { availability: barred({ lastResortAtMs: 30_000, notBeforeMs: 30_000 }) })
    expect(first(new Driven([dead, tomorrow]))).toBe('start 1 a last-resort')
  })

  test('needs a retry from the budget once something was tried', () => {
    const loop = begun([candidate('a'), candidate('b', { availability: barred() })], { roundsMax: 1 })
    loop.retryTokens = 0
    expect(loop.fail(5, 1, 'server-error').slice(2)).toEqual([])
    expect(loop.state.phase).toMatchObject({ kind: 'waiting', why: 'hold' })
  })
})

describe('a candidate at its limit', () => {
  const full = (id: string, queue = true): Candidate => candidate(id, { availability: { kind: 'full', queue } })

  test('is waited for, but not when another is free', () => {
    const loop = begun([full('a')])
    expect(loop.state.phase).toEqual({ kind: 'waiting', why: 'queue', untilMs: 5_000 })
    expect(loop.change('a', { kind: 'available', share: 1 }).look(100)).toEqual(['start 1 a first'])
    expect(first(new Driven([full('a'), candidate('b', { availability: due })]))).toBe('start 1 b probe')
    expect(first(new Driven([full('a'), candidate('b', { availability: barred() })]))).toBe('start 1 b last-resort')
  })

  test('is asked all the same after 5 s, or when its queue is full: our limit is a guess', () => {
    expect(begun([full('a')]).wait()).toEqual(['look', 'start 1 a last-resort'])
    expect(first(new Driven([full('a', false)]))).toBe('start 1 a last-resort')
    const mixed = begun([full('a', false), full('b')])
    expect(mixed.state.phase).toMatchObject({ why: 'queue' })
    expect(mixed.wait()).toEqual(['look', 'start 1 a last-resort'])
  })

  test('keeps one waiting time over several looks', () => {
    const loop = begun([full('a')])
    expect(loop.look(3_000)).toEqual([])
    expect(loop.state.phase).toMatchObject({ untilMs: 5_000 })
  })

  const firm = (id: string, opensAtMs: number | null, queue = true): Candidate =>
    candidate(id, { availability: { kind: 'full', queue, firm: { opensAtMs } } })

  test('that the operator gave is never asked beyond it: the client is told to come back', () => {
    const loop = begun([firm('a', null)])
    expect(loop.state.phase).toEqual({ kind: 'waiting', why: 'queue', untilMs: 5_000 })
    expect(loop.wait()).toEqual(['look', 'give-up null overloaded null true'])
    expect(first(new Driven([firm('a', null, false)]))).toBe('give-up null overloaded null true')
    expect(first(new Driven([firm('a', null, false), full('b', false)]))).toBe('start 1 b last-resort')
  })

  test('that opens at a known time is waited for until then, if that is soon', () => {
    const loop = begun([firm('a', 800), firm('b', 60_000)])
    expect(loop.state.phase).toEqual({ kind: 'waiting', why: 'queue', untilMs: 800 })
    loop.change('a', { kind: 'available', share: 1 })
    expect(loop.wait()).toEqual(['look', 'start 1 a first'])
    expect(first(new Driven([firm('a', 40_000), firm('b', 60_000)]))).toBe('give-up null rate-limited 40000 true')
    expect(begun([firm('a', 0)]).state.phase).toMatchObject({ untilMs: 20 })
  })

  test('that the operator gave is not passed by a repetition either', () => {
    const loop = begun([candidate('a'), candidate('b')])
    loop.change('a', { kind: 'full', queue: true, firm: { opensAtMs: null } })
    expect(loop.fail(5, 1, 'stale-connection').at(-1)).toBe('start 2 b failover')
  })

  test('costs a retry after a failure', () => {
    const loop = begun([candidate('x'), full('a', false)])
    expect(loop.fail(5, 1, 'server-error').slice(2)).toEqual(['spend-budget', 'start 2 a last-resort'])
    const poor = begun([candidate('x'), full('a', false)], { roundsMax: 1 })
    poor.retryTokens = 0
    expect(next(poor, 1)).toBe('give-up 1 server-error null true')
  })
})

describe('another round', () => {
  test('comes after a sleep of at most base·2^round, when everybody had a turn', () => {
    const loop = begun([candidate('a'), candidate('b')])
    next(loop, 1)
    expect(next(loop, 2)).toBe('look')
    expect(loop.state).toMatchObject({ phase: { kind: 'waiting', why: 'backoff', untilMs: 520 }, round: 2, tried: [] })
    expect(loop.wait()).toEqual(['look', 'spend-budget', 'start 3 a round'])
    expect(loop.fail(600, 3, 'server-error').slice(2)).toEqual(['spend-budget', 'start 4 b round'])
    expect(next(loop, 4, 'server-error', 700)).toBe('give-up 1 server-error null true')
  })

  test('where requests do not wait, comes so soon that the error is there within a second', () => {
    const loop = begun([candidate('a')], { holdMaxMs: 0 })
    loop.roll = 0.999
    loop.fail(100, 1, 'server-error')
    expect(loop.state.phase).toMatchObject({ why: 'backoff', untilMs: 100 + 0.999 * 800 })
    const slow = begun([candidate('a')], { holdMaxMs: 0 })
    expect(slow.fail(500, 1, 'server-error').at(-1)).toBe('give-up 1 server-error null true')
    const patient = begun([candidate('a')])
    patient.roll = 0.999
    patient.fail(500, 1, 'server-error')
    expect(patient.state.phase).toMatchObject({ untilMs: 1_499 })
  })

  test('sleeps no longer than the cap', () => {
    const loop = begun([candidate('a')], { backoffMaxMs: 100 })
    next(loop, 1)
    expect(loop.state.phase).toMatchObject({ untilMs: 60 })
  })

  test('does not begin in a request that has waited long enough', () => {
    const old = begun([candidate('a')])
    expect(next(old, 1, 'server-error', 8_000)).toBe('give-up 1 server-error null true')
    const young = begun([candidate('a')])
    next(young, 1, 'server-error', 7_999)
    expect(young.state.phase).toMatchObject({ why: 'backoff' })
  })

  test('waits for a bar that opens within its sleep, not for one that does not', () => {
    const loop = begun([candidate('a')])
    loop.change('a', barred({ lastResortAtMs: 900 }))
    loop.fail(10, 1, 'server-error')
    expect(loop.state.phase).toMatchObject({ why: 'backoff', untilMs: 900 })
    const late = begun([candidate('a')])
    late.change('a', barred({ lastResortAtMs: 1_011 }))
    expect(next(late, 1)).toBe('give-up 1 server-error 1001 true')
    const hard = begun([candidate('a')])
    hard.change('a', barred({ hard: true }))
    expect(next(hard, 1)).toBe('give-up 1 server-error 4990 true')
    const busy = begun([candidate('a')])
    busy.change('a', { kind: 'full', queue: true })
    expect(next(busy, 1)).toBe('give-up 1 server-error null true')
  })

  test('needs a retry, and a bill that is not full', () => {
    const poor = begun([candidate('a')])
    poor.retryTokens = 0
    expect(next(poor, 1)).toBe('give-up 1 server-error null true')
    const billed = begun([candidate('a'), candidate('b')])
    for (const attempt of [1, 2]) {
      billed.tell(attempt, { type: 'response-started', attempt })
      next(billed, attempt, 'stream-cut')
    }
    expect(billed.state.phase).toEqual({ kind: 'over', end: 'gave-up' })
  })

  test('is not for those who were never asked: they go at once', () => {
    const loop = begun([candidate('a')])
    next(loop, 1)
    expect(loop.look(50)).toEqual([])
    loop.candidates = [candidate('a'), candidate('b')]
    expect(loop.look(60)).toEqual(['spend-budget', 'start 2 a round'])
  })
})

describe('the caps', () => {
  const many = (count: number): Candidate[] => Array.from({ length: count }, (_, i) => candidate(`c${i}`))

  test('six attempts are the most', () => {
    const loop = begun(many(9))
    for (const attempt of [1, 2, 3, 4, 5]) expect(next(loop, attempt)).toBe(`start ${attempt + 1} c${attempt} failover`)
    expect(loop.state.phase).toMatchObject({ backup: false })
    expect(next(loop, 6)).toBe('give-up 1 server-error null true')
  })

  test('after two that may have been billed only an untried, available candidate is asked, and only one', () => {
    const loop = begun(many(4))
    for (const attempt of [1, 2, 3]) loop.tell(attempt, { type: 'response-started', attempt })
    const bill = (attempt: number): string | undefined => {
      loop.tell(10 * attempt - 5, { type: 'response-started', attempt })
      return next(loop, attempt, 'stream-cut')
    }
    expect([bill(1), bill(2), bill(3)]).toEqual([
      'start 2 c1 failover',
      'start 3 c2 failover',
      'give-up 1 stream-cut null true',
    ])
    const last = begun([...many(2), candidate('x', { availability: barred() })])
    for (const attempt of [1, 2]) {
      last.tell(10 * attempt - 5, { type: 'response-started', attempt })
      next(last, attempt, 'stream-cut')
    }
    expect(last.state.phase).toEqual({ kind: 'over', end: 'gave-up' })
  })

  test('a stale connection is not repeated beyond the bill', () => {
    const loop = begun(many(4))
    for (const attempt of [1, 2]) {
      loop.tell(10 * attempt - 5, { type: 'response-started', attempt })
      next(loop, attempt, 'stream-cut')
    }
    expect(next(loop, 3, 'stale-connection')).toBe('start 4 c2 again fresh')
    loop.tell(35, { type: 'response-started', attempt: 4 })
    expect(next(loop, 4, 'stream-cut')).toBe('give-up 1 stream-cut null true')
  })

  test('nothing is started at or after the deadline', () => {
    const loop = new Driven(many(2))
    loop.begin({ timeoutMs: 10 })
    expect(next(loop, 1, 'server-error', 10)).toBe('give-up null deadline-exceeded null true')
  })
})

describe('failover_policy: threshold', () => {
  const threshold = { failover: 'threshold' } as const

  test('shows an error to the client that did not make its target unhealthy', () => {
    const loop = begun([candidate('a'), candidate('b')], threshold)
    expect(next(loop, 1)).toBe('give-up 1 server-error null true')
    const busy = begun([candidate('a'), candidate('b')], threshold)
    busy.change('a', { kind: 'full', queue: true })
    expect(next(busy, 1)).toBe('give-up 1 server-error null true')
  })

  test('goes on when it did, each candidate once, without a wait', () => {
    const loop = begun([candidate('a'), candidate('b', { availability: due }), candidate('c')], threshold)
    loop.retryTokens = 0
    expect(loop.change('a', barred()).fail(5, 1, 'server-error').slice(2)).toEqual(['start 2 b probe'])
    loop.change('b', barred())
    expect(next(loop, 2)).toBe('start 3 c failover')
    loop.change('c', barred())
    expect(next(loop, 3)).toBe('give-up null no-candidate 4970 true')
  })

  test('ends when more attempts may have been billed than are allowed', () => {
    const loop = begun(
      ['a', 'b', 'c', 'd'].map((id) => candidate(id)),
      { ...threshold, paidMax: 1 },
    )
    const broken = (attempt: number, id: string): string | undefined => {
      loop.tell(attempt, { type: 'response-started', attempt })
      loop.change(id, barred())
      return loop.fail(attempt, attempt, 'stream-idle').at(-1)
    }
    expect(broken(1, 'a')).toBe('start 2 b failover')
    expect(broken(2, 'b')).toBe('give-up 2 stream-idle null true')
  })

  test('has no last resort', () => {
    expect(first(new Driven([candidate('a', { availability: barred() })], threshold))).toBe(
      'give-up null no-candidate 5000 true',
    )
  })

  test('repeats nothing that was renewed beyond once', () => {
    const loop = begun([candidate('a'), candidate('b')], threshold)
    loop.fail(5, 1, 'credential-expired')
    expect(loop.tell(9, { type: 'refreshed', candidate: 'a', failure: null })).toContain('start 2 a again')
    const gone = begun([candidate('a')], threshold)
    gone.candidates = []
    expect(next(gone, 1)).toBe('give-up null no-candidate null true')
  })
})

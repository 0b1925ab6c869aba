import { type Failure, type FailureKind, failureKinds } from '@lb/protocol'
import { describe, expect, test } from 'vitest'
import { brokenEnding, endingOf, isWorthRetrying } from './ending.ts'
import { type LoopState, newLoop } from './loop-state.ts'
import { available, barred, candidate } from './testing/driven.ts'

const failure = (kind: FailureKind, status?: number): Failure => ({
  kind,
  message: kind,
  ...(status === undefined ? {} : { status }),
})
function tried(...failures: (Failure | null)[]): LoopState {
  const attempts = failures.map((one, index) => ({
    attempt: index + 1,
    candidate: `c${index}`,
    round: 1,
    why: 'first' as const,
    startedMs: 0,
    paid: false,
    endedMs: 0,
    outcome: 'failed' as const,
    failure: one,
  }))
  return { ...newLoop, attempts }
}
const whose = (...failures: (Failure | null)[]): number | null => {
  const ending = endingOf(tried(...failures), null, 0)
  return ending.type === 'give-up' ? ending.attempt : Number.NaN
}

describe('when all fail, the client hears', () => {
  test('what is wrong with its own request before everything else', () => {
    expect(whose(failure('server-error', 500), failure('invalid-request', 400))).toBe(2)
  })

  test('what came of another try before a signature that was refused in the first', () => {
    expect(whose(failure('signature-rejected', 400), failure('overloaded', 529))).toBe(2)
    expect(whose(failure('signature-rejected', 400), failure('credential-rejected'))).toBe(1)
  })

  test('an upstream that answered before one that did not', () => {
    expect(whose(failure('connect-failed'), failure('server-error', 500))).toBe(2)
    expect(whose(failure('server-error', 500), failure('connect-failed'))).toBe(1)
  })

  test('nothing of our credentials while there is anything else to say', () => {
    expect(whose(failure('credential-rejected', 401), failure('connect-failed'))).toBe(2)
    expect(whose(failure('credits-exhausted', 402), failure('overloaded', 529))).toBe(2)
    expect(whose(failure('login-required'), failure('credential-rejected', 401))).toBe(2)
    expect(whose(failure('internal-error'), failure('connection-reset'))).toBe(2)
  })

  test('that its own credential was refused, unless somebody who needed none of it failed before', () => {
    const refused = failure('client-credential-rejected', 401)
    expect(whose(refused)).toBe(1)
    expect(whose(failure('overloaded', 529), refused)).toBe(1)
    expect(whose(failure('connect-failed'), refused)).toBe(1)
    expect(whose(failure('credential-rejected', 401), refused)).toBe(2)
  })

  test('the first among equals', () => {
    expect(whose(failure('overloaded', 529), failure('server-error', 500))).toBe(1)
    expect(whose(null, failure('rate-limited', 429), null, failure('overloaded', 529))).toBe(2)
  })

  test('our own words when nobody said anything, or when the reason is ours', () => {
    expect(endingOf(newLoop, null, 0)).toMatchObject({ attempt: null, failure: { kind: 'no-candidate' } })
    const deadline = failure('deadline-exceeded')
    expect(endingOf(tried(failure('overloaded', 529)), deadline, 0)).toMatchObject({ attempt: null, failure: deadline })
  })
})

describe('a status is given while nothing was sent; after that an event', () => {
  test.each(['preamble', 'opening', 'content'] as const)('%s', (stage) => {
    expect(endingOf({ ...tried(failure('overloaded', 529)), stage }, null, 0)).toEqual({
      type: 'end-truthfully',
      attempt: 1,
      failure: failure('overloaded', 529),
    })
  })
})

describe('a client that sends a dropped request again is dropped before a whole block', () => {
  const ends = (kind: FailureKind, more: Partial<LoopState>): string =>
    endingOf({ ...tried(failure(kind)), client: 'retries-drops', ...more }, null, 0).type

  test.each(['preamble', 'opening', 'content'] as const)('%s', (stage) => {
    expect(ends('overloaded', { stage })).toBe('abort-client')
    expect(ends('overloaded', { stage, blockDone: true })).toBe('end-truthfully')
  })

  test('but not when the same request would fail again, nor while a status is free', () => {
    expect(ends('invalid-request', { stage: 'opening' })).toBe('end-truthfully')
    expect(ends('overloaded', { stage: 'nothing' })).toBe('give-up')
  })
})

describe('retry-after is', () => {
  const of = (...availabilities: Parameters<typeof barred>[0][]): number | null => {
    const candidates = availabilities.map((more, index) => candidate(`c${index}`, { availability: barred(more) }))
    const ending = endingOf({ ...newLoop, candidates }, null, 1_000)
    return ending.type === 'give-up' ? ending.retryAfterMs : Number.NaN
  }

  test('the soonest return of all candidates', () => {
    expect(of({ untilMs: 9_000, hard: true }, { untilMs: 4_000, hard: true })).toBe(3_000)
    expect(of({ untilMs: 500 })).toBe(0)
    expect(of({ untilMs: null }, { untilMs: 4_000, hard: true })).toBe(3_000)
  })

  test('not our own guess, when a last resort may be asked before', () => {
    const far = { untilMs: 180_000 }
    expect(of({ ...far, lastResortAtMs: 2_500 })).toBe(1_500)
    expect(of({ ...far, lastResortAtMs: 0 })).toBe(1_000)
    expect(of({ untilMs: 1_700, lastResortAtMs: 0 })).toBe(700)
    expect(of({ ...far, lastResortAtMs: null })).toBe(179_000)
    expect(of({ ...far, lastResortAtMs: 0, hard: true })).toBe(179_000)
    const candidates = [candidate('a', { availability: barred(far) })]
    const ours = { kind: 'no-candidate', message: '' } as const
    expect(endingOf({ ...newLoop, candidates }, ours, 1_000, 'latest')).toMatchObject({ retryAfterMs: 179_000 })
  })

  test("an upstream's own date, without our backoff on top", () => {
    expect(of({ untilMs: 9_000, notBeforeMs: 5_000 })).toBe(4_000)
  })

  test('left out when nobody knows, or when somebody is usable as it is', () => {
    expect(of({ untilMs: null })).toBeNull()
    expect(of()).toBeNull()
    const candidates = [candidate('a', { availability: barred() }), candidate('b')]
    expect(endingOf({ ...newLoop, candidates }, null, 0)).toMatchObject({ retryAfterMs: null })
    expect(candidates[1]?.availability).toEqual(available)
  })
})

describe('when nobody was asked, the reason is', () => {
  const of = (...reasons: string[]): FailureKind => {
    const candidates = reasons.map((reason, index) =>
      candidate(`c${index}`, {
        availability: reason === 'full' ? { kind: 'full', queue: false } : barred({ reason }),
      }),
    )
    return endingOf({ ...newLoop, candidates }, null, 0).type === 'give-up'
      ? (endingOf({ ...newLoop, candidates }, null, 0) as { failure: Failure }).failure.kind
      : 'internal-error'
  }
  test.each<[string[], FailureKind]>([
    [['paused'], 'rate-limited'],
    [['paused', 'paused'], 'rate-limited'],
    [['overloaded', 'overloaded'], 'overloaded'],
    [['full', 'full'], 'overloaded'],
    [['paused', 'overloaded'], 'no-candidate'],
    [['full', 'overloaded'], 'no-candidate'],
    [['ejected'], 'no-candidate'],
    [['down'], 'no-candidate'],
    [[], 'no-candidate'],
  ])('%j: %s', (reasons, kind) => {
    expect(of(...reasons)).toBe(kind)
  })

  test('said in words for a person', () => {
    const messages = [[barred({ reason: 'paused' })], [{ kind: 'full', queue: true } as const], [barred()]].map(
      ([one]) => {
        const ending = endingOf(
          { ...newLoop, candidates: [candidate('a', { availability: one ?? available })] },
          null,
          0,
        )
        return ending.type === 'give-up' ? ending.failure.message : ''
      },
    )
    expect(messages).toEqual([
      'every candidate is rate limited',
      'every candidate is at its capacity',
      'no candidate is usable',
    ])
  })
})

test('a client may send again what could go better the next time', () => {
  const worth = failureKinds.filter((kind) => isWorthRetrying(failure(kind)))
  expect(worth).toEqual([
    'connect-failed',
    'connection-reset',
    'stale-connection',
    'tls-failed',
    'first-byte-timeout',
    'silent-until-deadline',
    'rate-limited',
    'quota-rejected',
    'overloaded',
    'server-error',
    'request-conflict',
    'login-unavailable',
    'blocked',
    'endpoint-not-found',
    'redirect-refused',
    'bad-response',
    'stream-cut',
    'stream-idle',
    'response-too-large',
    'end-missing',
    'listed-unhealthy',
    'no-candidate',
    'deadline-exceeded',
    'shutting-down',
    'internal-error',
  ])
})

test('a committed answer that broke is dropped only for a client that sends it again, and only before a whole block', () => {
  const cut = failure('stream-cut')
  const drops: LoopState = { ...newLoop, client: 'retries-drops' }
  expect(brokenEnding(drops, 1, cut)).toEqual({ type: 'abort-client', failure: cut })
  expect(brokenEnding({ ...drops, blockDone: true }, 1, cut)).toEqual({
    type: 'end-truthfully',
    attempt: 1,
    failure: cut,
  })
  expect(brokenEnding(newLoop, 2, cut)).toEqual({ type: 'end-truthfully', attempt: 2, failure: cut })
})

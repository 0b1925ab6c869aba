import { describe, expect, test } from 'vitest'
import type { Candidate } from './candidate.ts'
import { stepLoop } from './loop.ts'
import { streamPolicy } from './loop-policy.ts'
import { type LoopEvent, newLoop } from './loop-state.ts'
import { barred, candidate, Driven, due } from './testing/driven.ts'

const two = [candidate('a'), candidate('b')]

describe('a request', () => {
  test('goes to the first candidate, is committed with its first content, and ends with its end', () => {
    const loop = new Driven([candidate('a')])
    expect(loop.begin()).toEqual(['start 1 a first'])
    expect(loop.tell(10, { type: 'response-started', attempt: 1 })).toEqual([])
    expect(loop.tell(11, { type: 'opened', attempt: 1 })).toEqual(['opening 1'])
    expect(loop.tell(30, { type: 'content', attempt: 1 })).toEqual(['commit 1 drop', 'report 1 alive'])
    expect(loop.tell(31, { type: 'content', attempt: 1 })).toEqual([])
    expect(loop.tell(40, { type: 'block-completed', attempt: 1 })).toEqual([])
    expect(loop.tell(50, { type: 'progress', attempt: 1 })).toEqual([])
    expect(loop.tell(60, { type: 'completed', attempt: 1 })).toEqual(['report 1 succeeded', 'finish completed'])
    expect(loop.state).toMatchObject({
      phase: { kind: 'over', end: 'completed' },
      stage: 'content',
      blockDone: true,
      attempts: [
        {
          attempt: 1,
          candidate: 'a',
          round: 1,
          why: 'first',
          startedMs: 0,
          paid: true,
          endedMs: 60,
          outcome: 'succeeded',
        },
      ],
    })
    expect(loop.deadlineMs()).toBeUndefined()
  })

  test('says how long the first content took, from the start of its attempt', () => {
    const loop = new Driven(two)
    loop.begin()
    loop.fail(100, 1, 'overloaded')
    const step = stepLoop(loop.state, { type: 'content', attempt: 2 }, { nowMs: 175, roll: 0 }, streamPolicy)
    expect(step.effects).toContainEqual({
      type: 'report',
      attempt: 2,
      candidate: 'b',
      startedMs: 100,
      outcome: { kind: 'alive', ttftMs: 75 },
    })
  })

  test('without any content is an answer too', () => {
    const loop = new Driven(two)
    loop.begin()
    expect(loop.tell(10, { type: 'completed', attempt: 1 })).toEqual([
      'commit 1 send',
      'report 1 succeeded',
      'finish completed',
    ])
  })

  test('that is over hears nothing more', () => {
    const loop = new Driven(two)
    loop.begin()
    loop.tell(10, { type: 'completed', attempt: 1 })
    const { state } = loop
    const events: LoopEvent[] = [
      { type: 'tick' },
      { type: 'client-gone' },
      { type: 'content', attempt: 1 },
      { type: 'refreshed', candidate: 'a', failure: null },
      { type: 'candidates-changed', candidates: two, retryTokens: 1 },
    ]
    for (const event of events) expect(loop.tell(20, event)).toEqual([])
    expect(loop.state).toBe(state)
  })

  test('with nobody to go to gives up at once', () => {
    expect(new Driven([]).begin()).toEqual(['give-up null no-candidate null true'])
  })

  test('that is told something unknown shows a bug of ours', () => {
    expect(() => stepLoop(newLoop, { type: 'odd' } as never, { nowMs: 0, roll: 0 }, streamPolicy)).toThrow(
      'unreachable',
    )
  })

  test('news before it began, or of nobody, changes nothing', () => {
    const loop = new Driven(two)
    expect(loop.tell(0, { type: 'content', attempt: 1 })).toEqual([])
    expect(loop.tell(0, { type: 'tick' })).toEqual([])
    expect(loop.look(0)).toEqual([])
    expect(loop.deadlineMs()).toBeUndefined()
    expect(loop.state).toMatchObject({ phase: { kind: 'new' }, candidates: two, retryTokens: 10 })
  })
})

describe('the local throttle', () => {
  const waiting = { availability: barred({ lastResortAtMs: 1 }) }
  const refused = ['give-up null overloaded 1000 true']
  const begunBy = (candidates: readonly Candidate[]): string[] => {
    const loop = new Driven(candidates)
    loop.roll = 0.49
    return loop.begin({ refuseChance: 0.5 })
  }

  test('refuses by chance who would have to wait', () => {
    expect(begunBy([candidate('a', waiting), candidate('b', waiting)])).toEqual(refused)
    const loop = new Driven([candidate('a', waiting), candidate('b', waiting)])
    expect(loop.begin({ refuseChance: 0.5 })).toEqual([])
  })

  test('refuses nobody who can be served, or who may find out', () => {
    expect(begunBy([candidate('a', waiting), candidate('b')])).toEqual(['start 1 b first'])
    expect(begunBy([candidate('a', waiting), candidate('b', { availability: due })])).toEqual(['start 1 b probe'])
    expect(begunBy([candidate('a', waiting), candidate('b', { availability: barred() })])).toEqual([
      'start 1 b last-resort',
    ])
  })

  test('never refuses where there is only one target: it may be back at any moment', () => {
    expect(begunBy([candidate('a', waiting)])).toEqual([])
  })
})

describe('the client leaves', () => {
  test('while an attempt runs: it is closed, and nobody is judged', () => {
    const loop = new Driven(two)
    loop.begin()
    expect(loop.tell(10, { type: 'client-gone' })).toEqual(['cancel 1', 'report 1 abandoned', 'finish client-gone'])
    expect(loop.state.attempts).toMatchObject([{ outcome: 'abandoned', failure: null, endedMs: 10 }])
  })

  test('while the answer is relayed', () => {
    const loop = new Driven(two)
    loop.begin()
    loop.tell(10, { type: 'content', attempt: 1 })
    expect(loop.tell(20, { type: 'client-gone' })).toEqual(['cancel 1', 'report 1 abandoned', 'finish client-gone'])
  })

  test('while the request waits: nothing is started any more', () => {
    const loop = new Driven([candidate('a')])
    loop.begin()
    loop.fail(10, 1, 'server-error')
    expect(loop.tell(20, { type: 'client-gone' })).toEqual(['finish client-gone'])
    expect(loop.wait()).toEqual([])
  })

  test('in background mode: what runs is finished, without a word to the client', () => {
    const loop = new Driven(two, { background: true })
    loop.begin()
    expect(loop.tell(10, { type: 'client-gone' })).toEqual([])
    expect(loop.deadlineMs()).toBe(30_000)
    expect(loop.tell(20, { type: 'content', attempt: 1 })).toEqual(['commit 1 send', 'report 1 alive'])
    expect(loop.tell(30, { type: 'completed', attempt: 1 })).toEqual(['report 1 succeeded', 'finish client-gone'])
    expect(loop.state.phase).toEqual({ kind: 'over', end: 'client-gone' })
  })

  test('in background mode: nothing new is started', () => {
    const loop = new Driven(two, { background: true })
    loop.begin()
    loop.tell(10, { type: 'client-gone' })
    expect(loop.fail(20, 1, 'server-error')).toEqual(['report 1 failed server-error', 'finish client-gone'])
    const expired = new Driven(two, { background: true })
    expired.begin()
    expired.tell(10, { type: 'client-gone' })
    expect(expired.fail(20, 1, 'credential-expired')).toEqual([
      'report 1 failed credential-expired',
      'finish client-gone',
    ])
  })

  test('in background mode with nothing on its way: it is over', () => {
    const loop = new Driven([candidate('a')], { background: true })
    loop.begin()
    loop.fail(10, 1, 'server-error')
    expect(loop.tell(20, { type: 'client-gone' })).toEqual(['finish client-gone'])
  })

  test('a failure that says so ends it without a judgement', () => {
    const loop = new Driven(two)
    loop.begin()
    expect(loop.fail(10, 1, 'client-gone')).toEqual(['report 1 abandoned', 'finish client-gone'])
  })
})

describe('an expired credential', () => {
  test('is renewed, and the same candidate asked again, at no cost', () => {
    const loop = new Driven(two)
    loop.begin()
    expect(loop.fail(10, 1, 'credential-expired')).toEqual(['refresh a'])
    expect(loop.deadlineMs()).toBe(10_000)
    expect(loop.tell(50, { type: 'refreshed', candidate: 'b', failure: null })).toEqual([])
    expect(loop.tell(60, { type: 'refreshed', candidate: 'a', failure: null })).toEqual([
      'report 1 abandoned',
      'look',
      'start 2 a again',
    ])
  })

  test.each(['client-gone', 'stop'] as const)('whose renewal a %s overtakes is reported, unjudged', (type) => {
    const loop = new Driven(two)
    loop.begin()
    loop.fail(10, 1, 'credential-expired')
    expect(loop.tell(20, { type })[0]).toBe('report 1 abandoned')
    expect(loop.tell(60, { type: 'refreshed', candidate: 'a', failure: null })).toEqual([])
  })

  test('that is refused after its renewal is dead, and the next is asked', () => {
    const loop = new Driven(two)
    loop.begin()
    loop.fail(10, 1, 'credential-expired')
    loop.tell(60, { type: 'refreshed', candidate: 'a', failure: null })
    expect(loop.fail(70, 2, 'credential-expired')).toEqual([
      'report 2 failed credential-expired',
      'look',
      'start 3 b failover',
    ])
  })

  test('that cannot be renewed is reported with the reason, and the next is asked', () => {
    const loop = new Driven(two)
    loop.begin()
    loop.fail(10, 1, 'credential-expired')
    const refused = { kind: 'login-required', message: '' } as const
    expect(loop.tell(60, { type: 'refreshed', candidate: 'a', failure: refused })).toEqual([
      'report 1 failed login-required',
      'look',
      'start 2 b failover',
    ])
    expect(loop.state.spent).toEqual(['a'])
  })

  test('whose renewal takes too long is passed over, unjudged', () => {
    const loop = new Driven(two, { quietMs: 60_000 })
    loop.begin()
    loop.fail(10, 1, 'credential-expired')
    expect(loop.wait()).toEqual(['report 1 abandoned', 'look', 'start 2 b failover'])
    expect(loop.nowMs).toBe(20_010)
    expect(loop.state.spent).toEqual(['a'])
  })

  test('news of a renewal that nobody waits for changes nothing', () => {
    const loop = new Driven(two)
    loop.begin()
    expect(loop.tell(5, { type: 'refreshed', candidate: 'a', failure: null })).toEqual([])
  })
})

describe('fresh news of the candidates', () => {
  test('while one is on its way decides whether anything is held back', () => {
    const loop = new Driven([candidate('a'), candidate('b', { availability: barred() })])
    loop.begin()
    expect(loop.state.phase).toMatchObject({ backup: false })
    expect(loop.change('b', { kind: 'available', share: 1 }).look(5)).toEqual([])
    expect(loop.state.phase).toMatchObject({ kind: 'sending', backup: true })
    loop.change('b', barred()).look(6)
    expect(loop.state.phase).toMatchObject({ backup: false })
  })

  test('while the answer is relayed, or a credential renewed, is only remembered', () => {
    const loop = new Driven(two)
    loop.begin()
    loop.tell(5, { type: 'content', attempt: 1 })
    loop.retryTokens = 3
    expect(loop.look(6)).toEqual([])
    expect(loop.state.retryTokens).toBe(3)
    const renewing = new Driven(two)
    renewing.begin()
    renewing.fail(5, 1, 'credential-expired')
    expect(renewing.look(6)).toEqual([])
    expect(renewing.state.phase.kind).toBe('refreshing')
  })
})

describe('when lb is stopped', () => {
  test('the running attempt is abandoned, unjudged, and the client is told to come back', () => {
    const loop = new Driven(two)
    loop.begin()
    expect(loop.tell(5, { type: 'stop' })).toEqual([
      'cancel 1',
      'report 1 abandoned',
      'give-up null shutting-down null true',
    ])
    expect(loop.state).toMatchObject({ phase: { kind: 'over', end: 'gave-up' }, attempts: [{ outcome: 'abandoned' }] })
  })

  test('a request that waits is told so too', () => {
    const loop = new Driven([candidate('a', { availability: barred({ lastResortAtMs: 9_000 }) })])
    loop.begin()
    expect(loop.tell(5, { type: 'stop' })).toEqual(['give-up null shutting-down 4995 true'])
    expect(loop.state.attempts).toEqual([])
  })
})

import type { FailureKind } from '@lb/protocol'
import { describe, expect, test } from 'vitest'
import { available, barred, candidate, Driven } from './testing/driven.ts'
import { runningOf } from './upstream.ts'

const two = [candidate('a'), candidate('b')]
function begun(candidates = two, policy = {}): Driven {
  const loop = new Driven(candidates, policy)
  loop.begin()
  return loop
}

describe('before anything was committed', () => {
  test('a failure moves on to the next candidate, after health was told', () => {
    const loop = begun()
    expect(loop.fail(12, 1, 'overloaded')).toEqual(['report 1 failed overloaded', 'look', 'start 2 b failover'])
  })

  test('news of an attempt that is over is old', () => {
    const loop = begun()
    loop.fail(12, 1, 'overloaded')
    const { state } = loop
    expect(loop.tell(13, { type: 'content', attempt: 1 })).toEqual([])
    expect(loop.fail(14, 1, 'server-error')).toEqual([])
    expect(loop.state).toBe(state)
  })

  test.each<FailureKind>([
    'invalid-request',
    'context-too-long',
    'request-too-large',
    'content-refused',
    'client-credential-rejected',
  ])('%s is final, and passed on as it is', (kind) => {
    const loop = begun()
    expect(loop.fail(12, 1, kind, { status: 400 })).toEqual([`report 1 failed ${kind}`, `give-up 1 ${kind} null false`])
    expect(loop.state.phase).toEqual({ kind: 'over', end: 'gave-up' })
  })

  test('a refused signature is answered once without any reasoning; refused again, it is final', () => {
    const loop = begun()
    expect(loop.fail(1, 1, 'signature-rejected', { status: 400 })).toEqual([
      'report 1 failed signature-rejected',
      'look',
      'start 2 a again without thinking',
    ])
    expect(loop.fail(2, 2, 'signature-rejected', { status: 400 })).toEqual([
      'report 2 failed signature-rejected',
      'give-up 1 signature-rejected null false',
    ])
  })

  test('reasoning that was refused stays out at every later candidate', () => {
    const loop = begun()
    loop.fail(1, 1, 'signature-rejected', { status: 400 })
    expect(loop.fail(2, 2, 'overloaded').at(-1)).toMatch(/^start 3 b .*without thinking$/)
  })

  test('a stale connection is repeated once on a fresh one, then the next is asked', () => {
    const loop = begun()
    expect(loop.fail(1, 1, 'stale-connection')).toEqual([
      'report 1 failed stale-connection',
      'look',
      'start 2 a again fresh',
    ])
    expect(loop.fail(2, 2, 'stale-connection')).toEqual([
      'report 2 failed stale-connection',
      'look',
      'start 3 b failover',
    ])
  })

  test('only a stale connection asks for a fresh one', () => {
    const loop = begun()
    loop.fail(1, 1, 'credential-expired')
    expect(loop.tell(2, { type: 'refreshed', candidate: 'a', failure: null })).toContain('start 2 a again')
    const other = begun()
    other.fail(1, 1, 'stale-connection')
    other.change('a', barred({ notBeforeMs: 9_000, lastResortAtMs: 9_000 }))
    expect(other.fail(2, 2, 'server-error')).toContain('start 3 b failover')
  })
})

describe('who will not be asked again in this request', () => {
  test.each<[FailureKind, boolean]>([
    ['model-not-found', true],
    ['feature-unsupported', true],
    ['credential-rejected', true],
    ['login-required', true],
    ['conversion-refused', true],
    ['internal-error', true],
    ['usage-credits-required', true],
    ['loop-detected', true],
    ['rate-limited', false],
    ['quota-rejected', false],
    ['credits-exhausted', false],
    ['stale-connection', false],
    ['server-error', false],
    ['overloaded', false],
    ['request-conflict', false],
  ])('after %s: %s', (kind, isSpent) => {
    const loop = begun()
    loop.fail(12, 1, kind)
    expect(loop.state.spent).toEqual(isSpent ? ['a'] : [])
  })
})

describe("the client's own credential", () => {
  const own = [candidate('a', { passThrough: true }), candidate('b'), candidate('c', { passThrough: true })]

  test.each<FailureKind>(['rate-limited', 'quota-rejected', 'credits-exhausted', 'model-not-found'])(
    'that is refused with %s is not replaced by one of ours',
    (kind) => {
      const loop = begun(own)
      expect(loop.fail(12, 1, kind)).toContain('start 2 c failover')
      expect(loop.fail(20, 2, kind, { status: 429 })).toEqual([
        `report 2 failed ${kind}`,
        expect.stringContaining('look'),
        expect.stringMatching(/^give-up 2/),
      ])
    },
  )

  test('may be left for one of ours when the provider is at fault', () => {
    expect(begun(own).fail(12, 1, 'server-error')).toContain('start 2 b failover')
  })

  test('is not at stake when a key of ours was refused', () => {
    const loop = begun([candidate('b'), candidate('a', { passThrough: true }), candidate('c')])
    loop.fail(12, 1, 'rate-limited')
    loop.fail(13, 2, 'server-error')
    expect(loop.state.onlyPassThrough).toBe(false)
    expect(runningOf(loop.state)?.candidate).toBe('c')
  })
})

describe('after the commit', () => {
  function committed(client: 'needs-error' | 'retries-drops', blockDone: boolean): Driven {
    const loop = new Driven(two)
    loop.begin({ client })
    loop.tell(10, { type: 'response-started', attempt: 1 })
    loop.tell(20, { type: 'content', attempt: 1 })
    if (blockDone) loop.tell(25, { type: 'block-completed', attempt: 1 })
    return loop
  }

  test('a failure ends with the truth', () => {
    const loop = committed('needs-error', false)
    expect(loop.fail(30, 1, 'stream-cut')).toEqual(['report 1 failed stream-cut', 'end-truthfully 1 stream-cut'])
    expect(loop.state).toMatchObject({
      phase: { end: 'ended-truthfully' },
      attempts: [{ outcome: 'failed', paid: true }],
    })
  })

  test('a client that sends dropped requests again gets the drop, while no block is whole', () => {
    const loop = committed('retries-drops', false)
    expect(loop.fail(30, 1, 'stream-cut')).toEqual(['report 1 failed stream-cut', 'abort-client stream-cut'])
    expect(loop.state.phase).toEqual({ kind: 'over', end: 'aborted-client' })
    expect(committed('retries-drops', true).fail(30, 1, 'stream-cut')[1]).toBe('end-truthfully 1 stream-cut')
  })

  test('an expired credential or a stale connection is no reason to begin again', () => {
    expect(committed('needs-error', false).fail(30, 1, 'credential-expired')[1]).toBe(
      'end-truthfully 1 credential-expired',
    )
    expect(committed('needs-error', false).fail(30, 1, 'invalid-request')[1]).toBe('end-truthfully 1 invalid-request')
  })

  test('an answer that lacks only its closing event is closed for it', () => {
    const loop = committed('needs-error', true)
    expect(loop.fail(30, 1, 'end-missing')).toEqual(['report 1 failed end-missing', 'supply-end 1', 'finish completed'])
  })

  test('a late opening, or news of bytes, sends nothing', () => {
    const loop = committed('needs-error', false)
    expect(loop.tell(30, { type: 'opened', attempt: 1 })).toEqual([])
    expect(loop.tell(31, { type: 'progress', attempt: 1 })).toEqual([])
    expect(runningOf(loop.state)).toMatchObject({ kind: 'relaying', openedMs: 30, lastUpstreamMs: 31 })
  })
})

describe('the opening', () => {
  test('is held back while somebody stands behind the attempt', () => {
    const loop = begun()
    expect(loop.tell(10, { type: 'opened', attempt: 1 })).toEqual([])
    expect(loop.tell(20, { type: 'opened', attempt: 1 })).toEqual([])
    expect(runningOf(loop.state)).toMatchObject({ openedMs: 10, responded: true, spoke: true })
    expect(loop.tell(30, { type: 'content', attempt: 1 })).toEqual(['commit 1 send', 'report 1 alive'])
  })

  test('is sent once: that of a second attempt is dropped', () => {
    const loop = begun([candidate('a')])
    expect(loop.tell(10, { type: 'opened', attempt: 1 })).toEqual(['opening 1'])
    expect(loop.state.lastByteMs).toBe(10)
    loop.fail(20, 1, 'server-error')
    expect(loop.wait()).toEqual(['look', 'spend-budget', 'start 2 a round'])
    expect(loop.tell(600, { type: 'opened', attempt: 2 })).toEqual([])
    expect(loop.tell(700, { type: 'content', attempt: 2 })).toEqual(['commit 2 drop', 'report 2 alive'])
  })
})

describe('whole answers', () => {
  test('are committed at their end, whatever is told before', () => {
    const loop = begun(two, { stream: false })
    loop.tell(10, { type: 'response-started', attempt: 1 })
    expect(loop.tell(11, { type: 'opened', attempt: 1 })).toEqual([])
    expect(loop.tell(12, { type: 'content', attempt: 1 })).toEqual([])
    expect(loop.fail(13, 1, 'stream-cut')).toContain('start 2 b failover')
    expect(loop.tell(20, { type: 'completed', attempt: 2 })).toEqual([
      'commit 2 send',
      'report 2 succeeded',
      'finish completed',
    ])
  })

  test('send no opening though nobody stands behind', () => {
    expect(begun([candidate('a')], { stream: false }).tell(10, { type: 'opened', attempt: 1 })).toEqual([])
  })
})

describe('what may have been billed', () => {
  test.each<[FailureKind, boolean]>([
    ['stream-cut', true],
    ['stream-idle', true],
    ['response-too-large', true],
    ['end-missing', true],
    ['overloaded', false],
    ['server-error', false],
    ['bad-response', false],
  ])('%s after a 200: %s', (kind, paid) => {
    const loop = begun()
    loop.tell(5, { type: 'response-started', attempt: 1 })
    loop.fail(12, 1, kind)
    expect(loop.state.attempts[0]).toMatchObject({ paid, outcome: 'failed' })
    const unanswered = begun()
    unanswered.fail(12, 1, kind)
    expect(unanswered.state.attempts[0]?.paid).toBe(false)
  })

  test('an attempt that was left in the middle may be', () => {
    const loop = begun()
    loop.tell(5, { type: 'response-started', attempt: 1 })
    loop.tell(6, { type: 'client-gone' })
    expect(loop.state.attempts[0]).toMatchObject({ paid: true, outcome: 'abandoned' })
  })
})

test('the status line alone is not yet a word', () => {
  const loop = begun()
  loop.tell(5, { type: 'response-started', attempt: 1 })
  expect(runningOf(loop.state)).toMatchObject({ responded: true, spoke: false, lastUpstreamMs: 5 })
  loop.tell(6, { type: 'progress', attempt: 1 })
  expect(runningOf(loop.state)).toMatchObject({ spoke: true, lastUpstreamMs: 6 })
  loop.tell(7, { type: 'response-started', attempt: 1 })
  expect(runningOf(loop.state)).toMatchObject({ spoke: true })
  expect(available.kind).toBe('available')
})

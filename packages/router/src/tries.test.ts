import type { FailureKind } from '@lb/protocol'
import { describe, expect, test } from 'vitest'
import type { Candidate } from './candidate.ts'
import type { LoopPolicy } from './loop-policy.ts'
import { available, barred, candidate, Driven } from './testing/driven.ts'

/** A provider with so many keys. */
function keysOf(count: number): Candidate[] {
  return Array.from({ length: count }, (_, index) =>
    candidate(`k${index + 1}`, { provider: 'p', credential: `${index}` }),
  )
}

/** Fails what is asked, one after another, each after `tookMs`; a key that failed is barred from then on. */
function failAll(loop: Driven, kind: FailureKind, times: number, tookMs = 10): string {
  let last = loop.begin().at(-1) ?? ''
  for (let attempt = 1; attempt <= times && last.startsWith('start'); attempt += 1) {
    const asked = last.split(' ')[2] ?? ''
    loop.change(asked, barred({ reason: 'paused', notBeforeMs: 600_000, untilMs: 600_000, lastResortAtMs: 600_000 }))
    last = loop.fail(loop.nowMs + tookMs, attempt, kind).at(-1) ?? ''
  }
  return last
}

describe('keys that say at once that they are used up', () => {
  test.each<FailureKind>([
    'rate-limited',
    'quota-rejected',
    'credits-exhausted',
    'credential-rejected',
    'login-required',
  ])('%s costs no try while there is a key that was never asked', (kind) => {
    const loop = new Driven(keysOf(9))
    expect(failAll(loop, kind, 8)).toBe('start 9 k9 failover')
    expect(loop.fail(100, 9, kind).at(-1)).toMatch(/^give-up/)
  })

  test.each<FailureKind>(['overloaded', 'login-unavailable', 'usage-credits-required', 'connect-failed'])(
    '%s costs one, as it is about more than a key',
    (kind) => {
      const loop = new Driven(Array.from({ length: 9 }, (_, index) => candidate(`c${index}`)))
      expect(failAll(loop, kind, 9)).toMatch(/^give-up/)
      expect(loop.state.attempts).toHaveLength(6)
    },
  )

  test('what else goes wrong costs tries as ever', () => {
    const loop = new Driven([...keysOf(7), ...Array.from({ length: 9 }, (_, index) => candidate(`c${index}`))])
    expect(failAll(loop, 'rate-limited', 7)).toBe('start 8 c0 failover')
    for (let attempt = 8; attempt < 13; attempt += 1)
      expect(loop.fail(100, attempt, 'overloaded').at(-1)).toBe(`start ${attempt + 1} c${attempt - 7} failover`)
    expect(loop.fail(100, 13, 'overloaded').at(-1)).toMatch(/^give-up/)
  })

  test('a key counts once, so that nobody is asked again for nothing', () => {
    const loop = new Driven(keysOf(6))
    expect(failAll(loop, 'rate-limited', 6)).toMatch(/^give-up/)
    const open = new Driven(keysOf(3))
    open.begin()
    for (let attempt = 1; attempt < 3; attempt += 1) open.fail(attempt, attempt, 'rate-limited')
    open.fail(3, 3, 'rate-limited')
    expect(open.wait().at(-1)).toBe('start 4 k1 round')
    open.fail(open.nowMs, 4, 'rate-limited')
    open.fail(open.nowMs, 5, 'rate-limited')
    expect(open.fail(open.nowMs, 6, 'rate-limited').at(-1)).toMatch(/^give-up/)
  })

  test('a key that becomes free meanwhile is still asked, one that was asked is not', () => {
    const loop = new Driven(keysOf(8))
    loop.change('k8', { kind: 'full', queue: true })
    const waiting = failAll(loop, 'rate-limited', 7)
    expect(waiting).toBe('look')
    expect(loop.state.phase).toMatchObject({ kind: 'waiting', why: 'queue' })
    loop.change('k1', available)
    expect(loop.look(80)).toEqual([])
    loop.change('k8', available)
    expect(loop.look(90)).toEqual(['start 8 k8 failover'])
  })

  test('there is a hold-back for them only as long as one is left', () => {
    const loop = new Driven(keysOf(8))
    failAll(loop, 'rate-limited', 6)
    expect(loop.state.phase).toMatchObject({ kind: 'sending', candidate: 'k7', backup: true })
    loop.change('k7', barred()).change('k1', available)
    expect(loop.fail(100, 7, 'rate-limited').at(-1)).toBe('start 8 k8 failover')
    expect(loop.state.phase).toMatchObject({ kind: 'sending', candidate: 'k8', backup: false })
  })

  test('slow refusals are free as long as they took less than a second round may begin after', () => {
    const slow = new Driven(keysOf(20))
    expect(failAll(slow, 'rate-limited', 20, 2_000)).toMatch(/^give-up/)
    // Three took less than eight seconds together, and six tries are everybody's.
    expect(slow.state.attempts).toHaveLength(9)
  })

  test.each<[Partial<LoopPolicy>, number]>([
    [{ attemptsMax: 1 }, 1],
    [{ attemptsMax: 2 }, 12],
    [{}, 56],
    [{ failover: 'threshold' }, 6],
  ])('with %o at most %i are asked', (policy, attempts) => {
    const loop = new Driven(keysOf(100), policy)
    expect(failAll(loop, 'rate-limited', 100, 1)).toMatch(/^give-up/)
    expect(loop.state.attempts).toHaveLength(attempts)
  })

  test('the deadline holds', () => {
    const loop = new Driven(keysOf(9))
    loop.begin({ timeoutMs: 65 })
    for (let attempt = 1; attempt <= 6; attempt += 1) loop.fail(attempt * 10, attempt, 'rate-limited')
    expect(loop.fail(70, 7, 'rate-limited').at(-1)).toMatch(/^give-up null deadline-exceeded/)
  })
})

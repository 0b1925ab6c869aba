import { describe, expect, test } from 'vitest'
import { type Limit, type LimitEvent, noLimit, placeOf, stepLimit } from './limit.ts'

function after(from: Limit, ...events: readonly [number, LimitEvent][]) {
  const woken: string[] = []
  let limit = from
  for (const [nowMs, event] of events) {
    const step = stepLimit(limit, event, nowMs)
    limit = step.limit
    woken.push(...step.effects.map(({ request }) => request))
  }
  return { limit, woken }
}
const started = (request: string): LimitEvent => ({ type: 'attempt-started', request })
const ended = (outcome: 'succeeded' | 'limited' | 'other', startedMs = 0): LimitEvent => ({
  type: 'attempt-ended',
  startedMs,
  outcome,
})
const queued = (request: string): LimitEvent => ({ type: 'request-queued', request })
const left = (request: string): LimitEvent => ({ type: 'request-left', request })
const limited = (max: number, inFlight: number, more: Partial<Limit> = {}): Limit => ({
  ...noLimit,
  max,
  inFlight,
  decreasedMs: 0,
  ...more,
})

describe('without any refusal', () => {
  test('there is no limit', () => {
    const busy = after(
      noLimit,
      ...Array.from({ length: 500 }, (_, i): [number, LimitEvent] => [i, started(`r${i}`)]),
    ).limit
    expect(busy).toMatchObject({ max: null, inFlight: 500 })
    expect(placeOf(busy, 'r')).toBe('free')
    expect(after(busy, [501, ended('succeeded')], [502, ended('other')]).limit).toMatchObject({
      max: null,
      inFlight: 498,
    })
  })

  test('nobody waits', () => {
    expect(after(noLimit, [0, queued('a')]).woken).toEqual(['a'])
  })
})

describe('a refusal', () => {
  test('sets the limit to 0.7 of what was open', () => {
    expect(after({ ...noLimit, inFlight: 10 }, [5, ended('limited')]).limit).toEqual({
      max: 7,
      inFlight: 9,
      waiting: [],
      invited: [],
      decreasedMs: 5,
    })
    expect(after({ ...noLimit, inFlight: 1 }, [5, ended('limited')]).limit.max).toBe(1)
  })

  test('lowers a limit that is there, never below one', () => {
    expect(after(limited(10, 10), [5, ended('limited', 1)]).limit.max).toBe(7)
    expect(after(limited(1.2, 1), [5, ended('limited', 1)]).limit.max).toBe(1)
  })

  test('that began before the last is the same news', () => {
    const once = after({ ...noLimit, inFlight: 10 }, [5, ended('limited')]).limit
    expect(after(once, [6, ended('limited', 4)]).limit).toMatchObject({ max: 7, inFlight: 8 })
    expect(after(once, [6, ended('limited', 5)]).limit.max).toBeCloseTo(4.9, 9)
  })
})

describe('a success', () => {
  test('raises the limit by one a round, if it is used', () => {
    expect(after(limited(4, 4), [5, ended('succeeded')]).limit.max).toBe(4.25)
    expect(after(limited(5, 4), [5, ended('succeeded')]).limit.max).toBe(5)
    expect(after(limited(4, 4), [5, ended('other')]).limit.max).toBe(4)
  })

  test('lifts the limit when nothing was refused for a minute', () => {
    expect(after(limited(4, 1), [59_999, ended('succeeded')]).limit.max).toBe(4)
    expect(after(limited(4, 1), [60_000, ended('succeeded')]).limit.max).toBeNull()
    expect(after(limited(4, 1, { decreasedMs: null }), [60_000, ended('succeeded')]).limit.max).toBeNull()
    expect(after(limited(4, 1), [60_000, ended('other')]).limit.max).toBe(4)
  })

  test('never makes the open ones fewer than none', () => {
    expect(after(noLimit, [0, ended('succeeded')]).limit.inFlight).toBe(0)
  })
})

describe('a place', () => {
  test('is free below the limit, rounded down, and there is always one', () => {
    expect(placeOf(limited(2.9, 1), 'r')).toBe('free')
    expect(placeOf(limited(2.9, 2), 'r')).toBe('queue')
    expect(placeOf(limited(1, 0), 'r')).toBe('free')
    expect(placeOf(limited(0.5, 0), 'r')).toBe('free')
  })

  test('is not free while somebody else is invited to it', () => {
    const invited = limited(2, 1, { invited: ['a'] })
    expect(placeOf(invited, 'b')).toBe('queue')
    expect(placeOf(invited, 'a')).toBe('free')
  })

  test('may be waited for by two for each', () => {
    const waiting = (count: number): Limit =>
      limited(2, 2, { waiting: Array.from({ length: count }, (_, i) => `w${i}`) })
    expect(placeOf(waiting(3), 'r')).toBe('queue')
    expect(placeOf(waiting(4), 'r')).toBe('none')
    expect(placeOf(waiting(4), 'w3'), 'one that waits already').toBe('queue')
  })
})

describe('the queue', () => {
  const full = limited(2, 2, { waiting: ['a', 'b', 'c'] })

  test('is first come, first served, one for each place that comes free', () => {
    const one = after(full, [5, ended('other')])
    expect(one.woken).toEqual(['a'])
    expect(one.limit).toMatchObject({ inFlight: 1, waiting: ['b', 'c'], invited: ['a'] })
    const taken = after(one.limit, [6, started('a')])
    expect(taken).toEqual({ limit: limited(2, 2, { waiting: ['b', 'c'] }), woken: [] })
  })

  test('passes an invitation on that is not taken', () => {
    const invited = after(full, [5, ended('other')]).limit
    expect(after(invited, [6, left('a')]).woken).toEqual(['b'])
    expect(after(full, [6, left('b')]).limit.waiting).toEqual(['a', 'c'])
    expect(after(full, [6, left('x')])).toEqual({ limit: full, woken: [] })
  })

  test('empties when the limit is lifted', () => {
    expect(after(full, [60_000, ended('succeeded')]).woken).toEqual(['a', 'b', 'c'])
  })

  test('calls at once who joins it while there is room', () => {
    expect(after(limited(2, 1), [5, queued('z')]).woken).toEqual(['z'])
    expect(after(limited(2, 2), [5, queued('z')]).woken).toEqual([])
    expect(after(limited(2, 3), [5, queued('z')]).woken).toEqual([])
  })
})

import { describe, expect, test } from 'vitest'
import { type PlanCandidate, type PlanWishes, plan } from './plan.ts'
import { firstTurns, type Strategy, strategies } from './strategy.ts'
import { barred, due } from './testing/driven.ts'
import { planned } from './testing/planned.ts'

const key = (id: string, more: Partial<PlanCandidate> = {}): PlanCandidate =>
  planned(id, { provider: 'p', credential: id, ...more })
const order = (all: readonly PlanCandidate[], wishes: Partial<PlanWishes> = {}, roll = 0.5): string =>
  plan(all, { strategy: 'priority', session: null, home: null, ...wishes }, firstTurns, { nowMs: 0, roll })
    .candidates.map(({ id }) => id)
    .join('')
const rolls = Array.from({ length: 400 }, (_, i) => i / 400)

describe('the order', () => {
  test('is by priority, then as in the file', () => {
    const [c, a, b] = [planned('c', { priority: 2 }), planned('a'), planned('b')]
    expect(order([c, a, b])).toBe('abc')
    expect(order([a, b, c])).toBe('abc')
    expect(order([])).toBe('')
  })

  test.each(Object.keys(strategies) as Strategy[])(
    'has whoever is without weight behind all others of its tier, for failovers too (%s)',
    (strategy) => {
      const idle = planned('a', { weight: 0, price: 1, ttftMs: 1 })
      const others = [planned('b', { price: 2, ttftMs: 20 }), planned('c', { ttftMs: 30 })]
      for (const roll of rolls.slice(0, 20)) expect(order([idle, ...others], { strategy }, roll)).toMatch(/^(bc|cb)a$/)
      expect(order([idle, planned('d', { priority: 2 })], { strategy }, 0.1)).toMatch(/^(ad|da)$/)
    },
  )

  test('follows the strategy, whose turns are handed on', () => {
    const all = [planned('a'), planned('b')]
    const wishes = { strategy: 'round_robin', session: null, home: null } as const
    const once = plan(all, wishes, firstTurns, { nowMs: 0, roll: 0 })
    expect(once.turns.next).toBe(1)
    expect(plan(all, wishes, once.turns, { nowMs: 0, roll: 0 }).candidates.map(({ id }) => id)).toEqual(['b', 'a'])
  })
})

describe('rules', () => {
  const all = [
    planned('a', { availability: barred() }),
    planned('b', { rank: 1 }),
    planned('c', { rank: 1, availability: due }),
  ]

  test('that match less well come first only while a better one has nobody usable', () => {
    expect(order(all)).toBe('bca')
    expect(order([planned('a'), ...all.slice(1)])).toBe('abc')
    expect(order([planned('a', { availability: due }), ...all.slice(1)])).toBe('abc')
  })

  test('that match less well stand behind a better one, each by its priorities, whatever the strategy and the home', () => {
    const later = [
      planned('d', { rank: 1, priority: 2 }),
      planned('e', { rank: 1 }),
      planned('f', { rank: 2, priority: 0 }),
    ]
    for (const strategy of ['priority', 'weighted', 'round_robin', 'least_busy', 'fastest', 'cheapest'] as const)
      expect(order([planned('a'), ...later], { strategy, home: 'f' })).toBe('aedf')
  })

  test('that match less well are left out where only the best counts', () => {
    expect(order(all, { onlyBestRule: true })).toBe('bc')
    expect(order([planned('a'), ...all.slice(1)], { onlyBestRule: true })).toBe('a')
  })

  test('are as they are when nobody is usable anywhere', () => {
    expect(order(all.map((one) => ({ ...one, availability: barred() })))).toBe('abc')
    expect(order(all.map((one) => ({ ...one, availability: { kind: 'full', queue: true } as const })))).toBe('abc')
  })
})

describe('several credentials of one provider', () => {
  const keys = [key('1'), key('2'), key('3'), planned('z')]

  test('are equals: a session keeps to one of them, and sessions spread over all', () => {
    const firsts = Array.from({ length: 300 }, (_, i) => order(keys, { session: `s${i}` }, i / 300)[0])
    expect(order(keys, { session: 's7' }, 0.1)).toBe(order(keys, { session: 's7' }, 0.9))
    for (const id of ['1', '2', '3']) expect(firsts.filter((first) => first === id).length).toBeGreaterThan(70)
    expect(firsts).not.toContain('z')
  })

  test('stay where they were when another comes or goes', () => {
    for (let i = 0; i < 50; i++) {
      const [first] = order(keys, { session: `s${i}` })
      const fewer = keys.filter(({ id }) => id !== (first === '1' ? '2' : '1'))
      expect(order(fewer, { session: `s${i}` })[0]).toBe(first)
    }
  })

  test('spread by chance without a session, by weight with one', () => {
    const heavy = [key('1', { weight: 3 }), key('2')]
    const byChance = rolls.map((roll) => order(heavy, {}, roll)[0])
    const bySession = rolls.map((_, i) => order(heavy, { session: `x${i}` })[0])
    for (const firsts of [byChance, bySession]) {
      const share = firsts.filter((first) => first === '1').length / firsts.length
      expect(share).toBeGreaterThan(0.68)
      expect(share).toBeLessThan(0.82)
    }
  })

  test('have a spare one without weight stand in for them, before another provider', () => {
    expect(order([key('1', { weight: 0 }), key('2'), planned('z')])).toBe('21z')
    expect(order([key('1', { weight: 0 }), key('2', { availability: barred() }), planned('z')])).toBe('21z')
    expect(order([key('1', { weight: 0 }), key('2', { weight: 0 }), planned('z')])).toMatch(/^z/)
  })

  test('are equals only at the same place of the route', () => {
    const other = [key('1', { priority: 1 }), key('2', { priority: 2 })]
    const models = [key('1', { model: 'x' }), key('2', { model: 'y' })]
    for (const roll of rolls.slice(0, 20)) {
      expect(order(other, {}, roll)).toBe('12')
      expect(order(models, {}, roll)).toBe('12')
    }
  })

  test('are spread in every group of the route', () => {
    const groups = [
      planned('a'),
      key('1'),
      key('2'),
      planned('b'),
      planned('c', { provider: 'q' }),
      planned('d', { provider: 'q' }),
    ]
    const seen = new Set(rolls.map((roll) => order(groups, {}, roll)))
    expect(seen).toEqual(new Set(['a12bcd', 'a21bcd', 'a12bdc', 'a21bdc']))
  })
})

describe('home', () => {
  const all = [
    planned('a'),
    planned('b'),
    planned('c', { availability: barred() }),
    planned('d', { availability: due }),
  ]

  test('goes first while it is usable, or due', () => {
    expect(order(all, { home: 'b' })).toBe('bacd')
    expect(order(all, { home: 'd' })).toBe('dabc')
  })

  test('is passed over otherwise', () => {
    expect(order(all, { home: 'c' })).toBe('abcd')
    expect(order(all, { home: 'x' })).toBe('abcd')
  })
})

describe('a recovering candidate', () => {
  const slow = (share: number): PlanCandidate => planned('a', { availability: { kind: 'available', share } })

  test('keeps its place only as often as its share says, else it goes behind the healthy', () => {
    const all = [
      slow(0.25),
      planned('b'),
      planned('c', { availability: barred() }),
      planned('d', { priority: 2 }),
      planned('e', { availability: due, priority: 3 }),
    ]
    const seen = rolls.map((roll) => order(all, {}, roll))
    expect(new Set(seen)).toEqual(new Set(['abcde', 'bcdae']))
    const share = seen.filter((one) => one === 'abcde').length / seen.length
    expect(share).toBeGreaterThan(0.18)
    expect(share).toBeLessThan(0.32)
  })

  test('stands where it stands when nobody healthy is behind it', () => {
    const all = [slow(0), planned('b', { availability: barred() })]
    expect(new Set(rolls.map((roll) => order(all, {}, roll)))).toEqual(new Set(['ab']))
  })

  test('with its full share is as the others', () => {
    expect(new Set(rolls.map((roll) => order([slow(1), planned('b')], {}, roll)))).toEqual(new Set(['ab']))
  })

  test('gets those back who are lent as its share grows, each of them once', () => {
    const back = (share: number): string[] =>
      rolls
        .map((_, i) => `s${i}`)
        .filter((session) => order([slow(share), planned('b')], { home: 'a', lent: 'b', session }) === 'ab')
    const [none, few, most, all] = [back(0), back(0.1), back(0.9), back(1 - 1e-9)]
    expect([none.length, all.length]).toEqual([0, rolls.length])
    expect([few.length > 20, few.length < 60, most.length > 340]).toEqual([true, true, true])
    expect(most).toEqual(expect.arrayContaining(few))
    const gone = planned('b', { availability: barred() })
    expect(order([slow(0), gone], { home: 'a', lent: 'b', session: 's' })).toBe('ab')
  })

  test('that is home is home', () => {
    expect(new Set(rolls.map((roll) => order([slow(0), planned('b')], { home: 'a' }, roll)))).toEqual(new Set(['ab']))
  })
})

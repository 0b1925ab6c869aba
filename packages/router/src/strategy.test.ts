import { describe, expect, test } from 'vitest'
import type { PlanCandidate } from './plan.ts'
import { firstTurns, loadCost, type Strategy, strategies, type Turns } from './strategy.ts'
import { barred, due } from './testing/driven.ts'
import { planned } from './testing/planned.ts'

const never = (): number => {
  throw new Error('this strategy draws no lots')
}
/** The orders of several requests in a row. */
function orders(strategy: Strategy, all: readonly PlanCandidate[], requests: number, draw = never): string[] {
  const lines: string[] = []
  let turns: Turns = firstTurns
  for (let i = 0; i < requests; i++) {
    const ordered = strategies[strategy](all, turns, draw)
    turns = ordered.turns
    lines.push(ordered.candidates.map(({ id }) => id).join(''))
  }
  return lines
}
const three = [planned('a', { priority: 1 }), planned('b', { priority: 2 }), planned('c', { priority: 3 })]

test('priority keeps the order', () => {
  expect(orders('priority', three, 2)).toEqual(['abc', 'abc'])
})

describe('round_robin', () => {
  test('takes everybody in turn over all tiers, the others by priority', () => {
    expect(orders('round_robin', three, 5)).toEqual(['abc', 'bac', 'cab', 'abc', 'bac'])
  })

  test('passes over the barred, and takes them when there are no others', () => {
    const [a, b, c] = three as [PlanCandidate, PlanCandidate, PlanCandidate]
    const out = { ...b, availability: barred() }
    expect(orders('round_robin', [a, out, c], 3)).toEqual(['abc', 'cab', 'abc'])
    expect(orders('round_robin', [out], 2)).toEqual(['b', 'b'])
    expect(orders('round_robin', [], 1)).toEqual([''])
    expect(orders('round_robin', [a, { ...b, availability: due }], 2)).toEqual(['ab', 'ba'])
  })
})

describe('random', () => {
  test('puts one of the first three in front', () => {
    const four = [...three, planned('d', { priority: 4 })]
    expect([0, 0.34, 0.67, 0.999].map((roll) => orders('random', four, 1, () => roll)[0])).toEqual([
      'abcd',
      'bacd',
      'cabd',
      'cabd',
    ])
    expect(orders('random', [], 1, () => 0.5)).toEqual([''])
  })
})

test.each(['round_robin', 'random', 'weighted', 'fastest', 'least_busy'] as const)(
  '%s: who has no weight is asked first only where nobody else is usable',
  (strategy) => {
    const idle = planned('a', { weight: 0 })
    const firsts = (all: readonly PlanCandidate[]): Set<string> => {
      let roll = 0
      const draw = (): number => {
        roll = (roll + 0.37) % 1
        return roll
      }
      return new Set(orders(strategy, all, 20, draw).map((order) => order.replace('x', '').charAt(0)))
    }
    expect(firsts([idle, planned('b'), planned('c')]).has('a')).toBe(false)
    expect(firsts([idle, planned('b', { availability: due })])).toEqual(new Set('b'))
    // Barred candidates keep their place, and are passed over.
    expect(firsts([planned('x', { availability: barred() }), idle])).toEqual(new Set('a'))
  },
)

describe('weighted', () => {
  const pair = [planned('a', { weight: 5 }), planned('b', { weight: 1 }), planned('c', { weight: 1 })]

  test('is smooth: nobody gets its whole share at once', () => {
    expect(
      orders('weighted', pair, 7)
        .map((order) => order[0])
        .join(''),
    ).toBe('aabacaa')
  })

  test('stays in the first tier that has anybody', () => {
    const tiers = [
      planned('a', { availability: barred() }),
      planned('b', { priority: 2 }),
      planned('c', { priority: 2 }),
    ]
    expect(orders('weighted', tiers, 3)).toEqual(['abc', 'acb', 'abc'])
    const all = tiers.map((one) => ({ ...one, availability: barred() }))
    expect(orders('weighted', all, 2)).toEqual(['abc', 'abc'])
    expect(orders('weighted', [], 1)).toEqual([''])
  })

  test('keeps those of its tier that are out behind, and owes them nothing', () => {
    const tier = [planned('a', { availability: barred(), weight: 100 }), planned('b'), planned('c')]
    expect(orders('weighted', tier, 4)).toEqual(['bca', 'cba', 'bca', 'cba'])
  })

  test('remembers what it owes to those that are not there at the moment', () => {
    const { turns } = strategies.weighted(pair, { next: 3, owed: { z: 7 } }, never)
    expect(turns).toEqual({ next: 3, owed: { z: 7, a: -2, b: 1, c: 1 } })
  })
})

describe('least_busy', () => {
  test('sends where least is open, per weight, tier by tier', () => {
    const all = [
      planned('a', { inFlight: 3 }),
      planned('b', { inFlight: 5, weight: 4 }),
      planned('c', { inFlight: 0, priority: 2 }),
    ]
    expect(orders('least_busy', all, 1)).toEqual(['bac'])
    expect(orders('least_busy', [planned('a'), planned('b')], 1)).toEqual(['ab'])
  })
})

describe('cheapest', () => {
  test('sends where it costs least; an unknown price is the highest', () => {
    const all = [
      planned('a'),
      planned('b', { price: 3 }),
      planned('c', { price: 1 }),
      planned('d', { price: 0, priority: 2 }),
    ]
    expect(orders('cheapest', all, 1)).toEqual(['cbad'])
    expect(orders('cheapest', [planned('a'), planned('b')], 1)).toEqual(['ab'])
  })
})

describe('fastest', () => {
  const all = [
    planned('a', { ttftMs: 900 }),
    planned('b', { ttftMs: 300 }),
    planned('c', { ttftMs: 600 }),
    planned('d', { ttftMs: 1, priority: 2 }),
  ]
  const lots =
    (...rolls: number[]) =>
    (): number =>
      rolls.shift() ?? 0

  test('takes the better of two drawn by lot, the others by cost', () => {
    expect(orders('fastest', all, 1, lots(0, 0))).toEqual(['bcad'])
    expect(orders('fastest', all, 1, lots(0, 0.5))).toEqual(['cbad'])
    expect(orders('fastest', all, 1, lots(0.34, 0.5))).toEqual(['bcad'])
    expect(orders('fastest', all, 1, lots(0.67, 0))).toEqual(['cbad'])
    expect(orders('fastest', all, 1, lots(0.99, 0.99))).toEqual(['bcad'])
  })

  test('draws among those that may be used', () => {
    const some = [planned('a', { ttftMs: 5 }), planned('b', { ttftMs: 1, availability: barred() })]
    expect(orders('fastest', some, 1, lots(0, 0))).toEqual(['ab'])
    expect(orders('fastest', [], 1, lots())).toEqual([''])
  })

  test('counts a queue as time, a weight as less of it, and the unknown and the due as nothing', () => {
    expect(loadCost(planned('a', { ttftMs: 100, inFlight: 2 }))).toBe(300)
    expect(loadCost(planned('a', { ttftMs: 100, inFlight: 1, weight: 4 }))).toBe(50)
    expect(loadCost(planned('a', { weight: 0 }))).toBe(Number.MAX_VALUE)
    expect(loadCost(planned('a', { inFlight: 9 }))).toBe(0)
    expect(loadCost(planned('a', { ttftMs: 30_000, availability: due }))).toBe(0)
  })
})

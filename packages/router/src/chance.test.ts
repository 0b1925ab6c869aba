import { describe, expect, test } from 'vitest'
import { draws, hashUnit } from './chance.ts'

const some = (roll: number, count: number): number[] => {
  const draw = draws(roll)
  return Array.from({ length: count }, draw)
}

describe('draws', () => {
  test('come out the same for the same roll, and differently for another', () => {
    expect(some(0.25, 5)).toEqual(some(0.25, 5))
    expect(some(0.25, 5)).not.toEqual(some(0.26, 5))
  })

  test('are these', () => {
    expect(some(0, 3)).toEqual([0.26642920868471265, 0.0003297457005828619, 0.2232720274478197])
  })

  test('are uniform in [0, 1)', () => {
    const all = some(0.7, 20_000)
    expect(Math.min(...all)).toBeGreaterThanOrEqual(0)
    expect(Math.max(...all)).toBeLessThan(1)
    for (let tenth = 0; tenth < 10; tenth++) {
      const share = all.filter((one) => Math.floor(one * 10) === tenth).length / all.length
      expect(share).toBeGreaterThan(0.09)
      expect(share).toBeLessThan(0.11)
    }
  })
})

describe('hashUnit', () => {
  test('depends on every character, and on nothing else', () => {
    expect(hashUnit('session\na')).toBe(hashUnit('session\na'))
    expect(new Set(['', 'a', 'b', 'ab', 'ba', 'aa', 'aab'].map(hashUnit)).size).toBe(7)
  })

  test('spreads near texts over [0, 1)', () => {
    const all = Array.from({ length: 10_000 }, (_, i) => hashUnit(`session-${i}`))
    for (let tenth = 0; tenth < 10; tenth++) {
      const share = all.filter((one) => Math.floor(one * 10) === tenth).length / all.length
      expect(share).toBeGreaterThan(0.085)
      expect(share).toBeLessThan(0.115)
    }
  })

  test('is this', () => {
    expect(hashUnit('a')).toBe(0.10352621669881046)
  })
})
